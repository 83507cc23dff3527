# The stream over TLS: on the event MPM it is held like any other.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my @to = (port => port('tls'), tls => 1);

# A response that is to end says where.
sub is_held {
    my $viewer = shift;
    return !grep { defined $viewer->header($_) } qw(content-length transfer-encoding);
}

if (mpm() ne 'event') {
    my $viewer = viewer(@to);
    ok($viewer->next_of('hello'), 'hello');
    ok(!is_held($viewer), 'on other MPMs it ends, and comes back by itself');
    done_testing;
    exit;
}

sub sockets { my $sum = 0; $sum += sockets_of($_) for children(); return $sum }

my $log = access_log();
$log->mark;

subtest 'events flow' => sub {
    my $viewer = viewer(@to);
    is($viewer->status, 200, 'status');
    is($viewer->header('content-type'), 'text/event-stream', 'Content-Type');
    is($viewer->next_block->{retry}, 3000, 'retry first');
    ok($viewer->next_of('hello'), 'then hello');
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

subtest 'no thread waits for them, and nothing of them stays' => sub {
    # Those of before may still be on their way out.
    my $before = sockets();
    await { my $now = sockets(); my $same = $now == $before; $before = $now; pause(0.2); $same } 10;
    my @viewers = map { viewer(@to) } 1 .. 10;
    $_->next_of('hello') for @viewers;
    cmp_ok(sockets(), '>=', $before + 8, 'held');
    $_->close for @viewers;
    ok((await { sockets() <= $before } 15), 'gone');
};

# A server with one child of 8 threads that may hold 16 connections.
my $httpd = Glance::Httpd->new;
my $tls = $httpd->port('tls');
my $certificates = Apache::Test::basic_config()->{vars}{t_conf};
$httpd->configure(<<"CONF")->start;
ServerLimit 1
StartServers 1
MaxRequestWorkers 8
AsyncRequestWorkerFactor 1
GlanceBots main:8
GlanceMaxViewers 100
Listen 127.0.0.1:$tls
<VirtualHost 127.0.0.1:$tls>
    SSLEngine on
    SSLCertificateFile "$certificates/server.crt"
    SSLCertificateKeyFile "$certificates/server.key"
</VirtualHost>
CONF

subtest 'a crowd cannot lock bots out' => sub {
    my (@crowd, $hellos);
    for (1 .. 20) {
        push @crowd, viewer(port => $tls, tls => 1, headers => { Connection => 'close' });
        $hellos++ if $crowd[-1]->next_of('hello');    # which also says that it is counted
    }
    is($hellos, 20, 'all are served');
    my @held = grep { is_held($_) } @crowd;
    $_->ends_within(5) for grep { !is_held($_) } @crowd;
    is(scalar @held, 8, 'half of what the child can hold are held, the others get the brief form');
    answers($httpd->post('/api/status/main/1/3'), 204, 'a POST is answered');

    # Idle connections take the rest of what it can hold.
    my @idle = map { Glance::Http->new(port => $httpd->port) } 1 .. 12;
    $_->send_request('GET', '/plain') for @idle;
    ok((await { $httpd->log_text =~ /GL0042/ } 10), 'full, it sends viewers away');
    answers($httpd->post('/api/status/main/1/4'), 204, 'and a POST is answered');
    my ($left) = grep { $_->ends_within(1) } @held;
    ok($left, 'one is sent away') or return;
    my ($retry) = grep { defined $_->{retry} } reverse @{ $left->{blocks} };
    ok($retry && $retry->{retry} > 0, 'and told when to return');
};

subtest 'a graceful restart ends them at once' => sub {
    my $viewer = viewer(port => $tls, tls => 1);
    ok($viewer->next_of('hello'), 'a viewer') or diag($httpd->log_text);
    $httpd->graceful;
    ok($viewer->ends_within(5), 'is sent away, and the old child is gone');
    ok(viewer(port => $tls, tls => 1, last => $viewer->{last})->next_of('update'),
        'the new one takes it up');
};

$httpd->stop;
done_testing;
