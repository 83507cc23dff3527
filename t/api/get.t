# GET of all clusters, of one, and of one shard.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The board of the virtual host own (main:3) is this file's: shard 2 never reports.
my @own = (port => port('own'));

post("/api/status/main/0/3", @own);
post("/api/status/main/1/6", @own);

sub is_number { $_[0] =~ /\A-?\d+(?:\.\d+)?\z/ }

subtest 'headers' => sub {
    for my $path (qw(/api/status /api/status/main /api/status/main/0)) {
        my $answer = http('GET', $path, @own);
        answers($answer, 200, $path);
        is($answer->header('content-type'), 'application/json', 'Content-Type');
        is($answer->header('cache-control'), 'no-cache', 'Cache-Control');
        like($answer->header('etag'), qr{\AW/"[^"]+"\z}, 'a weak ETag');
    }
};

subtest 'all clusters' => sub {
    my $json = http('GET', '/api/status', @own)->json;
    is_deeply([sort keys %$json], [qw(clusters now)], 'members');
    cmp_ok(abs($json->{now} - time), '<', patience(10), 'now is the time');
    is(scalar @{ $json->{clusters} }, 1, 'one cluster');
    my $cluster = $json->{clusters}[0];
    is_deeply([sort keys %$cluster], [qw(counts list name shards)], 'members of a cluster');
    is($cluster->{name}, 'main', 'name');
    is($cluster->{shards}, 3, 'shards');
    is_deeply($cluster->{counts}, { unknown => 1, unhealthy => 0, offline => 0, online => 1, starting => 0,
        stopping => 0, resuming => 1 }, 'counts of all states');
    is(scalar @{ $cluster->{list} }, 3, 'as many entries as shards');
};

subtest 'one entry a shard, in order' => sub {
    my $list = http('GET', '/api/status', @own)->json->{clusters}[0]{list};
    for my $id (0 .. 2) {
        is_deeply([sort keys %{ $list->[$id] }], [qw(id reported silent since state status)],
            "members of shard $id");
        is($list->[$id]{id}, $id, "id $id");
        ok(is_number($list->[$id]{since}), "since of $id is a number");
    }
    is_deeply([map { $_->{state} } @$list], [3, 6, 0], 'states');
    is_deeply([map { $_->{status} } @$list], [qw(online resuming unknown)], 'their names');
    is_deeply([map { $_->{reported} } @$list], [3, 6, undef], 'what was reported, null if never');
    ok(is_number($list->[0]{silent}), 'silent is a number');
    is($list->[2]{silent}, undef, 'and null for a shard that never reported');
};

subtest 'numbers are numbers and counts come in the order of the states' => sub {
    my $body = http('GET', '/api/status', @own)->body;
    like($body, qr/"shards":\s*3\b/, 'shards');
    like($body, qr/"id":\s*0\b/, 'id');
    like($body, qr/"state":\s*3\b/, 'state');
    like($body, qr/"now":\s*\d{10}\.\d/, 'now has a fraction');
    my $counts = join ',\s*', '"unknown":\s*1', '"unhealthy":\s*0', '"offline":\s*0', '"online":\s*1',
        '"starting":\s*0', '"stopping":\s*0', '"resuming":\s*1';
    like($body, qr/"counts":\s*\{\s*$counts\s*\}/,
        'counts');
};

subtest 'one cluster: the same document with that cluster alone' => sub {
    my $json = http('GET', '/api/status/patron')->json;
    is_deeply([sort keys %$json], [qw(clusters now)], 'members');
    is_deeply([map { $_->{name} } @{ $json->{clusters} }], ['patron'], 'the cluster asked for');
    is(scalar @{ $json->{clusters}[0]{list} }, 6, 'its shards');
};

subtest 'one shard' => sub {
    my $shard = http('GET', '/api/status/main/1', @own)->json;
    is_deeply([sort keys %$shard],
        [qw(cluster id now reported shards silent since state status)], 'members');
    is($shard->{cluster}, 'main', 'cluster');
    is($shard->{shards}, 3, 'shards');
    is($shard->{id}, 1, 'id');
    is($shard->{state}, 6, 'state');
    is($shard->{status}, 'resuming', 'status');
    is($shard->{reported}, 6, 'reported');
    ok(is_number($shard->{silent}), 'silent');
    ok(is_number($shard->{since}), 'since');
    my $never = http('GET', '/api/status/main/2', @own)->json;
    is_deeply([@$never{qw(state status reported silent)}], [0, 'unknown', undef, undef],
        'one that never reported');
    cmp_ok($never->{since}, '>', 0, 'is unknown since the board began');
};

subtest 'clusters come in the configured order' => sub {
    my $json = http('GET', '/api/status')->json;
    is_deeply([map { $_->{name} } @{ $json->{clusters} }],
        ['main', 'patron', 'two words', "Gr\x{fc}\x{df}e", 'lone', 'a234567890'
            . '1234567890' x 5 . '1234'], 'as in GlanceBots, both of them')
        or diag(explain [map { $_->{name} } @{ $json->{clusters} }]);
};

subtest 'a change shows at once, though the text is cached' => sub {
    for my $state (2, 3, 4, 2, 3, 6) {
        post("/api/status/main/1/$state", @own);
        is(states_of('main', @own), "3${state}0", "after POST of $state");
    }
};

subtest 'silence goes on while no state changes' => sub {
    post('/api/status/main/0/3', @own);
    my $first = http('GET', '/api/status', @own)->json;
    my $later = await {
        my $json = http('GET', '/api/status', @own)->json;
        $json->{clusters}[0]{list}[0]{silent} > $first->{clusters}[0]{list}[0]{silent} + 1 && $json
    } 5;
    ok($later, 'the cached text is renewed');
    cmp_ok($later->{now}, '>', $first->{now} + 1, 'and so is its time') if $later;
};

done_testing;
