# The stream over TLS: held like a clear one, on every MPM. TLS itself works in the hub: key updates,
# alerts, resumption, client certificates.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::OpenSsl;
use Glance::Test;

my @to = (port => port('tls'), tls => 1);

# A complete response has Content-Length or Transfer-Encoding, a held stream neither.
sub is_held {
    my $viewer = shift;
    return !grep { defined $viewer->header($_) } qw(content-length transfer-encoding);
}

my $log = access_log();
$log->mark;

subtest 'events flow' => sub {
    my $viewer = viewer(@to);
    is($viewer->status, 200, 'status');
    is($viewer->header('content-type'), 'text/event-stream', 'Content-Type');
    is($viewer->next_block->{retry}, 3000, 'retry first');
    ok($viewer->next_of('hello'), 'then hello');
    ok(is_held($viewer), 'it is held');
    for my $state (2, 3, 4) {
        post("/api/status/main/3/$state", @to);
        my $update = $viewer->next_of('update', 3);
        is_deeply($update->{json}{clusters}, { main => { $state => '3' } }, "state $state");
    }
    ok($viewer->next_of('health', 3), 'and signs of life');
    my $last = $viewer->{last};
    $viewer->close;
    post('/api/status/main/3/2', @to);
    my $again = viewer(@to, last => $last);
    is_deeply($again->next_event->{json}{clusters}, { main => { 2 => '3' } },
        'a viewer that returns is told what it missed');
};

subtest 'the request is logged at its opening' => sub {
    ok($log->await_line(qr{^200 GET /api/stream$}), 'with its status');
};

# A server with one child. As many viewers as threads must not block it.
my $httpd = Glance::Httpd->new;
my $tls = $httpd->port('tls');
my $certificates = Apache::Test::basic_config()->{vars}{t_conf};
my $one_child = mpm() eq 'prefork' ? "StartServers 1\nMinSpareServers 1\nMaxRequestWorkers 4\n"
    : "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 8\n";
my $folder = $httpd->folder;
$httpd->setenv(SSLKEYLOGFILE => "$folder/keys");
$httpd->configure(<<"CONF")->start;
$one_child
SSLSessionCache "shmcb:$folder/sessions(512000)"
GlanceBots main:8 big:2000
<Location "/server-status">
    SetHandler server-status
</Location>
GlanceHealthTimeout 600
SendBufferSize 4096
LogFormat "%>s %U %{SSL_PROTOCOL}x %{SSL_SESSION_RESUMED}x %{SSL_CLIENT_VERIFY}x" tls
CustomLog "$folder/tls_log" tls
Listen 127.0.0.1:$tls
<VirtualHost 127.0.0.1:$tls>
    SSLEngine on
    SSLProtocol all
    SSLCertificateFile "$certificates/server.crt"
    SSLCertificateKeyFile "$certificates/server.key"
    SSLCACertificateFile "$certificates/server.crt"
    SSLVerifyClient optional_no_ca
</VirtualHost>
CONF
@to = (port => $tls, tls => 1);

# The number of TLS viewers in mod_status
sub tls_viewers {
    return $httpd->http('GET', '/server-status?auto')->body =~ /^GlanceViewersTLS: (\d+)$/m ? $1 : -1;
}

sub tls_log { return Glance::Log->new("$folder/tls_log") }

# The names in IO::Socket::SSL, openssl s_client and mod_ssl
my %OPTION = (TLSv1_2 => '-tls1_2', TLSv1_3 => '-tls1_3');
my @VERSIONS = sort keys %OPTION;

