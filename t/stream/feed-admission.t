# Where a feed cannot be held, a response says why and when to come back: beyond GlanceMaxViewers, over
# HTTP/2, as an ErrorDocument. TLS feeds are held as clear ones.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;
use JSON::PP ();

my @handshake = (headers => Glance::Ws::handshake());

# The server's response to a handshake that it refuses
sub knock {
    my ($port, $path, %o) = @_;
    my $http = Glance::Http->new(port => $port, %o);
    $http->send_request('GET', $path, @handshake);
    return $http->answer_or_switch;
}

sub is_busy {
    my ($answer, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    refuses($answer, 503, qr/\w/, $name);
    like($answer->header('retry-after') // '', qr/\A[1-9]\d*\z/, 'Retry-After');
    is($answer->header('sec-websocket-accept'), undef, 'and nothing of a switch');
}

my $one_child = mpm() eq 'prefork'
    ? "StartServers 1\nMinSpareServers 1\nMaxSpareServers 1\nMaxRequestWorkers 1\n"
    : "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 8\n";

subtest 'GlanceMaxViewers counts feeds and streams together' => sub {
    my $httpd = Glance::Httpd->new->configure(<<"CONF")->start;
${one_child}KeepAlive Off
GlanceBots main:8
GlanceMaxViewers 3
CONF
    my @held = ($httpd->feed, $httpd->feed(events => 1), $httpd->viewer);
    is(scalar(grep { $_->next_of('hello') } @held), 3, 'two feeds and a stream are held');
    is_busy(knock($httpd->port, '/api/feed'), 'another feed');
    my $polled = $httpd->viewer(headers => { Connection => 'close' });
    ok($polled->next_of('hello') && $polled->ends_within(5), 'another stream is polled');

    $httpd->post('/api/status/main/5/3');
    ok($held[0]->next_of('state_update'), 'who is held goes on');
    ok($_->next_of('update'), 'all of them') for @held[1, 2];

    $held[2]->close;
    my $feed;
    ok((await { $feed = eval { $httpd->feed } } 10), 'where a stream has left, a feed is held');
    ok($feed && $feed->next_of('hello'), 'and says hello');
    $held[0]->send_raw(Glance::Ws::close_frame(1000));
    $held[0]->ends_within(10);
    $held[0]->close;
    ok((await {
        my $viewer = $httpd->viewer(headers => { Connection => 'close' });
        $viewer->next_of('hello') && !defined $viewer->header('content-length')
            && !defined $viewer->header('transfer-encoding');
    } 10), 'and where a feed has left, a stream');
    $httpd->stop;
};

subtest 'where nothing is held' => sub {
    my $httpd = Glance::Httpd->new->configure("GlanceBots main:8\nGlanceMaxViewers 0\n")->start;
    is_busy(knock($httpd->port, '/api/feed'), 'a feed');
    refuses($httpd->http('GET', '/api/feed'), 426, qr/WebSocket/i, 'what is no handshake is told so first');
    $httpd->stop;
};

subtest 'an ErrorDocument is no place for one' => sub {
    my $httpd = Glance::Httpd->new->configure("GlanceBots main:8\nErrorDocument 404 /api/feed\n")->start;
    my $answer = knock($httpd->port, '/nosuch');
    ok($answer, 'there is an answer') or return;
    isnt($answer->status, 101, 'and it is no switch');
    answers($httpd->post('/api/status/main/1/3'), 204, 'the server goes on');
    $httpd->stop;
};

my @tls = (port => port('tls'), tls => 1);

subtest 'over TLS it is held' => sub {
    my $log = access_log();
    my @feeds = (feed(@tls), feed(@tls, events => 1));
    $_->next_of('hello') for @feeds;
    for my $state (2, 3, 4) {
        post("/api/status/main/4/$state", @tls);
        is($feeds[0]->next_of('state_update', 3)->{json}{state}, $state, "state $state");
        is_deeply($feeds[1]->next_of('update', 3)->{json}{clusters}, { main => { $state => '4' } },
            'and its event');
    }
    ok($log->await_line(qr{\A101 GET /api/feed$}m, 5), 'logged as 101');
    my $feed = $feeds[0];
    $feed->send_raw(join '', map { Glance::Ws::frame(Glance::Ws::PING, "ping $_") } 1 .. 50);
    is_deeply([map { ($feed->next_pong || {})->{payload} } 1 .. 50], [map { "ping $_" } 1 .. 50],
        'pings are answered');
    $feed->send_raw(substr Glance::Ws::frame(Glance::Ws::PING, 'halves'), 0, 7);
    $feeds[1]->messages_within(0.2);
    $feed->send_raw(substr Glance::Ws::frame(Glance::Ws::PING, 'halves'), 7);
    is($feed->next_pong->{payload}, 'halves', 'one in two records, too');
    $feed->send_raw(Glance::Ws::close_frame(1000));
    is($feed->close_within(5)->{code}, 1000, 'a close is echoed');
    ok($feed->ends_within(5), 'then the end');
    $feeds[1]->send_raw(Glance::Ws::frame(1, 'x', masked => 0));
    is($feeds[1]->close_within(5)->{code}, 1002, 'an offence has its code');
    ok($feeds[1]->ends_within(5), 'then the end');
    my $last = $feeds[1]{last};
    is_deeply(feed(@tls, events => 1, last => $last)->next_message->{json}{clusters}, {},
        'who comes back resumes');
};

subtest 'over TLS, what is sent behind the handshake is heard' => sub {
    my @pings = map { sprintf '%-120d', $_ } 1 .. 200;
    my $feed = feed(@tls, behind => join '', map { Glance::Ws::frame(Glance::Ws::PING, $_) } @pings);
    is_deeply([map { ($feed->next_pong || {})->{payload} } @pings], \@pings, '200 pings');
};

subtest 'over TLS, nothing of them stays' => sub {
    my $sockets = sub { my $sum = 0; $sum += sockets_of($_) for children(); $sum };
    my $before = $sockets->();
    await { my $now = $sockets->(); my $same = $now == $before; $before = $now; pause(0.2); $same } 10;
    my @feeds = map { feed(@tls) } 1 .. 8;
    $_->next_of('hello') for @feeds;
    cmp_ok($sockets->(), '>=', $before + 6, 'held');
    $_->send_raw(Glance::Ws::close_frame(1000)) for @feeds[0 .. 3];
    $_->close_within(5) for @feeds[0 .. 3];
    $_->close for @feeds;
    ok((await { $sockets->() <= $before } 20), 'gone');
};

# node, which the tests of the page need, has an HTTP/2 client.
sub node {
    open my $out, '-|', 'node', @_ or die "node: $!";
    my $answer = JSON::PP->new->decode(do { local $/; <$out> } || '{}');
    close $out;
    return $answer;
}

sub error_in { JSON::PP->new->decode($_[0]{body} || '{}')->{error} // '' }

if (mpm() ne 'prefork') {
    subtest 'HTTP/2 has no Upgrade' => sub {
        my $answer = node('t/lib/h2-get.mjs', port('tls'), '/api/feed');
        is($answer->{alpn}, 'h2', 'HTTP/2 it is') or diag(explain $answer);
        is($answer->{status}, 501, 'status');
        is($answer->{headers}{'content-type'}, 'application/json', 'Content-Type');
        like(error_in($answer), qr/HTTP/, 'which says what to do');
    };

    subtest 'nor is it opened by RFC 8441, where httpd offers that' => sub {
        my $httpd = Glance::Httpd->new->configure(<<'CONF')->start;
GlanceBots main:8
Protocols h2c http/1.1
H2WebSockets on
CONF
        my $answer = node('t/lib/h2-connect.mjs', $httpd->port, '/api/feed');
        ok($answer->{offered}, 'it does') or diag(explain $answer);
        is($answer->{status}, 501, 'status');
        like(error_in($answer), qr/HTTP/, 'which says what to do');
        answers($httpd->post('/api/status/main/1/3'), 204, 'the server goes on');
        $httpd->stop;
    };
}

done_testing;
