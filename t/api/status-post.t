# POST /api/status/<cluster>/<id>/<state> sets a state and is a sign of life.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

my @NAMES = qw(unknown unhealthy offline online starting stopping resuming);

# Shards 0 to 9 of main are this file's.

subtest 'the answer is 204 and has no body' => sub {
    my $answer = post('/api/status/main/0/3');
    answers($answer, 204, 'status');
    is($answer->body, '', 'no body');
    is($answer->header('content-length') // 0, 0, 'no Content-Length that promises one');
    is($answer->header('transfer-encoding'), undef, 'no chunks');
};

for my $state (0 .. 6) {
    subtest "state $state is $NAMES[$state]" => sub {
        answers(post("/api/status/main/$state/$state"), 204, 'POST');
        my $shard = shard('main', $state);
        is($shard->{state}, $state, 'state');
        is($shard->{status}, $NAMES[$state], 'status');
        is($shard->{reported}, $state, 'reported');
        ok(defined $shard->{silent} && $shard->{silent} < patience(5), 'heard of just now');
    };
}

subtest 'a shard goes from any state to any other' => sub {
    for my $from (0 .. 6) {
        for my $to (0 .. 6) {
            post("/api/status/main/7/$_") for $from, $to;
            is(shard('main', 7)->{state}, $to, "$from to $to");
        }
    }
};

subtest 'the first and the last shard of a cluster' => sub {
    for my $case (['main', 0], ['main', 59], ['patron', 0], ['patron', 5], ['lone', 0]) {
        my ($cluster, $id) = @$case;
        answers(post("/api/status/$cluster/$id/4"), 204, "$cluster $id");
        is(shard($cluster, $id)->{state}, 4, "$cluster $id is starting");
    }
};

subtest 'clusters do not share shards' => sub {
    post('/api/status/main/1/3');
    post('/api/status/patron/1/2');
    is(shard('main',   1)->{state}, 3, 'main 1');
    is(shard('patron', 1)->{state}, 2, 'patron 1');
};

subtest 'reporting the same state again is a sign of life and no change' => sub {
    post('/api/status/main/8/3');
    pause(1.2);
    my $before = shard('main', 8);
    post('/api/status/main/8/3');
    my $after = shard('main', 8);
    cmp_ok($before->{silent}, '>', 1, 'it was silent');
    cmp_ok($after->{silent},  '<', $before->{silent}, 'it is heard of again');
    cmp_ok($after->{since},   '>', 1, 'and in its state for as long as before');
};

subtest 'a change of state begins a new time in that state' => sub {
    post('/api/status/main/9/3');
    pause(1.2);
    cmp_ok(shard('main', 9)->{since}, '>', 1, 'a second in one state');
    post('/api/status/main/9/5');
    cmp_ok(shard('main', 9)->{since}, '<', patience(1), 'and none yet in the next');
};

subtest 'every child of the server sees a change at once' => sub {
    for my $state (3, 2, 6, 4) {
        post("/api/status/main/9/$state");
        my @seen = map { shard('main', 9)->{state} } 1 .. 12;
        is_deeply(\@seen, [($state) x 12], "state $state in twelve requests");
    }
};

done_testing;
