# POST /api/health/<cluster>/<id> is a sign of life.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# Shards 10 to 19 of main are this file's.

subtest 'a shard that never reported a status is told to do so' => sub {
    refuses(post('/api/health/main/10'), 409, qr/status/i, 'refused');
    my $shard = shard('main', 10);
    is($shard->{state}, 0, 'it is still unknown');
    is($shard->{reported}, undef, 'it has reported nothing');
    is($shard->{silent}, undef, 'and the refused ping was no sign of life');
};

subtest 'after its first status it is welcome' => sub {
    answers(post('/api/status/main/10/4'), 204, 'status');
    my $answer = post('/api/health/main/10');
    answers($answer, 204, 'health');
    is($answer->body, '', 'no body');
};

for my $state (0, 2 .. 6) {
    subtest "a ping leaves state $state as it is" => sub {
        post("/api/status/main/11/$state");
        answers(post('/api/health/main/11'), 204, 'health');
        my $shard = shard('main', 11);
        is($shard->{state}, $state, 'state');
        is($shard->{reported}, $state, 'reported');
    };
}

subtest 'a ping makes an unhealthy shard online' => sub {
    post('/api/status/main/12/6');
    post('/api/status/main/12/1');
    is(shard('main', 12)->{state}, 1, 'unhealthy');
    answers(post('/api/health/main/12'), 204, 'health');
    my $shard = shard('main', 12);
    is($shard->{state}, 3, 'online, whatever it was before');
    is($shard->{status}, 'online', 'by name');
    is($shard->{reported}, 1, 'what it reported last stays beside it');
};

subtest 'a ping resets the silence and not the time in the state' => sub {
    post('/api/status/main/13/3');
    pause(1.2);
    my $before = shard('main', 13);
    post('/api/health/main/13');
    # The text of a board may be a second old as long as no state changes.
    my $after = await { my $s = shard('main', 13); $s->{silent} < $before->{silent} && $s } 5;
    ok($after, 'heard of again');
    cmp_ok($before->{silent}, '>', 1, 'after a silence');
    cmp_ok($after ? $after->{since} : 0, '>', 1, 'still in the same state');
};

done_testing;
