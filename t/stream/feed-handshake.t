# The handshake of the feed (RFC 6455, 4): which requests switch, and how the others are refused.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

my @to = (port => port('feed'));

# The answer to a handshake with some headers replaced, on a new connection
sub knock {
    my ($headers, %o) = @_;
    my $http = Glance::Http->new(@to);
    $http->send_request('GET', delete $o{path} || '/api/feed',
        headers => Glance::Ws::handshake(%$headers), %o);
    return $http->answer_or_switch;
}

subtest 'the answer' => sub {
    my $feed = feed(@to);
    is($feed->header('sec-websocket-accept'), Glance::Ws::accept_of(), 'Sec-WebSocket-Accept');
    like($feed->header('upgrade'), qr/\Awebsocket\z/i, 'Upgrade');
    like($feed->header('connection'), qr/\Aupgrade\z/i, 'Connection');
    is($feed->header("sec-websocket-$_"), undef, "no $_") for qw(protocol extensions version);
    is($feed->header($_), undef, "no $_")
        for qw(content-type content-length transfer-encoding etag retry-after);
    is($feed->next_message->{op}, 'hello', 'and the first message');
};

subtest 'the key of the RFC' => sub {
    my $feed = feed(@to, headers => { 'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ==' });
    is($feed->header('sec-websocket-accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'is answered as there');
};

subtest 'forms of a good handshake' => sub {
    my %good = (
        'Upgrade in capitals'          => { Upgrade => 'WebSocket' },
        'Upgrade as a list'            => { Upgrade => 'h2c, websocket' },
        'Upgrade as a list, first'     => { Upgrade => 'websocket ,foo/1.0' },
        'two headers Upgrade'          => { Upgrade => ['foo', 'websocket'] },
        'Connection in capitals'       => { Connection => 'UPGRADE' },
        'Connection as a list'         => { Connection => 'keep-alive, Upgrade' },
        'Connection as a list, first'  => { Connection => "upgrade,\tkeep-alive" },
        'two headers Connection'       => { Connection => ['keep-alive', 'Upgrade'] },
        'a list with empty members'    => { Connection => ', ,Upgrade,' },
        'a foreign origin'             => { Origin => 'https://elsewhere.test' },
        'a browser\'s other headers'   => { 'User-Agent' => 'x' x 300, Cookie => 'a=b; c=d',
            'Sec-Fetch-Mode' => 'websocket', Pragma => 'no-cache', 'Accept-Encoding' => 'gzip, br' },
        'headers in lower case'        => { Upgrade => undef, upgrade => 'websocket',
            Connection => undef, connection => 'upgrade', 'Sec-WebSocket-Version' => undef,
            'sec-websocket-version' => 13 },
    );
    for my $name (sort keys %good) {
        my $feed = eval { feed(@to, headers => $good{$name}) };
        is($feed ? $feed->next_message->{op} : $@, 'hello', $name);
    }
    is(feed(@to, path => $_)->next_message->{op}, 'hello', $_)
        for '/api/feed/', '/api/feed?pulse=0', '/api/feed?x=/y&', 'http://localhost/api/feed';
};

subtest 'no extension is ever agreed on' => sub {
    for my $offer ('permessage-deflate; client_max_window_bits', 'x-webkit-deflate-frame, foo') {
        my $feed = feed(@to, headers => { 'Sec-WebSocket-Extensions' => $offer });
        is($feed->header('sec-websocket-extensions'), undef, $offer);
        is($feed->next_message->{op}, 'hello', 'and messages are plain');
    }
};

subtest 'subprotocols' => sub {
    my %chosen = (
        'glance-events'              => 'glance-events',
        'chat, glance-events'        => 'glance-events',
        'glance-events ,chat'        => 'glance-events',
        "chat,\tglance-events,,chat" => 'glance-events',
        'chat'                       => undef,
        'chat, superchat'            => undef,
        'Glance-Events'              => undef,
        'glance-events2'             => undef,
        'x-glance-events'            => undef,
        'glance-event'               => undef,
        'glance events'              => undef,
        'x' x 4000                   => undef,
    );
    for my $offer (sort keys %chosen) {
        my $feed = feed(@to, headers => { 'Sec-WebSocket-Protocol' => $offer });
        my $name = length $offer > 40 ? 'a very long one' : $offer;
        is($feed->header('sec-websocket-protocol'), $chosen{$offer}, $name);
        my $first = $feed->next_message;
        is($first->{ $chosen{$offer} ? 'event' : 'op' }, 'hello', '... and its hello');
    }
    for my $offers (['chat', 'glance-events'], ['glance-events', 'chat'], ['a, b', 'c,glance-events']) {
        my $feed = feed(@to, headers => { 'Sec-WebSocket-Protocol' => $offers });
        is($feed->header('sec-websocket-protocol'), 'glance-events', 'in several headers: '
            . join ' | ', @$offers);
    }
};

subtest 'what is no request for a WebSocket of version 13 gets 426' => sub {
    my %bad = (
        'a plain GET'              => { map { $_ => undef } qw(Upgrade Connection
            Sec-WebSocket-Version Sec-WebSocket-Key) },
        'no Upgrade'               => { Upgrade => undef },
        'another Upgrade'          => { Upgrade => 'h2c' },
        'a longer Upgrade'         => { Upgrade => 'websockets' },
        'a shorter Upgrade'        => { Upgrade => 'websocke' },
        'no Connection'            => { Connection => undef },
        'another Connection'       => { Connection => 'keep-alive' },
        'Connection: upgrades'     => { Connection => 'upgrades' },
        'no version'               => { 'Sec-WebSocket-Version' => undef },
        'an empty version'         => { 'Sec-WebSocket-Version' => '' },
        'version 8'                => { 'Sec-WebSocket-Version' => 8 },
        'version 12'               => { 'Sec-WebSocket-Version' => 12 },
        'version 14'               => { 'Sec-WebSocket-Version' => 14 },
        'version 130'              => { 'Sec-WebSocket-Version' => 130 },
        'version 013'              => { 'Sec-WebSocket-Version' => '013' },
        'version 13.0'             => { 'Sec-WebSocket-Version' => '13.0' },
        'a word for a version'     => { 'Sec-WebSocket-Version' => 'thirteen' },
    );
    for my $name (sort keys %bad) {
        my $answer = knock($bad{$name});
        subtest $name => sub { is_426($answer, $name) };
    }
    my $answer = knock({}, version => 'HTTP/1.0');
    subtest 'HTTP/1.0' => sub { is_426($answer, 'HTTP/1.0') };
};

sub is_426 {
    my ($answer, $name) = @_;
    refuses($answer, 426, qr/WebSocket/i, $name) or return;
    like($answer->header('upgrade'), qr/\bwebsocket\b/i, 'Upgrade');
    like($answer->header('connection'), qr/\bupgrade\b/i, 'Connection');
    is($answer->header('sec-websocket-version'), '13', 'Sec-WebSocket-Version');
    is($answer->header('sec-websocket-accept'), undef, 'no Sec-WebSocket-Accept');
}

subtest 'what is malformed gets 400' => sub {
    my %key = (
        'no key'                   => undef,
        'an empty key'             => '',
        'a word'                   => 'secret',
        '15 bytes'                 => 'AAECAwQFBgcICQoLDA0O',
        '17 bytes'                 => 'AAECAwQFBgcICQoLDA0ODxA=',
        '32 bytes'                 => 'AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8=',
        'no padding'               => 'AAECAwQFBgcICQoLDA0ODw',
        'half the padding'         => 'AAECAwQFBgcICQoLDA0ODw=',
        'too much padding'         => 'AAECAwQFBgcICQoLDA0ODw===',
        'padding inside'           => 'AAECAwQFBgc=CQoLDA0ODw==',
        'the alphabet of URLs'     => '--ECAwQFBgcICQoLDA0ODw==',
        'a star'                   => 'AAECAwQFBgc*CQoLDA0ODw==',
        'a blank inside'           => 'AAECAwQFBgc CQoLDA0ODw==',
        'something behind'         => 'AAECAwQFBgcICQoLDA0ODw== x',
        'bytes above 127'          => "\xc3\xa4ECAwQFBgcICQoLDA0ODw==",
        'two keys in one header'   => 'AAECAwQFBgcICQoLDA0ODw==, AAECAwQFBgcICQoLDA0ODw==',
        'a very long one'          => 'A' x 4000,
    );
    for my $name (sort keys %key) {
        my $answer = knock({ 'Sec-WebSocket-Key' => $key{$name} });
        refuses($answer, 400, qr/Sec-WebSocket-Key/i, $name);
    }
    my $answer = knock({ 'Sec-WebSocket-Key' => [('AAECAwQFBgcICQoLDA0ODw==') x 2] });
    refuses($answer, 400, qr/Sec-WebSocket-Key/i, 'two headers');
};

subtest 'a body is none of a handshake' => sub {
    my $answer = knock({}, body => 'x=1');
    refuses($answer, 400, qr/body/, 'Content-Length');
    $answer = knock({ 'Transfer-Encoding' => 'chunked' }, body => "3\r\nx=1\r\n0\r\n\r\n");
    refuses($answer, 400, qr/body/, 'chunks');
};

subtest 'other methods' => sub {
    for my $method (qw(POST PUT DELETE)) {
        my $answer = http($method, '/api/feed', @to, headers => Glance::Ws::handshake());
        refuses($answer, 405, qr/GET/, $method);
        is($answer->header('allow'), 'GET, HEAD, OPTIONS', 'Allow');
    }
    my $http = Glance::Http->new(@to);
    my $head = $http->request('HEAD', '/api/feed');
    answers($head, 426, 'HEAD is answered as GET would be');
    is($head->header('content-type'), 'application/json', 'with the same Content-Type');
    is($head->header('sec-websocket-version'), '13', 'and version');
    answers($http->request('GET', '/api/status/main/1'), 200, 'and no body');
    $http->send_request('HEAD', '/api/feed', headers => Glance::Ws::handshake());
    my $answer = $http->answer;
    isnt($answer ? $answer->status : undef, 101, 'and never switched');
};

subtest 'there is no resource below the path' => sub {
    for my $path ('/api/feed/x', '/api/feed//x', '/api/feed/main/0', '/api/feed/%20') {
        my $answer = knock({}, path => $path);
        refuses($answer, 404, qr/no resource/, $path);
    }
    my $answer = knock({}, path => '/api/feeds');
    answers($answer, 404, 'another path is httpd\'s own 404');
};

subtest 'a connection that was refused may try again' => sub {
    my $http = Glance::Http->new(@to);
    answers($http->request('GET', '/api/feed', headers => { 'X-Any' => 1 }), 426, 'refused');
    answers($http->request('GET', '/api/status/main/1'), 200, 'something else between');
    $http->send_request('GET', '/api/feed', headers => Glance::Ws::handshake());
    my $head = $http->head;
    is($head ? $head->status : undef, 101, 'switched');
    ok((await { $http->fill(now() + 0.2); $http->{in} =~ /"op"/ } 5), 'and live');
};

subtest 'in one go with the request before' => sub {
    my $http = Glance::Http->new(@to);
    $http->send_raw(Glance::Http::compose('GET', '/api/status/main/1')
        . Glance::Http::compose('GET', '/api/feed', headers => Glance::Ws::handshake())
        . Glance::Ws::frame(Glance::Ws::PING, 'early'));
    answers($http->answer, 200, 'that one');
    my $head = $http->head;
    is($head ? $head->status : undef, 101, 'then the handshake');
    ok((await { $http->fill(now() + 0.2); $http->{in} =~ /\x8a\x05early/ } 5),
        'then the frame behind it');
};

subtest 'byte by byte' => sub {
    my $http = Glance::Http->new(@to);
    my $text = Glance::Http::compose('GET', '/api/feed', headers => Glance::Ws::handshake());
    $http->send_raw($_) for split //, $text;
    my $head = $http->head;
    is($head ? $head->status : undef, 101, 'switched');
};

subtest 'what a client sends behind its handshake is heard' => sub {
    my $ping = Glance::Ws::frame(Glance::Ws::PING, 'early');
    is(feed(@to, behind => $ping)->next_pong->{payload}, 'early', 'a ping');

    my $feed = feed(@to, behind => substr $ping, 0, 4);
    ok($feed->next_of('hello'), 'half a ping');
    $feed->send_raw(substr $ping, 4);
    is($feed->next_pong->{payload}, 'early', '... and the rest later');

    $feed = feed(@to, behind => Glance::Ws::close_frame(1000, 'bye'));
    is($feed->close_within(5)->{code}, 1000, 'a close');
    ok($feed->ends_within(5), '... and the end');

    $feed = feed(@to, behind => Glance::Ws::frame(Glance::Ws::TEXT, 'x', masked => 0));
    is($feed->close_within(5)->{code}, 1002, 'an offence');

    # More than httpd reads at once
    my @pings = map { sprintf '%-120d', $_ } 1 .. 400;
    $feed = feed(@to, behind => join '', map { Glance::Ws::frame(Glance::Ws::PING, $_) } @pings);
    my @pongs;
    while (my $pong = $feed->next_pong(5)) {
        push @pongs, $pong->{payload};
        last if @pongs == @pings;
    }
    is_deeply(\@pongs, \@pings, '400 pings, in their order');
};

subtest 'the access log has it from its opening on, as 101' => sub {
    my $log = access_log();
    my $feed = feed(@to, path => '/api/feed?logged');
    ok($feed->next_of('hello'), 'open');
    ok($log->await_line(qr{\A101 GET /api/feed\?logged$}m, 5), 'a line');
    $feed->close;
    knock({ 'Sec-WebSocket-Version' => 8 }, path => '/api/feed?refused');
    ok($log->await_line(qr{\A426 GET /api/feed\?refused$}m, 5), 'and one for who was refused');
    is(scalar(my @lines = $log->lines(qr{/api/feed\?logged})), 1, 'one line, also after its end');
};

subtest 'the error log says at the end how it went' => sub {
    my $log = error_log();
    my $feed = feed(@to);
    $feed->next_of('hello');
    $feed->close;
    ok($log->await_line(qr/\[glance:info\].*GL\d{4}: .*(?:viewer|stream|feed)/i, 10), 'an info line');
};

done_testing;
