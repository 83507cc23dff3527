# Idle feeds: the server pings every 30 s, and drops a client that sends nothing for 75 s.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

use IO::Select ();

# All tests of this file share one wait: longer than three pings, and shorter than a ping and the time
# after which a client is dropped. The server's Timeout of 10 s does not apply to feeds.
my @to = (port => port('quiet'));
my $LENGTH = 94;

# name => [options of the feed, how it answers a frame, whether the server must drop it]
my %CASES = (
    'answers each ping'        => [{}, \&pong, 0],
    'the same with events'     => [{ events => 1 }, \&pong, 0],
    'the same without pulse'   => [{ path => '/api/feed?pulse=0' }, \&pong, 0],
    'says nothing'             => [{}, sub { }, 1],
    'says nothing to events'   => [{ events => 1 }, sub { }, 1],
    'answers the first only'   => [{}, sub { pong(@_) unless $_[0]{answered}++ }, 0],
    'never answers, but talks' => [{}, \&talk, 0],
);
if (mpm() eq 'event') {
    my %tls = (port => port('tls'), tls => 1);
    $CASES{'over TLS, answers each ping'} = [{%tls}, \&pong, 0];
    $CASES{'over TLS, says nothing'}      = [{%tls}, sub { }, 1];
}

sub pong {
    my ($client, $frame) = @_;
    $client->{received_at} = now();
    $client->{feed}->send_frame(Glance::Ws::PONG, $frame->{payload});
}

sub talk {
    my $client = shift;
    $client->{received_at} = now();
    $client->{feed}->send_frame(Glance::Ws::TEXT, 'still here');
}

# During the wait, the children of another server are stopped for longer than a client may be silent, as
# on a suspended machine.
my $STALL = 80;
my $stalled = Glance::Httpd->new->configure("GlanceBots main:8\nGlanceHealthTimeout 600\n")->start;
my @sleepers = map { my $feed = $stalled->feed; $feed->next_of('hello'); $feed } 1 .. 20;
my $stalled_log = $stalled->log;
my @stopped = $stalled->children;
kill STOP => @stopped;
my $wake = now() + $STALL;

my $stream = viewer(@to);
my %client;
for my $name (sort keys %CASES) {
    my ($options, $answer) = @{ $CASES{$name} };
    my $feed = feed(@to, %$options);
    $client{$name} = { feed => $feed, answer => $answer, opened => now(), received_at => now(), pings => [] };
}

sub take_frames {
    my $client = shift;
    for my $frame (splice @{ $client->{feed}{frames} }) {
        next unless $frame->{opcode} == Glance::Ws::PING;
        push @{ $client->{pings} }, $frame;
        $client->{answer}->($client, $frame);
    }
    $client->{dropped} //= now() if $client->{feed}{ended};
}

my $end = now() + $LENGTH;
while (now() < $end) {
    my @open = grep { !$_->{dropped} } values %client;
    IO::Select->new(map { $_->{feed}->socket } @open)->can_read(0.2);
    for my $client (@open) {
        1 while $client->{feed}->pump(now());
        take_frames($client);
    }
    $stream->pump(now());
    if (@stopped and now() >= $wake) {
        kill CONT => splice @stopped;
    }
}
kill CONT => @stopped;

for my $name (sort keys %CASES) {
    my ($client, $drops) = ($client{$name}, $CASES{$name}[2]);
    subtest $name => sub {
        my @pings = map { $_->{at} - $client->{opened} } @{ $client->{pings} };
        cmp_ok(scalar @pings, '>=', 2, 'pings: ' . join ' ', map { sprintf '%.1f', $_ } @pings);
        is(scalar(grep { length $_->{payload} } @{ $client->{pings} }), 0, 'without a payload');
        my $last = 0;
        my @gaps = map { my $gap = $_ - $last; $last = $_; $gap } @pings;
        cmp_ok(shift @gaps, '<=', 30 + patience(1.5), 'the first within 30 s');
        is(scalar(grep { $_ < 28.5 || $_ > 30 + patience(1.5) } @gaps), 0, 'then one every 30 s')
            or diag("@gaps");
        unless ($drops) {
            cmp_ok($end - $client->{opened} - $last, '<=', 30 + patience(1.5), 'to the end');
            return ok(!$client->{dropped}, 'and it is open for all the time');
        }
        ok($client->{dropped}, 'dropped') or return;
        my $silence = $client->{dropped} - $client->{received_at};
        cmp_ok($silence, '>=', 74.5, 'not before 75 s of silence');
        cmp_ok($silence, '<=', 75 + patience(2), 'but then');
    };
}

subtest 'a stream needs no answer' => sub {
    ok(!$stream->{ended}, 'it is open for all the time');
    cmp_ok(scalar(grep { exists $_->{comment} } @{ $stream->{blocks} }), '>=', 5, 'with its comments');
};

subtest 'a silence in which the server did not ask is nobody\'s fault' => sub {
    answers($stalled->post('/api/status/main/2/4'), 204, 'the server is back');
    is(scalar(grep { $_->next_of('state_update') } @sleepers), scalar @sleepers, 'and no feed is lost');
    is(scalar(my @lines = $stalled_log->lines(qr/ended \(silent\)/)), 0, 'none has been called silent');
};

subtest 'and all are live after it' => sub {
    post('/api/status/quiet/2/' . (shard('quiet', 2, @to)->{state} == 3 ? 4 : 3), @to);
    for my $name (grep { !$client{$_}{dropped} && !/TLS/ } sort keys %client) {
        my $feed = $client{$name}{feed};
        ok($feed->next_of($feed->{events} ? 'update' : 'state_update'), $name);
    }
};

done_testing;
