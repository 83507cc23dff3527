# The shipped conf/glance-proxy.conf: page, API, stream and feed through a reverse proxy with TLS and
# HTTP/2, by mod_proxy_wstunnel and by mod_proxy_http with upgrade=websocket.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Program;
use Glance::Proxy;
use Glance::Test;
use JSON::PP ();

my $back = Glance::Httpd->new;
$back->configure(Glance::Proxy::lines_behind() . <<"CONF")->start;
GlanceBots main:8
GlanceHealthTimeout 600
KeepAliveTimeout 2
LogFormat "%a %>s %U" addresses
CustomLog "$back->{root}/addresses" addresses
DocumentRoot "$ENV{GLANCE_HTDOCS}"
<Directory "$ENV{GLANCE_HTDOCS}">
    Require all granted
</Directory>
DirectoryIndex index.html
AddType text/javascript .js
<Location "/assets/config.js">
    Require local
</Location>
CONF
my $addresses = Glance::Log->new("$back->{root}/addresses");

my ($front, @to);

# A GET over HTTP/2, where the MPM supports that; h2-get.mjs prints the answer.
sub over_h2 {
    my $path = shift;
    open my $out, '-|', 'node', 't/lib/h2-get.mjs', $front->port('tls'), $path or die "node: $!";
    my $text = do { local $/; <$out> };
    close $out;
    return JSON::PP->new->decode($text || '{"error": "no answer"}');
}

sub test_page {
    my $page = http('GET', '/', @to);
    answers($page, 200, 'the page');
    like($page->body, qr/<title>/, '... is there');
    answers(http('GET', '/assets/app.js', @to), 200, 'and its files');
    answers(http('POST', '/api/status/main/1/3', @to), 204, 'a POST');
    is(http('GET', '/api/status/main/1', @to)->json->{state}, 3, 'and the JSON');
    like(http('GET', '/plain', @to)->body, qr/^main: \d of 8 online$/m, 'the text');
    refuses(http('GET', '/api/status/nosuch', @to), 400, qr/nosuch/, 'an error');
}

