# A full stop and start: the state file restores everything, and viewers resume.
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

sub epoch { $_[0]{id} =~ s/-.*//r }

$httpd->post("/api/status/main/$_/3") for 0 .. 8;
my $viewer = $httpd->viewer;
my $hello = $viewer->next_of('hello');
my @children = $httpd->children;

subtest 'a stop' => sub {
    my $began = now();
    ok($httpd->stop, 'the server stops');
    cmp_ok(now() - $began, '<', patience(5), 'at once, though a viewer is there');
    ok($viewer->ends_within(5), 'its stream ends');
    is(scalar(grep { !gone($_) } @children), 0, 'no child is left');
};

subtest 'the next start' => sub {
    $httpd->start;
    is($httpd->states_of('main'), '3333333330', 'every shard is as it was');
    answers($httpd->post('/api/health/main/8'), 204, 'known shards may ping');
    answers($httpd->post('/api/health/main/9'), 409, 'others still may not');
    is($httpd->http('GET', '/api/status/main/9')->json->{silent}, undef, 'and were never heard');
};

subtest 'a viewer goes on' => sub {
    my $again = $httpd->viewer(last => $hello->{id});
    my $update = $again->next_event;
    is($update->{event}, 'update', 'an id of before gets an update');
    is_deeply($update->{json}{clusters}, {}, 'an empty one, as nothing has changed since');
    $httpd->post('/api/status/main/3/5');
    is_deeply($again->next_of('update')->{json}{clusters}, { main => { 5 => '3' } }, 'and then news');
    isnt(epoch($update), epoch($hello), 'in an epoch of its own');
};

subtest 'a viewer that missed something is told' => sub {
    my $before = $httpd->viewer->next_of('hello');
    $httpd->post('/api/status/main/4/6');
    ok($httpd->stop, 'stop');
    $httpd->start;
    my $picture = Glance::Picture->new->apply($before);
    my $update = $httpd->viewer(last => $before->{id})->next_event;
    is($update->{event}, 'update', 'an update');
    is($picture->apply($update)->states('main'), '3335633330', 'brings its picture up to date');
    my $late = $httpd->viewer(last => $hello->{id})->next_event;
    is($late->{event}, 'hello', 'over two starts, it gets everything');
    is(Glance::Picture->new->apply($hello)->apply($late)->states('main'), '3335633330', 'all of it');
};

subtest 'a future or foreign id gets hello' => sub {
    my $now = $httpd->viewer->next_of('hello')->{id};
    my ($epoch, $seq) = split /-/, $now;
    is($httpd->viewer(last => "$epoch-" . ($seq + 1))->next_event->{event}, 'hello', 'future');
    is($httpd->viewer(last => 'f' x 16 . "-$seq")->next_event->{event}, 'hello', 'foreign');
};

subtest 'a graceful stop is a clean one' => sub {
    my $before = $httpd->viewer->next_of('hello');
    my $pid = $httpd->pid;
    kill WINCH => $pid;
    ok((await { gone($pid) } 20), 'the server stops');
    $httpd->start;
    is($httpd->viewer(last => $before->{id})->next_event->{event}, 'update', 'the epoch goes on');
};

subtest 'a stop right after a graceful restart' => sub {
    my $before = $httpd->viewer->next_of('hello');
    $httpd->graceful;
    $httpd->post('/api/status/main/0/4');
    ok($httpd->stop, 'the server stops');
    $httpd->start;
    my $update = $httpd->viewer(last => $before->{id})->next_event;
    is($update->{event}, 'update', 'the epoch goes on');
    is(Glance::Picture->new->apply($before)->apply($update)->states('main'), '4335633330', 'nothing is lost');
};

subtest 'other clusters at the next start' => sub {
    my $before = $httpd->viewer->next_of('hello');
    ok($httpd->stop, 'stop');
    $httpd->configure("GlanceBots other:2 main:4\nGlanceHealthTimeout 600\n")->start;
    is($httpd->states_of('main'), '4335', 'what still fits is carried over by name and id');
    is($httpd->states_of('other'), '00', 'what is new is unknown');
    my $event = $httpd->viewer(last => $before->{id})->next_event;
    is($event->{event}, 'hello', 'viewers get a new picture');
    isnt(epoch($event), epoch($before), 'in a new epoch');
    ok($httpd->stop, 'stop');
    $httpd->configure("GlanceBots main:6\nGlanceHealthTimeout 600\n")->start;
    is($httpd->states_of('main'), '433500', 'a cluster that grows');
    ok($httpd->stop, 'stop');
    $httpd->configure("GlanceBots renamed:6\nGlanceHealthTimeout 600\n")->start;
    is($httpd->states_of('renamed'), '000000', 'a cluster that is renamed is another one');
};

subtest 'a hard restart ends streams and children, too' => sub {
    $httpd->post('/api/status/renamed/1/3');
    my $viewer = $httpd->viewer;
    my $id = $viewer->next_of('hello')->{id};
    my @old = $httpd->children;
    my $log = $httpd->log;
    kill HUP => $httpd->pid;
    ok($log->await_line(qr/resuming normal operations/, 20), 'restarted');
    ok($viewer->ends_within(5), 'the stream ended');
    ok((await { !grep { !gone($_) } @old } 10), 'the old children are gone');
    answers($httpd->post('/api/status/renamed/2/4'), 204, 'and bots are welcome');
    is(substr($httpd->states_of('renamed'), 1, 2), '34', 'with the states kept');
    is($httpd->viewer(last => $id)->next_event->{event}, 'update', 'and the epoch');
};

subtest 'boards of several servers in one file' => sub {
    $httpd->stop;
    my $vhost = "Listen 127.0.0.1:" . $httpd->port('b') . "\n<VirtualHost *:" . $httpd->port('b')
        . ">\nServerName b.test\nGlanceBots main:3\n</VirtualHost>\n";
    $httpd->configure("GlanceBots main:2\nGlanceHealthTimeout 600\n$vhost")->start;
    $httpd->post('/api/status/main/1/3');
    $httpd->post('/api/status/main/2/5', port => $httpd->port('b'));
    my @before = map { $httpd->viewer(port => $httpd->port($_))->next_of('hello') } undef, 'b';
    $httpd->stop;
    $httpd->start;
    is($httpd->states_of('main'), '03', 'the main server');
    is($httpd->states_of('main', port => $httpd->port('b')), '005', 'the virtual host');
    for my $i (0, 1) {
        my $event = $httpd->viewer(port => $httpd->port((undef, 'b')[$i]), last => $before[$i]{id})->next_event;
        is($event->{event}, 'update', "viewers of board $i go on");
    }
    $httpd->stop;
    $httpd->configure("GlanceBots main:2\nGlanceHealthTimeout 600\n")->start;
    is($httpd->states_of('main'), '03', 'without the virtual host');
    $httpd->stop;
};

subtest 'a restored shard has one timeout of grace' => sub {
    $httpd->configure("GlanceBots main:3\nGlanceHealthTimeout 4\n")->start;
    $httpd->post("/api/status/main/$_/3") for 0 .. 2;
    pause(1.5);
    $httpd->stop;
    my $began = now();
    $httpd->start;
    my $states = $httpd->states_of('main');
    is($states, '333', 'online at first, although silent for a while') if now() < $began + 4;
    ok((await { $httpd->states_of('main') eq '111' } 10), 'unhealthy, when it stays silent');
    cmp_ok(now() - $began, '>=', 4, 'but only after a full timeout');
    is($httpd->http('GET', '/api/status/main/0')->json->{reported}, 3, 'with what it said last');
    $httpd->stop;
    $httpd->start;
    is($httpd->states_of('main'), '111', 'and it stays so over the next start');
    $httpd->stop;
};

subtest 'none' => sub {
    $httpd->configure("GlanceBots main:3\nGlanceStateFile none\n")->start;
    is($httpd->states_of('main'), '000', 'without a state file every start begins anew');
    my $first = $httpd->viewer->next_event;
    $httpd->stop;
    $httpd->start;
    my $second = $httpd->viewer(last => $first->{id})->next_event;
    is($second->{event}, 'hello', 'an old id gets hello');
    isnt(epoch($second), epoch($first), 'in another epoch');
    $httpd->stop;
};

done_testing;
