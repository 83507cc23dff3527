# Reloads change DefaultRuntimeDir to another folder and back: the boards are kept in that folder, and
# the server's own lock does not exclude it.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use File::Temp ();
use Glance::Httpd;
use Glance::Test;

my @folders = map { File::Temp->newdir('glance-runtime-XXXXXX', DIR => '/dev/shm') } 1 .. 2;
chmod 0755, map { "$_" } @folders or die;

my $httpd = Glance::Httpd->new;
my $log = $httpd->log;
my $shards = 20;
my $next = sub {
    my $folder = shift;
    # A board whose clusters have changed is a new one.
    return $httpd->configure('GlanceBots main:' . $shards++ . "\nGlanceHealthTimeout 600\n",
        runtime => "$folder");
};

$next->($folders[0])->start;
$httpd->post('/api/status/main/1/5');
for my $folder (@folders[1, 0]) {
    $next->($folder)->graceful;
    is(scalar(() = glob "$folder/glance-*.board"), 1, 'the board is kept in the new folder');
}
is_deeply([$log->lines(qr/GL011[124]/)], [], 'without a complaint');
is(scalar(() = glob "$folders[1]/glance-*.board"), 0, 'and in no other');

$httpd->post('/api/status/main/2/6');
$httpd->kill_all;
$httpd->start;
is(substr($httpd->states_of('main'), 0, 4), '0560', 'it is found there when all processes were killed');

$httpd->stop;
done_testing;
