# A graceful restart that changes the clusters: states migrate, and a new epoch begins.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $httpd = Glance::Httpd->new;
my @common = ('GlanceHealthTimeout 600');

sub bots { join "\n", "GlanceBots $_[0]", @common, '' }

sub id_now {
    my $viewer = $httpd->viewer;
    my $event = $viewer->next_event;
    $viewer->close;
    return $event->{id};
}

sub epoch { id_now() =~ s/-.*//r }

# Changes the clusters and checks the common effects.
sub reload {
    my ($list) = @_;
    my $old = id_now();
    $httpd->configure(bots($list))->graceful;
    isnt(epoch(), $old =~ s/-.*//r, 'a new epoch');
    my $event = $httpd->viewer(last => $old)->next_event;
    is($event->{event}, 'hello', 'an id of the old one gets hello');
    is_deeply([map { "$_->{name}:" . length $_->{states} } @{ $event->{json}{clusters} }],
        [split / /, $list], 'with the clusters as they are now');
}

$httpd->configure(bots('main:10 patron:4'))->start;
$httpd->post("/api/status/main/$_/" . (2 + $_ % 5)) for 0 .. 8;
$httpd->post('/api/status/patron/2/4');
my $MAIN = '234562345' . '0';

subtest 'the start' => sub {
    is($httpd->states_of('main'),   $MAIN,  'main');
    is($httpd->states_of('patron'), '0040', 'patron');
};

subtest 'a cluster more' => sub {
    reload('main:10 patron:4 third:2');
    is($httpd->states_of('main'),   $MAIN,  'main is as it was');
    is($httpd->states_of('patron'), '0040', 'so is patron');
    is($httpd->states_of('third'),  '00',   'the new one is unknown');
    is($httpd->http('GET', '/api/status/main/3')->json->{reported}, 5, 'reports are kept');
    answers($httpd->post('/api/health/main/3'), 204, 'and known shards may ping');
    answers($httpd->post('/api/health/main/9'), 409, 'others still may not');
};

subtest 'a cluster less' => sub {
    reload('main:10 third:2');
    is($httpd->states_of('main'), $MAIN, 'main is as it was');
    answers($httpd->post('/api/status/patron/2/3'), 400, 'the other is gone');
};

subtest 'another order' => sub {
    $httpd->post('/api/status/third/1/6');
    reload('third:2 main:10');
    is($httpd->states_of('main'),  $MAIN, 'states go by name');
    is($httpd->states_of('third'), '06',  'not by place');
};

subtest 'a cluster grows' => sub {
    reload('third:2 main:12');
    is($httpd->states_of('main'), $MAIN . '00', 'the new shards are unknown');
    answers($httpd->post('/api/status/main/11/3'), 204, 'and can be set');
};

subtest 'a cluster shrinks' => sub {
    reload('third:2 main:5');
    is($httpd->states_of('main'), substr($MAIN, 0, 5), 'the first shards are as they were');
    answers($httpd->post('/api/status/main/5/3'), 400, 'the others are gone');
};

subtest 'a cluster that grows back starts afresh there' => sub {
    reload('third:2 main:10');
    is($httpd->states_of('main'), substr($MAIN, 0, 5) . '00000', 'shards that were gone are unknown');
};

subtest 'another name' => sub {
    reload('third:2 renamed:10');
    is($httpd->states_of('renamed'), '0' x 10, 'is another cluster');
    reload('third:2 main:10');
    is($httpd->states_of('main'), '0' x 10, 'and what was dropped does not come back');
};

subtest 'the silence is kept over a reload' => sub {
    $httpd->post('/api/status/main/0/3');
    pause(1.2);
    reload('third:2 main:11');
    my $shard = $httpd->http('GET', '/api/status/main/0')->json;
    is($shard->{state}, 3, 'state');
    cmp_ok($shard->{silent}, '>', 1, 'silent');
    cmp_ok($shard->{since}, '>', 1, 'since');
};

subtest 'viewers are told by the end of their stream' => sub {
    my $viewer = $httpd->viewer;
    my $id = $viewer->next_of('hello')->{id};
    $httpd->configure(bots('third:2 main:12'))->graceful;
    ok($viewer->ends_within(5), 'it ends at once');
    is($httpd->viewer(last => $id)->next_event->{event}, 'hello', 'and coming back gives hello');
};

subtest 'a late writer to the old board is sent to the new one' => sub {
    $httpd->post('/api/status/main/1/3');
    my %late = map { $_ => $httpd->begin_post($_) } qw(/api/status/main/1/5 /api/health/main/1);
    $httpd->configure(bots('third:2 main:13'))->graceful(busy => 2);
    for my $path (sort keys %late) {
        $late{$path}->send_raw('xxxx');
        my $answer = $late{$path}->answer;
        refuses($answer, 503, qr/\w/, $path);
        is($answer->header('retry-after'), 1, 'Retry-After');
    }
    is(substr($httpd->states_of('main'), 1, 1), '3', 'nothing was lost silently');
    answers($httpd->post('/api/status/main/1/5'), 204, 'the next try succeeds');
    is(substr($httpd->states_of('main'), 1, 1), '5', 'and is seen');
};

subtest '400 before 503, 503 before 409' => sub {
    my @late = (
        [400, '/api/status/nosuch/1/3'], [400, '/api/status/main/99/3'], [503, '/api/health/main/12'],
    );
    my @open = map { $httpd->begin_post($_->[1]) } @late;
    $httpd->configure(bots('third:2 main:14'))->graceful(busy => 3);
    for my $i (0 .. $#late) {
        $open[$i]->send_raw('xxxx');
        answers($open[$i]->answer, $late[$i][0], $late[$i][1]);
    }
};

subtest 'a configuration that is refused leaves everything as it was' => sub {
    my $before = $httpd->states_of('main');
    my $id = id_now();
    $httpd->configure(bots('main:0'));
    my ($code) = $httpd->run('-k', 'graceful');
    isnt($code, 0, 'apachectl graceful refuses it');
    is($httpd->states_of('main'), $before, 'the board goes on');
    is(id_now(), $id, 'in its epoch');
    $httpd->configure(bots('third:2 main:14'));
};

done_testing;
