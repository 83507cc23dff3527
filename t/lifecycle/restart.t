# A full stop and start begins a new epoch with an unknown board.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $httpd = Glance::Httpd->new->configure(<<'CONF')->start;
GlanceBots main:10
GlanceHealthTimeout 600
CONF

$httpd->post("/api/status/main/$_/3") for 0 .. 9;
my $viewer = $httpd->viewer;
my $id = $viewer->next_of('hello')->{id};
my @children = $httpd->children;

my $began = now();
ok($httpd->stop, 'the server stops');
cmp_ok(now() - $began, '<', patience(5), 'at once, though a viewer is there');
ok($viewer->ends_within(5), 'its stream ends');
is(scalar(grep { !gone($_) } @children), 0, 'no child is left');

$httpd->start;
is($httpd->states_of('main'), '0' x 10, 'after the start every shard is unknown');
my $hello = $httpd->viewer(last => $id)->next_event;
is($hello->{event}, 'hello', 'an old id gets hello');
isnt($hello->{id} =~ s/-.*//r, $id =~ s/-.*//r, 'in another epoch');

subtest 'epochs do not repeat' => sub {
    my %epochs = map { (s/-.*//r => 1) } $id, $hello->{id};
    for (1 .. 2) {
        $httpd->stop;
        $httpd->start;
        $epochs{ $httpd->viewer->next_event->{id} =~ s/-.*//r } = 1;
    }
    is(scalar keys %epochs, 4, 'four starts, four epochs');
};

subtest 'a hard restart ends streams and children, too' => sub {
    $httpd->post('/api/status/main/1/3');
    my $viewer = $httpd->viewer;
    $viewer->next_of('hello');
    my @old = $httpd->children;
    my $log = $httpd->log;
    kill HUP => $httpd->pid;
    ok($log->await_line(qr/resuming normal operations/, 20), 'restarted');
    ok($viewer->ends_within(5), 'the stream ended');
    ok((await { !grep { !gone($_) } @old } 10), 'the old children are gone');
    answers($httpd->post('/api/status/main/2/4'), 204, 'and bots are welcome');
    is(substr($httpd->states_of('main'), 1, 2), '34', 'with the states kept');
};

done_testing;
