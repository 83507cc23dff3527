# A child that outlives its killed server: another server does not adopt its board.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use File::Temp ();
use Glance::Httpd;
use Glance::Test;

my $memory = File::Temp->newdir('glance-orphans-XXXXXX', DIR => '/dev/shm');
chmod 0755, "$memory" or die;

my $httpd = Glance::Httpd->new;
$httpd->configure("GlanceBots main:20\nGlanceHealthTimeout 600\n", runtime => "$memory")->start;
$httpd->post('/api/status/main/1/5');

# After a reload, the old child only finishes its request, and no longer listens.
my $late = $httpd->begin_post('/api/status/main/2/6');
$httpd->graceful(busy => 1);
my ($orphan) = grep { !Glance::Test::listens($_) } $httpd->children;

subtest 'the orphan' => sub {
    ok($orphan, 'there is one') or return;
    my $parent = $httpd->pid;
    kill STOP => $parent;
    my @others = grep { $_ != $orphan } $httpd->children;
    kill KILL => @others, $parent;
    ok((await { !grep { !gone($_) } @others, $parent } 20), 'all others are killed');
    ok(!gone($orphan), 'it lives');
    unlink "$httpd->{root}/httpd.pid";
};

subtest 'a server that starts beside it' => sub {
    my $log = $httpd->log;
    $httpd->start;
    ok($log->lines(qr/GL0111/), 'says that the board is in use') or diag($log->lines(qr/glance/));
    ok(!$log->lines(qr/GL0013: .*taken over from a server that was killed/), 'and does not take it');
    answers($httpd->post('/api/status/main/3/4'), 204, 'it has a board of its own, which works');
    # The orphan has no parent that waits for it, and continues.
    $late->send_raw('xxxx');
    answers($late->answer, 204, 'the request that the orphan had begun is answered');
    ok((await { gone($orphan) } 20), 'then it goes');
    is(substr($httpd->states_of('main'), 3, 1), '4', 'the new server is not disturbed');
    ok($httpd->kill_all, 'killed');
};

subtest 'the next start, with nobody left' => sub {
    my $log = $httpd->log;
    $httpd->start;
    # The second server may have written the state file before it was killed, or not.
    ok($log->lines(qr/GL0013: .*taken over from a server that was killed|GL0110: .*the state file is newer/),
        'uses the newer of board and state file') or diag($log->lines(qr/glance/));
    like($httpd->states_of('main'), qr/\A[0-6]{20}\z/, 'that is in order');
    answers($httpd->post('/api/status/main/4/3'), 204, 'and works');
    ok($httpd->stop, 'to the end');
};

done_testing;
