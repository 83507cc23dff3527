# GET of 100,000 shards: valid, complete and in order.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

my @big = (port => port('big'));

post("/api/status/big/$_/3", @big) for 0, 1, 50_000, 99_999;
post("/api/status/big/77777/2", @big);

# A decoder in Perl takes half a minute for this text. Each entry is checked by pattern here, and
# what is left without the entries is decoded.
sub skeleton {
    my ($text, $entries) = @_;
    my $number = qr/-?\d+(?:\.\d+)?/;
    $text =~ s/\{"id":\s?(\d+),\s?"state":\s?([0-6]),\s?"status":\s?"(\w+)",\s?"reported":\s?([0-6]|null),\s?"silent":\s?($number|null),\s?"since":\s?$number\}/push @$entries, [$1, $2, $3, $4, $5]; 0/ge;
    return $text;
}

for my $path (qw(/api/status /api/status/big)) {
    subtest $path => sub {
        my $answer = http('GET', $path, @big, seconds => 30);
        answers($answer, 200, 'status');
        my @entries;
        my $json = eval { JSON::PP->new->utf8->decode(skeleton($answer->body, \@entries)) };
        ok($json, 'valid JSON') or return diag($@, substr $answer->body, 0, 300);
        my $cluster = $json->{clusters}[0];
        is($cluster->{name}, 'big', 'name');
        is($cluster->{shards}, 100_000, 'shards');
        is_deeply($cluster->{counts}, { unknown => 99_995, unhealthy => 0, offline => 1,
            online => 4, starting => 0, stopping => 0, resuming => 0 }, 'counts');
        is(scalar @{ $cluster->{list} }, 100_000, 'entries in the list');
        is(scalar @entries, 100_000, 'each of them well formed');
        is(scalar(grep { $entries[$_][0] != $_ } 0 .. $#entries), 0, 'in order of their ids');
        my %seen = map { $_->[0] => $_->[1] } grep { $_->[1] } @entries;
        is_deeply(\%seen, { 0 => 3, 1 => 3, 50_000 => 3, 77_777 => 2, 99_999 => 3 }, 'states');
    };
}

subtest 'one shard of it' => sub {
    is(shard('big', 99_999, @big)->{state}, 3, 'the last');
    answers(http('GET', '/api/status/big/100000', @big), 400, 'one more');
};

subtest 'the beginning alone, and away' => sub {
    for (1 .. 5) {
        my $http = Glance::Http->new(port => port('big'), rcvbuf => 4096);
        $http->send_request('GET', '/api/status');
        ok($http->head, 'the head arrives');
        $http->close;
    }
    answers(post('/api/status/big/5/3', @big), 204, 'the board is as usable as before');
    post('/api/status/big/5/0', @big);
};

subtest 'plain text of it is short' => sub {
    my $text = http('GET', '/plain', @big)->body;
    like($text, qr/^big: 4 of 100000 online$/m, 'counts');
    like($text, qr/^\s+online\s+0-1, 50000, 99999$/m, 'ranges');
};

done_testing;
