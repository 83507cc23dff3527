# Bodies of requests: read and ignored up to 64 KiB, refused above.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# Shards 42 to 47 of main are this file's.

my $LIMIT = 65536;

sub chunked {
    my ($length, $size) = @_;
    my $text = '';
    for (my $left = $length; $left > 0; $left -= $size) {
        my $part = $left < $size ? $left : $size;
        $text .= sprintf "%x\r\n%s\r\n", $part, 'x' x $part;
    }
    return "${text}0\r\n\r\n";
}

my @CHUNKED = (headers => { 'Transfer-Encoding' => 'chunked' });

for my $case ([0, 204], [1, 204], [100, 204], [$LIMIT - 1, 204], [$LIMIT, 204],
              [$LIMIT + 1, 413], [10 * $LIMIT, 413]) {
    my ($length, $status) = @$case;
    subtest "$length bytes" => sub {
        for my $path (qw(/api/status/main/42/3 /api/health/main/42)) {
            answers(post($path, body => 'x' x $length), $status, "$path, Content-Length");
            answers(post($path, @CHUNKED, body => chunked($length, 4096)), $status,
                "$path, chunked");
        }
    };
}

subtest 'chunked in many small pieces' => sub {
    answers(post('/api/status/main/42/3', @CHUNKED, body => chunked(3000, 1)), 204, 'small');
    answers(post('/api/status/main/42/3', @CHUNKED, body => chunked($LIMIT, 7)), 204, 'the most');
};

subtest 'an announced length over the limit is refused before it is sent' => sub {
    my $http = Glance::Http->new(port => port());
    $http->send_request('POST', '/api/status/main/43/3', headers => { 'Content-Length' => 1e9 });
    answers($http->answer, 413, 'no byte of the body was sent');
};

subtest 'Expect: 100-continue' => sub {
    my $http = Glance::Http->new(port => port());
    my @expect = (Expect => '100-continue', 'Content-Length' => 10);
    $http->send_request('POST', '/api/status/main/44/4', headers => [@expect]);
    my $interim = $http->head;
    answers($interim, 100, 'the server asks for the body');
    $http->send_raw('0123456789');
    answers($http->answer, 204, 'and takes it');
    is(shard('main', 44)->{state}, 4, 'the state is set');

    my $large = Glance::Http->new(port => port());
    $large->send_request('POST', '/api/status/main/44/5',
        headers => { Expect => '100-continue', 'Content-Length' => $LIMIT + 1 });
    answers($large->answer, 413, 'a body over the limit');
    is(shard('main', 44)->{state}, 4, 'the state stays');
};

subtest 'the state is set once the body has arrived, and not before' => sub {
    post('/api/status/main/45/2');
    my $http = Glance::Http->new(port => port());
    $http->send_request('POST', '/api/status/main/45/3', headers => { 'Content-Length' => 10 });
    $http->send_raw('01234');
    pause(0.3);
    is(shard('main', 45)->{state}, 2, 'half a body');
    $http->send_raw('56789');
    answers($http->answer, 204, 'the whole body');
    is(shard('main', 45)->{state}, 3, 'now it is set');
};

subtest 'any type of body is ignored' => sub {
    for my $type ('application/json', 'application/x-www-form-urlencoded', 'text/plain', 'x') {
        my $answer = post('/api/status/main/46/4', headers => { 'Content-Type' => $type },
            body => '{"state": 2}');
        answers($answer, 204, $type);
    }
    is(shard('main', 46)->{state}, 4, 'the path says the state');
};

subtest 'a broken body is the sender\'s fault and changes nothing' => sub {
    post('/api/status/main/47/2');
    my $answer = post('/api/status/main/47/3', @CHUNKED, body => "zz\r\nhello\r\n0\r\n\r\n");
    like($answer ? $answer->status : '', qr/\A4\d\d\z/, 'a 4xx answer');
    is(shard('main', 47)->{state}, 2, 'the state stays');
};

done_testing;