# A change must arrive at once: no buffer on the way may wait for more bytes.
sub is_prompt {
    my ($viewer, $kind, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    for my $state (2, 3, 4, 3) {
        my $sent = now();
        post("/api/status/main/2/$state", port => $back->port);
        my $event = $viewer->next_of($kind) or return ok(0, "$name: state $state");
        cmp_ok($event->{at} - $sent, '<', patience(1), "$name: state $state");
    }
}

sub test_stream {
    my $stream = viewer(@to);
    is($stream->status, 200, 'status');
    is($stream->header('content-type'), 'text/event-stream', 'Content-Type');
    ok($stream->next_of('hello'), 'hello');
    is_prompt($stream, 'update', 'live');
    ok(!$stream->{ended}, 'and held');
    my $again = viewer(@to, last => $stream->{last});
    is($again->next_event->{event}, 'update', 'it resumes');
}

sub test_stream_over_h2 {
    my $program = Glance::Program->start('node', 't/lib/h2-live.mjs', $front->port('tls'), '/api/stream');
    is($program->line(qr/^h2|^http|^error/), 'h2 200', 'HTTP/2');
    ok($program->line(qr/^event: hello/), 'hello');
    for my $state (2, 3) {
        my $sent = now();
        post("/api/status/main/3/$state", port => $back->port);
        ok($program->line(qr/^data: .*"$state":"3"/), "state $state");
        cmp_ok(now() - $sent, '<', patience(1), 'at once');
    }
}

sub test_feed {
    my $feed = feed(@to);
    is($feed->header('sec-websocket-accept'), Glance::Ws::accept_of(), 'switched');
    ok($feed->next_of('hello'), 'hello');
    is_prompt($feed, 'state_update', 'live');
    $feed->send_raw(Glance::Ws::frame(Glance::Ws::PING, 'through'));
    is($feed->next_pong->{payload}, 'through', 'a ping is answered');
    $feed->send_raw(Glance::Ws::close_frame(1000));
    is($feed->close_within(10)->{code}, 1000, 'a close is echoed');
    ok($feed->ends_within(10), 'then the end');

    $feed = feed(@to);
    $feed->next_of('hello');
    $feed->send_raw(Glance::Ws::frame(1, 'x' x 4097));
    is($feed->close_within(10)->{code}, 1009, 'an offence has its code');

    post('/api/status/main/4/6', port => $back->port);
    my $events = feed(@to, events => 1, path => '/api/feed?pulse=0');
    is($events->header('sec-websocket-protocol'), 'glance-events', 'the subprotocol');
    ok($events->next_of('hello'), 'its hello');
    is_prompt($events, 'update', 'live');
    my $last = $events->{last};
    $events->close;
    post('/api/status/main/4/5', port => $back->port);
    is_deeply(feed(@to, events => 1, last => $last)->next_message->{json}{clusters},
        { main => { 5 => '4' } }, 'and it resumes');
}

sub test_crowd {
    my @feeds = map { feed(@to) } 1 .. 8;
    my @streams = map { viewer(@to) } 1 .. 8;
    $_->next_of('hello') for @feeds, @streams;
    post('/api/status/main/5/' . (shard('main', 5, port => $back->port)->{state} == 3 ? 2 : 3),
        port => $back->port);
    is(scalar(grep { $_->next_of('state_update') } @feeds), 8, 'eight feeds are told');
    is(scalar(grep { $_->next_of('update') } @streams), 8, 'and eight streams');
    answers(http('GET', '/plain', @to), 200, 'beside them the front answers');
    $_->close for @feeds, @streams;
}

sub test_addresses {
    $addresses->mark;
    my @from = (headers => { 'X-Forwarded-For' => '192.0.2.7' });
    my $log = $back->log;
    http('GET', '/plain', @to, @from);
    ok($addresses->await_line(qr{^192\.0\.2\.7 200 /plain$}), 'of a request');
    my $feed = feed(@to, @from);
    $feed->next_of('hello');
    ok($addresses->await_line(qr{^192\.0\.2\.7 101 /api/feed$}), 'of a feed');
    $feed->close;
    ok($log->await_line(qr/GL0030: .*192\.0\.2\.7/, 10), 'and at its end');
    answers(http('GET', '/assets/config.js', @to, @from), 403, 'nor is everybody local to Require');
    answers($back->http('GET', '/assets/config.js'), 200, 'but who is');
}

sub test_restart {
    my $feed = feed(@to, events => 1);
    my $stream = viewer(@to);
    $_->next_of('hello') for $feed, $stream;
    $back->graceful;
    is($feed->close_within(10)->{code}, 1001, 'the feed is told 1001');
    ok($feed->ends_within(10), 'and ends');
    ok($stream->ends_within(10), 'the stream ends');
    is(feed(@to, events => 1, last => $feed->{last})->next_message->{event}, 'update', 'the feed resumes');
    is(viewer(@to, last => $stream->{last})->next_event->{event}, 'update', 'and so does the stream');
}

for my $way (Glance::Proxy::WAYS) {
    $front = Glance::Proxy->before($back, $way);
    @to = $front->to;
    subtest "$way: page and API"                 => \&test_page;
    subtest "$way: the stream"                   => \&test_stream;
    if (mpm() ne 'prefork') {
        subtest "$way: the page over HTTP/2" => sub {
            my $page = over_h2('/');
            is("$page->{alpn} $page->{status}", 'h2 200', 'it comes');
        };
        subtest "$way: the stream over HTTP/2, live" => \&test_stream_over_h2;
    }
    subtest "$way: the feed"                     => \&test_feed;
    subtest "$way: many at once"                 => \&test_crowd;
    subtest "$way: the viewers' own addresses"   => \&test_addresses;
    subtest "$way: a graceful restart behind it" => \&test_restart;
    unlike($front->log_text, qr/worker sharing|\[proxy[^\]]*:(?:error|crit)\]/, "$way: the front has no complaint");
    # When the streams behind it have ended, the proxy's handlers have ended, too, and it can stop at once.
    $back->graceful;
    $front->stop_gracefully;
}
$back->stop;
done_testing;
