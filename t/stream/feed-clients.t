# The feed with other clients: npm's ws, Python's websockets, Chromium's WebSocket; direct, over TLS, and
# through a reverse proxy.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Program;
use Glance::Proxy;
use Glance::Test;
use JSON::PP ();

my $certificates = Apache::Test::basic_config()->{vars}{t_conf};
my $back = Glance::Httpd->new;
my $tls = $back->port('tls');
$back->configure(<<"CONF")->start;
GlanceBots main:8
GlanceHealthTimeout 600
KeepAliveTimeout 2
Listen 127.0.0.1:$tls
<VirtualHost 127.0.0.1:$tls>
    SSLEngine on
    SSLCertificateFile "$certificates/server.crt"
    SSLCertificateKeyFile "$certificates/server.key"
</VirtualHost>
CONF
my $front = Glance::Proxy->before($back, 'mod_proxy_wstunnel');

# Debian's python3, which has Debian's packages
my %PROGRAM = (
    'npm ws'             => ['node', 't/page/feed-ws.mjs'],
    'python3-websockets' => ['/usr/bin/python3', 't/lib/feed-websockets.py'],
    'Chromium'           => ['node', 't/page/feed-chromium.mjs'],
);
my %URL = (
    direct    => 'ws://127.0.0.1:' . $back->port . '/api/feed',
    tunnelled => 'wss://127.0.0.1:' . $front->port('tls') . '/api/feed',
    'over TLS' => "wss://127.0.0.1:$tls/api/feed",
);
my @held = sort keys %URL;

sub start {
    my ($program, $way, @more) = @_;
    return Glance::Program->start(@{ $PROGRAM{$program} }, $URL{$way}, @more);
}

# The next message as JSON.
sub message {
    my $client = shift;
    my $line = $client->line(qr/^message /) or return { none => $client->received };
    return JSON::PP->new->decode($line =~ s/^message //r);
}

sub is_told {
    my ($client, $op, $payload, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_deeply(message($client), { op => $op, payload => $payload }, $name);
}

# The requests of a client of the original Glance
sub test_original {
    my ($program, $way) = @_;
    $back->post('/api/status/main/1/4');
    my $client = start($program, $way);
    is($client->line(qr/^(?:open|error|close)/), 'open - -', 'it opens, without protocol or extension')
        or return diag($client->received);
    my $hello = message($client);
    is($hello->{op}, 'hello', 'hello');
    is($hello->{payload}{main}{1}{state}, 4, 'with the state of a shard');
    $back->post('/api/status/main/1/3');
    is_told($client, 'state_update', { cluster => 'main', shard => 1, state => 3 }, 'a change');
    $back->post('/api/health/main/1');
    is_told($client, 'health_ping', { cluster => 'main', shard => 1 }, 'a sign of life');
    $client->say('send {"op":"anything"}');
    if ($program ne 'Chromium') {
        $client->say('ping');
        ok($client->line(qr/^pong from/), 'a ping is answered');
    }
    $back->post('/api/status/main/1/2');
    is_told($client, 'state_update', { cluster => 'main', shard => 1, state => 2 },
        'what it sends does not disturb');
    $client->say('close');
    is($client->line(qr/^close/), 'close 1000', 'it closes in order');
    is($client->end, 0, 'and ends well');
}

sub test_events {
    my ($program, $way) = @_;
    my $client = start($program, $way, 'glance-events');
    is($client->line(qr/^(?:open|error|close)/), 'open glance-events -', 'it opens')
        or return diag($client->received);
    my $hello = message($client);
    is($hello->{event}, 'hello', 'hello');
    like($hello->{id}, qr/\A[0-9a-f]{16}-\d+\z/, 'with an id');
    $back->post('/api/status/main/2/' . ($hello->{data}{clusters}[0]{states} =~ /^..3/ ? 2 : 3));
    is(message($client)->{event}, 'update', 'a change');
    $client->say('close');
    is($client->line(qr/^close/), 'close 1000', 'it closes in order');
}

for my $way (@held) {
    for my $program (sort keys %PROGRAM) {
        subtest "$program, $way" => sub { test_original($program, $way) };
        subtest "$program, $way, glance-events" => sub { test_events($program, $way) };
    }
}

subtest 'all are told when the server goes' => sub {
    my %client = map { my $way = $_; map { ("$_, $way" => start($_, $way)) } keys %PROGRAM } @held;
    for my $name (sort keys %client) {
        ok($client{$name}->line(qr/^message/), "$name is there") or diag($client{$name}->received);
    }
    $back->graceful;
    is($client{$_}->line(qr/^close/), 'close 1001', $_) for sort keys %client;
};

$front->stop_gracefully;
$back->stop;
done_testing;
