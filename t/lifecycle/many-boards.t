# A thousand boards with the usual limit of descriptors: they share one lock file.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use File::Temp ();
use Glance::Httpd;
use Glance::Test;

my $BOARDS = 1020;

# A folder on tmpfs, where boards outlive a killed server.
my $memory = File::Temp->newdir('glance-boards-XXXXXX', DIR => '/dev/shm');
chmod 0755, "$memory" or die;

my $httpd = Glance::Httpd->new;
$httpd->limit_descriptors(1024);

sub host { (headers => { Host => "board$_[0].test" }) }

sub hosts {
    return join '', map { <<"CONF" } 1 .. $BOARDS;
<VirtualHost *:$httpd->{port}>
    ServerName board$_.test
    GlanceBots main:2
</VirtualHost>
CONF
}

$httpd->configure("GlanceHealthTimeout 600\n" . hosts(), runtime => "$memory");

subtest 'a server of a thousand boards' => sub {
    ok(eval { $httpd->start; 1 }, 'starts') or return diag($httpd->log->all(qr/:(?:error|crit|alert|emerg)\]/));
    for my $board (1, 2, $BOARDS / 2, $BOARDS) {
        answers($httpd->post('/api/status/main/1/' . (2 + $board % 5), host($board)), 204, "board $board takes a state")
            or return;
    }
    is($httpd->states_of('main', host($_)), '0' . (2 + $_ % 5), "board $_ shows it") for 1, 2, $BOARDS / 2, $BOARDS;
    is($httpd->states_of('main', host(3)), '00', 'and no other');
    my $viewer = $httpd->viewer(host($BOARDS));
    ok($viewer->next_of('hello'), 'viewers are served');
    $httpd->post('/api/status/main/0/6', host($BOARDS));
    is_deeply($viewer->next_of('update')->{json}{clusters}, { main => { 6 => '0' } }, 'and told of changes');
};

subtest 'the same after it was killed' => sub {
    ok(eval { $httpd->kill_all }, 'killed') or return;
    $httpd->start;
    my $states = eval { $httpd->states_of('main', host(1)) };
    is($states, '03', 'board 1 is as it was') or return;
    is($httpd->states_of('main', host($_)), '0' . (2 + $_ % 5), "so is board $_") for 2, $BOARDS / 2;
    is($httpd->states_of('main', host($BOARDS)), '6' . (2 + $BOARDS % 5), 'the last one, too');
    ok(eval { $httpd->graceful; 1 }, 'a reload') or diag($@);
    is($httpd->states_of('main', host($_)), '0' . (2 + $_ % 5), "leaves board $_ as it was") for 1, 2, $BOARDS / 2;
    ok($httpd->stop, 'and it stops');
};

done_testing;
