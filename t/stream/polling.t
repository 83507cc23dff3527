# The polling fallback, over HTTP/2 and beyond GlanceMaxViewers: the response has a hello or an update, and
# ends.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

use JSON::PP ();

my $httpd = Glance::Httpd->new->configure("GlanceBots main:8\nGlanceMaxViewers 0\n")->start;
my @to = (port => $httpd->port);
my @tls = (port => port('tls'), tls => 1);

# All blocks of a stream that the server ends
sub blocks_of {
    my $body = shift;
    my ($blocks, $rest) = Glance::Sse::parse($body);
    is($rest, '', 'it ends after a whole block');
    return @$blocks;
}

sub is_polled {
    my ($blocks, $kind) = @_;
    my @retries = map { $_->{retry} // () } @$blocks;
    my @events  = grep { $_->{event} } @$blocks;
    cmp_ok(scalar @retries, '>=', 1, 'retry');
    cmp_ok($retries[-1], '>=', 3000,   'of 3 s or more');
    cmp_ok($retries[-1], '<=', 10_000, 'and 10 s or less');
    is(scalar @events, 1, 'one event');
    is($events[0]{event}, $kind, $kind);
    return $events[0];
}

subtest 'where no stream is held' => sub {
    my $answer = http('GET', '/api/stream', @to);
    answers($answer, 200, 'status, and the response ends');
    is($answer->header('content-type'), 'text/event-stream', 'Content-Type');
    is($answer->header('cache-control'), 'no-store', 'Cache-Control');
    my $hello = is_polled([blocks_of($answer->body)], 'hello');
    is($hello->{json}{clusters}[0]{name}, 'main', 'the cluster');

    post('/api/status/main/1/2', @to);
    post('/api/status/main/1/3', @to);
    my $again = http('GET', '/api/stream', @to, headers => { 'Last-Event-ID' => $hello->{id} });
    my $update = is_polled([blocks_of($again->body)], 'update');
    is_deeply($update->{json}{clusters}, { main => { 3 => '1' } }, 'what changed meanwhile');

    my $nothing = http('GET', '/api/stream', @to, headers => { 'Last-Event-ID' => $update->{id} });
    is_deeply(is_polled([blocks_of($nothing->body)], 'update')->{json}{clusters}, {},
        'and nothing since');
};

subtest 'a crowd that polls keeps no connection' => sub {
    my $http = Glance::Http->new(@to);
    my $one = $http->request('GET', '/api/stream');
    answers($one, 200, 'an answer');
    is(lc($one->header('connection') // ''), 'close', 'says that its connection is closed');
    ok($http->closed(5), 'and it is');
};

subtest 'viewers come back at different times' => sub {
    my %retry;
    for (1 .. 12) {
        my ($blocks) = Glance::Sse::parse(http('GET', '/api/stream', @to)->body);
        $retry{$_}++ for map { $_->{retry} // () } @$blocks;
    }
    cmp_ok(scalar keys %retry, '>', 2, 'retry is jittered: ' . join ' ', sort keys %retry);
};

subtest 'HEAD over TLS' => sub {
    my $http = Glance::Http->new(@tls);
    answers($http->request('HEAD', '/api/stream'), 200, 'status');
    answers($http->request('GET', '/api/status/main/1'), 200, 'the connection goes on');
};

# node, which the tests of the page need, has an HTTP/2 client.
sub over_h2 {
    my @arguments = @_;
    open my $out, '-|', 'node', 't/lib/h2-get.mjs', port('tls'), @arguments or die "node: $!";
    my $text = do { local $/; <$out> };
    close $out;
    return JSON::PP->new->decode($text || '{"error": "no answer"}');
}

if (mpm() eq 'prefork') {
    subtest 'prefork has no HTTP/2, and says so when asked' => sub {
        my $http = Glance::Http->new(@tls, alpn => ['h2', 'http/1.1']);
        isnt($http->{socket}->alpn_selected // '', 'h2', 'not negotiated');
        answers($http->request('GET', '/api/status/main/1'), 200, 'and HTTP/1.1 it is');
    };
}
else {
    subtest 'over HTTP/2' => sub {
        my $answer = over_h2('/api/stream');
        is($answer->{alpn}, 'h2', 'HTTP/2 it is') or return diag(explain $answer);
        is($answer->{status}, 200, 'status, and the response ends');
        is($answer->{headers}{'content-type'}, 'text/event-stream', 'Content-Type');
        my $hello = is_polled([blocks_of($answer->{body})], 'hello');

        post('/api/status/main/2/2', @tls);
        post('/api/status/main/2/3', @tls);
        my $again = over_h2('/api/stream', 'last-event-id', $hello->{id});
        my $update = is_polled([blocks_of($again->{body})], 'update');
        is_deeply($update->{json}{clusters}, { main => { 3 => '2' } }, 'what changed meanwhile');
    };

    subtest 'the rest of the API over HTTP/2' => sub {
        my $answer = over_h2('/api/status/main/2');
        is($answer->{status}, 200, 'status');
        is(JSON::PP->new->decode($answer->{body})->{state}, 3, 'its body');
    };
}

done_testing;