for my $version (@VERSIONS) {
    (my $protocol = $version) =~ tr/_/./;

    subtest "$version: a session is resumed, also when its viewer has left without a word" => sub {
        my $log = tls_log();
        $log->mark;
        my @sessions = map { "$folder/session-$version-$_" } 1 .. 2;
        for my $round (0 .. 2) {
            my $client = Glance::OpenSsl->new($tls, $OPTION{$version},
                ($round ? ('-sess_in', $sessions[0]) : ('-sess_out', $sessions[0])));
            $client->send_request('/api/stream?pulse=0');
            ok($client->await_text(qr/event: hello/), 'hello');
            ok($client->await_text($round ? qr/^Reused, \Q$protocol\E/m : qr/^New, \Q$protocol\E/m),
                $round ? 'a session that is resumed' : 'a new session');
            $httpd->post('/api/status/main/2/' . (2 + $round));
            ok($client->await_text(qr/event: update/), 'which goes on');
            $round ? undef $client : $client->quit;
        }
        ok($log->await_line(qr{^200 /api/stream \Q$protocol\E Resumed}m, 5),
            'the access log has the variables of TLS');
    };

    subtest "$version: a client's certificate" => sub {
        my $client = Glance::OpenSsl->new($tls, $OPTION{$version}, '-cert', "$certificates/server.crt",
            '-key', "$certificates/server.key", '-servername', 'tls.test');
        $client->send_request('/api/stream?pulse=0');
        ok($client->await_text(qr/event: hello/), 'hello');
        $httpd->post('/api/status/main/2/' . (2 + $_)) for 1, 2;
        ok($client->await_text(qr/event: update/), 'and what follows');
    };

    subtest "$version: what a client sends is read, and means nothing" => sub {
        my $viewer = viewer(@to, tls => $version, behind => "GET /nothing HTTP/1.1\r\n" x 300);
        ok($viewer->next_of('hello'), 'hello');
        $viewer->{http}->send_raw('x' x 10_000) for 1 .. 20;
        $httpd->post('/api/status/main/3/' . (2 + $_)) for 1, 2;
        ok($viewer->next_of('update'), 'and what follows');
    };

    subtest "$version: a close_notify is answered" => sub {
        my $client = Glance::OpenSsl->new($tls, $OPTION{$version});
        $client->send_request('/api/stream?pulse=0');
        ok($client->await_text(qr/event: hello/), 'hello');
        $client->forget;
        $client->send_text("Q\n");
        ok($client->await_text(qr/>>> .*close_notify/), 'the client says goodbye');
        ok((await { tls_viewers() == 0 } 10), 'and is let go');
    };

    subtest "$version: a viewer that does not read for a while misses nothing" => sub {
        my $slow = viewer(@to, tls => $version, rcvbuf => 2048);
        my $picture = Glance::Picture->new->apply($slow->next_of('hello'));
        for my $state (2 .. 6) {
            my $http = Glance::Http->new(port => $httpd->port);
            $http->send_raw(join '', map { Glance::Http::compose('POST', "/api/status/big/$_/$state") }
                map { 2 * $_ + $state % 2 } 0 .. 499);
            $http->answer->status == 204 or die 'POST failed' for 1 .. 500;
        }
        my $want = $httpd->states_of('big');
        ok((await {
            $picture->apply($_) for grep { $_->{event} } $slow->blocks_within(0.05);
            $picture->states('big') eq $want
        } 20), 'it catches up');
    };
}

subtest 'key updates are done, and answered when asked for' => sub {
    my $client = Glance::OpenSsl->new($tls, '-tls1_3');
    $client->send_request('/api/stream?pulse=0');
    ok($client->await_text(qr/event: hello/), 'hello');
    for my $command ('k', 'K', 'K') {
        $client->forget;
        $client->command($command);
        ok($client->await_text(qr/KEYUPDATE/), "$command: the client has new keys");
        ok($client->await_text(qr/<<< TLS 1\.3, Handshake.*KeyUpdate/), 'the server answers')
            if $command eq 'K';
        $httpd->post('/api/status/main/4/' . $_) for 2, 3;
        ok($client->await_text(qr/event: update/), 'and events go on');
    }
};

subtest 'a flood of key updates holds nobody up' => sub {
    my $viewer = viewer(@to);
    ok($viewer->next_of('hello'), 'a viewer');
    open my $flood, '-|', "$ENV{GLANCE_TOOLS}/key_updates", $tls, 20_000 or die "key_updates: $!";
    for my $state (2 .. 6) {
        $httpd->post("/api/status/main/5/$state");
        ok($viewer->next_of('update'), 'is told beside it');
    }
    is(scalar <$flood>, "dropped\n", 'and who sends nothing else is let go');
    close $flood;
};

subtest 'renegotiation is refused' => sub {
    my $client = Glance::OpenSsl->new($tls, '-tls1_2');
    $client->send_request('/api/stream?pulse=0');
    ok($client->await_text(qr/event: hello/), 'hello');
    $client->command('R');
    ok($client->await_text(qr/no.renegotiation/i), 'the client is told');
    answers($httpd->post('/api/status/main/4/4'), 204, 'the server goes on');
};

subtest 'a log of the keys' => sub {
    ok(-s "$folder/keys", 'is written by mod_ssl, as asked for');
};

subtest 'a graceful restart ends them at once' => sub {
    my @viewers = map { viewer(@to, tls => $_) } @VERSIONS;
    $_->next_of('hello') for @viewers;
    $httpd->graceful;
    for my $viewer (@viewers) {
        ok($viewer->ends_within(5), 'sent away, with a close_notify');
        my ($retry) = grep { defined $_->{retry} } reverse @{ $viewer->{blocks} };
        ok($retry && $retry->{retry} > 0, 'and told when to return');
        ok(viewer(@to, last => $viewer->{last})->next_of('update'), 'the new child takes it up');
    }
};

$httpd->stop;
done_testing;
