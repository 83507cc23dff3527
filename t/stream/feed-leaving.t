# Feeds that end: closed by either side, half closed, reset, abandoned. A child frees all of their memory.
# A child that stops sends a goodbye: close frame 1001.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

use Socket qw(SOL_SOCKET SO_LINGER);

my @to = (port => port('crowd'));
my @children = children();

# Prefork starts children at any time, and each has a socket or two of its own.
my ($own) = sort { $a <=> $b } map { sockets_of($_) } @children;

sub sockets { my $sum = 0; $sum += sockets_of($_) - $own for children(); return $sum }

# Connections of earlier files may still be open for a moment.
my $before = sockets();
await { my $now = sockets(); my $same = $now == $before; $before = $now; pause(0.2); $same } 10;

sub leave_none {
    my $name = shift;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok((await { sockets() <= $before } 20), $name)
        or diag("$before sockets before, " . sockets() . ' after');
}

sub opened {
    my @feeds = map { feed(@to) } 1 .. shift;
    $_->next_of('hello') for @feeds;
    return @feeds;
}

subtest 'closed in order' => sub {
    my @feeds = opened(40);
    cmp_ok(sockets(), '>', $before + 30, 'held');     # some earlier ones may have ended
    $_->send_raw(Glance::Ws::close_frame(1000)) for @feeds;
    is(scalar(grep { !$_->close_within(10) } @feeds), 0, 'each close is echoed');
    is(scalar(grep { !($_->ends_within(10) && $_->ended_well) } @feeds), 0, 'then the end');
    $_->close for @feeds;
    leave_none('and gone');
};

subtest 'closed without a word' => sub {
    $_->close for opened(40);
    leave_none('gone');
};

subtest 'reset' => sub {
    for my $feed (opened(40)) {
        setsockopt($feed->socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0) or die "SO_LINGER: $!";
        $feed->close;
    }
    leave_none('gone');
};

subtest 'half closed' => sub {
    my ($feed) = opened(1);
    shutdown $feed->socket, 1;
    ok($feed->ends_within(10), 'without a close: the server ends it, too');
    ($feed) = opened(1);
    $feed->send_raw(Glance::Ws::close_frame(1000));
    shutdown $feed->socket, 1;
    is($feed->close_within(10)->{code}, 1000, 'behind a close: that is echoed');
    ok($feed->ends_within(10), 'and the server ends it');
    ($feed) = opened(1);
    $feed->send_raw(Glance::Ws::frame(Glance::Ws::PING, 'x') . substr Glance::Ws::frame(1, 'hello'), 0, 8);
    shutdown $feed->socket, 1;
    ok($feed->ends_within(10), 'within a frame: the server ends it');
    leave_none('and keeps nothing');
};

subtest 'closed before anything was read' => sub {
    feed(@to, later => 1)->close for 1 .. 40;
    leave_none('gone');
};

subtest 'closed while messages are on their way' => sub {
    for my $round (1 .. 10) {
        my @feeds = map { feed(@to) } 1 .. 4;
        post("/api/status/crowd/$_/" . (2 + $round % 2), @to) for 0 .. 9;
        $_->close for @feeds;
    }
    leave_none('gone');
};

subtest 'a client that never closes its side' => sub {
    my @closed = opened(5);
    $_->send_raw(Glance::Ws::close_frame(1000)) for @closed;
    my @offended = opened(5);
    $_->send_raw("\xff" x 14) for @offended;
    is(scalar(grep { !$_->close_within(10) } @closed, @offended), 0, 'the server closes its own');
    leave_none('and does not wait for ever');
    $_->close for @closed, @offended;
};

subtest 'and goes on sending' => sub {
    my @offended = opened(5);
    $_->send_raw("\xff" x 14) for @offended;
    my $deadline = now() + patience(20);
    # The server closes each after some seconds, whatever the client sends.
    my @alive = @offended;
    while (@alive and now() < $deadline) {
        @alive = grep { $_->send_raw('x' x 1000) } @alive;
        pause(0.05);
    }
    is(scalar @alive, 0, 'it is cut off');
    leave_none('and nothing stays');
};

subtest 'the children went on living' => sub {
    is(scalar(grep { gone($_) } @children), 0, 'all of them');
    answers(post('/api/status/crowd/21/3', @to), 204, 'and they answer');
};

# ---- when the server stops -----------------------------------------------------------------------

my $certificates = Apache::Test::basic_config()->{vars}{t_conf};
my $httpd = Glance::Httpd->new;
my $tls = $httpd->port('tls');
$httpd->configure(<<"CONF")->start;
GlanceBots main:8
Listen 127.0.0.1:$tls
<VirtualHost 127.0.0.1:$tls>
    SSLEngine on
    SSLCertificateFile "$certificates/server.crt"
    SSLCertificateKeyFile "$certificates/server.key"
</VirtualHost>
CONF

# Feeds of both protocols, clear and TLS
sub audience {
    my @feeds = map { ($httpd->feed, $httpd->feed(events => 1)) } 1 .. 10;
    push @feeds, map { $httpd->feed(port => $tls, tls => 1, events => $_ % 2) } 1 .. 4;
    $_->next_of('hello') for @feeds;
    # One of them has sent a part of a frame.
    $feeds[0]->send_raw(substr Glance::Ws::frame(1, 'hello'), 0, 7);
    return @feeds;
}

sub are_sent_away {
    my @feeds = @_;
    my @codes = map { my $closed = $_->close_within(10); $closed ? $closed->{code} : 'none' } @feeds;
    is_deeply(\@codes, [map { 1001 } @feeds], 'all are told so: 1001');
    is(scalar(grep { !$_->ends_within(5) } @feeds), 0, 'and the connection ends');
}

subtest 'a graceful restart' => sub {
    my @feeds = audience();
    my ($events) = grep { $_->{events} } @feeds;
    my $began = now();
    my @old = $httpd->signal_graceful;
    are_sent_away(@feeds);
    cmp_ok(now() - $began, '<', patience(5), 'at once');
    $_->close for @feeds;
    ok((await { !grep { !gone($_) } @old } 15), 'and the old children are gone within seconds');
    $httpd->post('/api/status/main/7/6');
    my $again = $httpd->feed(events => 1, last => $events->{last});
    is_deeply($again->next_message->{json}{clusters}, { main => { 6 => '7' } },
        'who comes back is told what changed');
};

subtest 'clients that do not close their side hold no old child' => sub {
    my @feeds = audience();
    my @old = $httpd->signal_graceful;
    are_sent_away(@feeds);
    ok((await { !grep { !gone($_) } @old } 20), 'the old children are gone');
};

subtest 'a graceful stop' => sub {
    my @feeds = audience();
    my $pid = $httpd->pid;
    kill WINCH => $pid;
    are_sent_away(@feeds);
    $_->close for @feeds;
    ok((await { gone($pid) } 20), 'and the server is gone');
};

done_testing;
