# Requests that no honest client sends: none is taken for another one, none hurts the server.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The board quiet has 8 shards. Shard 7 stands for all that must not be written: whatever a smuggled
# request would set it to, it stays as it is here.
my @to = (port => port('quiet'));
my $PROBE = '/api/status/quiet/7/2';
my $SMUGGLED = "POST /api/status/quiet/7/5 HTTP/1.1\r\nHost: localhost\r\n\r\n";

# Sends bytes and takes all that comes back until the server closes; undef if it does not.
sub raw {
    my ($bytes, $seconds) = @_;
    my $http = Glance::Http->new(@to);
    $http->send_raw($bytes);
    shutdown $http->{socket}, 1;
    return $http->closed($seconds // 15) ? $http->{in} : undef;
}

# The status of each answer in such text; "none" for what is no answer at all.
sub statuses {
    my $text = shift;
    return 'open' unless defined $text;
    my @found = $text =~ m{^HTTP/1\.[01] (\d{3}) }mg;
    return @found ? join ' ', @found : length $text ? 'none' : 'closed';
}

# Each row: what it is, the bytes, a pattern of the statuses that are right.
sub rows {
    my @rows = @_;
    answers(post($PROBE, @to), 204, 'the shard that must not change');
    while (my ($name, $bytes, $right) = splice @rows, 0, 3) {
        my $text = raw($bytes);
        like(statuses($text), $right, $name) or diag(substr $text // '(open)', 0, 500);
        is(shard('quiet', 7, @to)->{state}, 2, '... and nothing was smuggled in');
    }
    answers(http('GET', '/plain', @to), 200, 'the server is well');
}

sub request {
    my ($line, @headers) = @_;
    return join "\r\n", $line, 'Host: localhost', @headers, '', '';
}

my $POST = 'POST /api/status/quiet/0/3 HTTP/1.1';
my $GET  = 'GET /api/status/quiet/0 HTTP/1.1';
my $BAD  = qr/\A(?:4\d\d|5\d\d)\z/;
my $BAD_OR_CLOSED = qr/\A(?:[45]\d\d|closed)\z/;

subtest 'request lines' => sub {
    rows(
        'HTTP/0.9, which has no heads'     => "GET /plain\r\n", qr/\A(?:none|[45]\d\d)\z/,
        'HTTP/0.9 of a stream ends'        => "GET /api/stream\r\n", qr/\A(?:none|closed|[45]\d\d)\z/,
        'HTTP/0.9 cannot POST'             => "POST /api/status/quiet/7/5\r\n", $BAD,
        'HTTP/1.0'                         => "GET /plain HTTP/1.0\r\n\r\n", qr/\A200\z/,
        'HTTP/1.0 may POST'                => "POST /api/status/quiet/0/3 HTTP/1.0\r\n\r\n", qr/\A204\z/,
        'HTTP/1.1 without Host'            => "GET /plain HTTP/1.1\r\n\r\n", qr/\A400\z/,
        'HTTP/2.0 as text'                 => request('GET /plain HTTP/2.0', 'Connection: close'), qr/\A[245]\d\d\z/,
        'HTTP/9.9'                         => request('GET /plain HTTP/9.9', 'Connection: close'), qr/\A[245]\d\d\z/,
        'another protocol'                 => request('GET /plain JTTP/1.1'), $BAD,
        'an absolute URI'                  => request('GET http://localhost/plain HTTP/1.1', 'Connection: close'), qr/\A200\z/,
        'an absolute URI that POSTs'       => request('POST http://localhost/api/status/quiet/0/3 HTTP/1.1', 'Connection: close'), qr/\A204\z/,
        'an absolute URI of another host'  => request('GET http://example.org/plain HTTP/1.1', 'Connection: close'), qr/\A(?:200|4\d\d)\z/,
        'a name and a port'                => request('GET localhost:80 HTTP/1.1'), $BAD,
        'CONNECT'                          => request('CONNECT localhost:80 HTTP/1.1'), $BAD,
        'OPTIONS of the server'            => request('OPTIONS * HTTP/1.1', 'Connection: close'), qr/\A200\z/,
        'TRACE'                            => request('TRACE /api/status HTTP/1.1', 'X-Secret: 1', 'Connection: close'), qr/\A[245]\d\d\z/,
        'a method of another kind'         => request('PO\0ST /plain HTTP/1.1'), $BAD,
        'a method nobody knows'            => request('GLANCE /api/status HTTP/1.1', 'Connection: close'), $BAD,
        'a long method'                    => request(('M' x 2000) . ' /api/status HTTP/1.1'), $BAD,
        'a NUL in the path'                => request("GET /plain\0 HTTP/1.1"), $BAD,
        'a NUL, encoded'                   => request('POST /api/status/quiet%00/7/5 HTTP/1.1'), $BAD,
        'a control character'              => request("GET /pl\x01ain HTTP/1.1"), $BAD,
        'bytes that are not UTF-8'         => request("GET /api/status/\xff\xfe HTTP/1.1", 'Connection: close'), $BAD,
        'the same, encoded'                => request('GET /api/status/%FF%FE HTTP/1.1', 'Connection: close'), $BAD,
        'UTF-8 longer than need be'        => request('POST /api/status/%C1%B1uiet/7/5 HTTP/1.1', 'Connection: close'), $BAD,
        'an encoded slash'                 => request('POST /api/status/quiet%2F7/5 HTTP/1.1'), $BAD,
        'an encoded slash, twice over'     => request('POST /api/status/quiet%252F7/5 HTTP/1.1', 'Connection: close'), $BAD,
        'an encoded backslash'             => request('POST /api/status/quiet%5C7/5 HTTP/1.1', 'Connection: close'), $BAD,
        'half an escape'                   => request('POST /api/status/quiet%4/7/5 HTTP/1.1'), $BAD,
        'an escape of no digits'           => request('POST /api/status/quiet%zz/7/5 HTTP/1.1'), $BAD,
        'a path above the root'            => request('GET /../../etc/passwd HTTP/1.1'), $BAD,
        'the same, encoded'                => request('GET /api/status/%2e%2e/%2e%2e/%2e%2e/x HTTP/1.1', 'Connection: close'), $BAD,
        'a path parameter'                 => request('POST /api/status/quiet/7;x=1/5 HTTP/1.1', 'Connection: close'), $BAD,
        'numbers beyond all bounds'        => request('POST /api/status/quiet/' . '9' x 3000 . '/5 HTTP/1.1', 'Connection: close'), qr/\A400\z/,
        'a number that wraps around'       => request('POST /api/status/quiet/4294967303/5 HTTP/1.1', 'Connection: close'), qr/\A400\z/,
        'one that wraps in 64 bits'        => request('POST /api/status/quiet/18446744073709551623/5 HTTP/1.1', 'Connection: close'), qr/\A400\z/,
        'a line beyond httpd\'s limit'     => request('GET /plain?' . 'x' x 9000 . ' HTTP/1.1'), qr/\A414\z/,
        'a request that never ends its head' => "GET /plain HTTP/1.1\r\nHost: x\r\n", qr/\A(?:[45]\d\d|closed)\z/,
        'nothing'                          => '', qr/\Aclosed\z/,
        'noise'                            => join('', map { chr(128 + $_ % 128) } 1 .. 500) . "\r\n\r\n", qr/\A(?:[45]\d\d|none|closed)\z/,
        'TLS in the clear'                 => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . "\0" x 500, qr/\A(?:[45]\d\d|none|closed)\z/,
    );
};

subtest 'heads' => sub {
    rows(
        'a header beyond the limit'      => request($GET, 'X: ' . 'x' x 9000), $BAD,
        'too many headers'               => request($GET, map { "X-$_: 1" } 1 .. 150), $BAD,
        'a NUL in a header'              => request($GET, "X: a\0b"), $BAD,
        'a header without a name'        => request($GET, ': x'), $BAD,
        'a blank before the colon'       => request($POST, 'Content-Length : 5') . $SMUGGLED, $BAD,
        'a line that is no header'       => request($GET, 'hello'), $BAD,
        'a bare CR in a header'          => request($GET, "X: a\rContent-Length: 100"), $BAD,
        'a folded header'                => request($GET, "X: a\r\n b", 'Connection: close'), qr/\A(?:200|4\d\d)\z/,
        'two hosts'                      => request($GET, 'Host: other'), $BAD,
        'a host that is none'            => "GET /plain HTTP/1.1\r\nHost: a b/c\r\n\r\n", $BAD,
        'an expectation nobody has'      => request($POST, 'Expect: tea', 'Connection: close'), qr/\A417\z/,
        'a Last-Event-ID without end'    => request('HEAD /api/stream HTTP/1.1', 'Last-Event-ID: ' . 'f' x 7000, 'Connection: close'), qr/\A200\z/,
        'one with quotes and angles'     => request('HEAD /api/stream HTTP/1.1', 'Last-Event-ID: "><script>', 'Connection: close'), qr/\A200\z/,
        'a long query'                   => request('HEAD /api/stream?last-event-id=' . '%41' x 2000 . ' HTTP/1.1', 'Connection: close'), qr/\A200\z/,
        'a broken query'                 => request('HEAD /api/stream?last-event-id=%&&=&%zz=1&pulse=%00&pulse HTTP/1.1', 'Connection: close'), qr/\A200\z/,
        'a range of the snapshot'        => request('GET /api/status HTTP/1.1', 'Range: bytes=0-0,0-0,0-0,1-18446744073709551615', 'Connection: close'), qr/\A(?:200|206|416)\z/,
        'conditions that are none'       => request('GET /api/status HTTP/1.1', 'If-None-Match: ' . '"x",' x 1000, 'Connection: close'), qr/\A200\z/,
    );
};

subtest 'bodies and their lengths' => sub {
    my $chunked = 'Transfer-Encoding: chunked';
    rows(
        'two lengths'                => request($POST, 'Content-Length: 0', 'Content-Length: ' . length $SMUGGLED) . $SMUGGLED, $BAD,
        'a list of lengths'          => request($POST, 'Content-Length: 0, ' . length $SMUGGLED) . $SMUGGLED, $BAD,
        'a negative one'             => request($POST, 'Content-Length: -1') . $SMUGGLED, $BAD,
        'a signed one'               => request($POST, 'Content-Length: +5') . $SMUGGLED, $BAD,
        'a hexadecimal one'          => request($POST, 'Content-Length: 0x5') . $SMUGGLED, $BAD,
        'one that is no number'      => request($POST, 'Content-Length: many') . $SMUGGLED, $BAD,
        'one that overflows'         => request($POST, 'Content-Length: 18446744073709551616') . $SMUGGLED, $BAD,
        'an empty one'               => request($POST, 'Content-Length:') . $SMUGGLED, $BAD,
        'a huge one'                 => request($POST, 'Content-Length: 9223372036854775807') . $SMUGGLED, qr/\A413\z/,
        # The body is the smuggled request: it must be read as a body, or refused, but never run.
        'a length that hides it'     => request($POST, 'Content-Length: ' . length $SMUGGLED, 'Connection: close') . $SMUGGLED, qr/\A204\z/,
        'chunks that hide it'        => request($POST, $chunked, 'Connection: close') . sprintf("%x\r\n", length $SMUGGLED) . $SMUGGLED . "\r\n0\r\n\r\n", qr/\A204\z/,
        'a length and chunks'        => request($POST, 'Content-Length: 5', $chunked) . "0\r\n\r\n" . $SMUGGLED, qr/\A(?:204|4\d\d)\z/,
        'chunks and a length'        => request($POST, $chunked, 'Content-Length: 5') . "0\r\n\r\n" . $SMUGGLED, qr/\A(?:204|4\d\d)\z/,
        'an encoding nobody knows'   => request($POST, 'Transfer-Encoding: gzipped') . $SMUGGLED, $BAD,
        'chunked, not last'          => request($POST, 'Transfer-Encoding: chunked, identity') . "0\r\n\r\n" . $SMUGGLED, $BAD,
        'chunked twice'              => request($POST, $chunked, $chunked, 'Connection: close') . "0\r\n\r\n", qr/\A(?:204|4\d\d)\z/,
        'chunked with a twist'       => request($POST, "Transfer-Encoding: \x0bchunked") . "0\r\n\r\n" . $SMUGGLED, $BAD,
        'chunked over HTTP/1.0'      => "POST /api/status/quiet/0/3 HTTP/1.0\r\n$chunked\r\n\r\n0\r\n\r\n$SMUGGLED", qr/\A(?:204|4\d\d)\z/,
        'a chunk size beyond bounds' => request($POST, $chunked) . "ffffffffffffffff1\r\nx", $BAD_OR_CLOSED,
        'a negative one'             => request($POST, $chunked) . "-5\r\nhello\r\n0\r\n\r\n" . $SMUGGLED, $BAD_OR_CLOSED,
        'a chunk size that is none'  => request($POST, $chunked) . "xyz\r\n" . $SMUGGLED, $BAD_OR_CLOSED,
        'a chunk that is too short'  => request($POST, $chunked) . "5\r\nhe\r\n0\r\n\r\n" . $SMUGGLED, $BAD_OR_CLOSED,
        'a chunk extension'          => request($POST, $chunked, 'Connection: close') . "5;x=\"y\"\r\nhello\r\n0\r\n\r\n", qr/\A204\z/,
        'trailers'                   => request($POST, $chunked, 'Connection: close') . "0\r\nX: y\r\nContent-Length: 50\r\n\r\n", qr/\A204\z/,
        'chunks without end'         => request($POST, $chunked) . "400\r\n" . 'x' x 1024 . "\r\n" . ("400\r\n" . 'x' x 1024 . "\r\n") x 80, qr/\A413\z/,
        'a body cut off'             => request($POST, 'Content-Length: 100') . 'half', $BAD_OR_CLOSED,
        'a body for GET'             => request($GET, 'Content-Length: ' . length $SMUGGLED, 'Connection: close') . $SMUGGLED, qr/\A[24]\d\d\z/,
        'a body for the stream'      => request('GET /api/stream HTTP/1.1', 'Content-Length: ' . length $SMUGGLED) . $SMUGGLED, qr/\A200\z/,
        'a request behind a stream'  => request('GET /api/stream HTTP/1.1') . $SMUGGLED, qr/\A200\z/,
        'a request behind a refusal' => request('POST /api/status/quiet/7/9 HTTP/1.1', 'Content-Length: ' . length $SMUGGLED) . $SMUGGLED, qr/\A400\z/,
    );
};

subtest 'what is behind a wrong passphrase is not looked at' => sub {
    my @auth = (port => port('auth'));
    answers(post('/api/status/main/6/2', @auth, headers => { Authorization => 'alpha' }), 204, 'before');
    my $inner = "POST /api/status/main/6/5 HTTP/1.1\r\nHost: x\r\nAuthorization: alpha\r\n\r\n";
    for my $way ('Content-Length: ' . length $inner, 'Transfer-Encoding: chunked') {
        my $http = Glance::Http->new(@auth);
        $http->send_raw("POST /api/status/main/6/3 HTTP/1.1\r\nHost: x\r\nAuthorization: wrong\r\n$way\r\n\r\n$inner");
        answers($http->answer, 401, $way);
        ok($http->closed, '... and the connection ends with it');
        is(shard('main', 6, @auth)->{state}, 2, '... and nothing was smuggled in');
    }
};

subtest 'pipelined requests keep to themselves' => sub {
    my $http = Glance::Http->new(@to);
    $http->send_raw(join '', map { request("POST /api/status/quiet/1/$_ HTTP/1.1") } 2 .. 6);
    is($http->answer->status, 204, "answer $_") for 2 .. 6;
    is(shard('quiet', 1, @to)->{state}, 6, 'in their order');
};

subtest 'a slow body is cut off, and no thread of the server waits for it longer' => sub {
    my @slow = map { my $http = Glance::Http->new(@to); $http } 1 .. 10;
    $_->send_raw(request($POST, 'Content-Length: 1000') . 'x') for @slow;
    answers(post('/api/status/quiet/2/3', @to), 204, 'others are served meanwhile');
    # The shared server has RequestReadTimeout's own default for bodies, and Timeout 10.
    is(scalar(grep { !$_->closed(30) } @slow), 0, 'in the end all of them are closed');
    like(shard('quiet', 0, @to)->{state}, qr/\A3\z/, 'and have written nothing');
};

subtest 'no answer shows what was sent as anything but JSON or text' => sub {
    my @evil = map { "/api/$_" } 'status/<script>alert(1)</script>/0/3', 'status/%3Cscript%3Ealert(1)/0/3',
        'status/quiet/0/3/<b>', 'health/%22%3E%3Cimg%20src=x%3E/0', 'status/%E2%80%AE/0/3';
    for my $path (@evil) {
        for my $method (qw(GET POST DELETE)) {
            my $answer = http($method, $path =~ s/ /%20/gr, @to);
            like($answer->header('content-type') // '', qr{\Aapplication/json\z}, "$method $path");
            ok(defined $answer->json, '... is JSON');
        }
    }
    my $answer = http('GET', '/plain/<script>', @to);
    is($answer->header('content-type'), 'application/json', '/plain, too');
};

done_testing;
