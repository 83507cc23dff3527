# Nobody waits for a feed that does not read. One that sends more pings than it reads pongs costs no memory.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Errno qw(EAGAIN EWOULDBLOCK);
use Glance::Httpd;
use Glance::Test;

# Small buffers on both sides, so that a client that does not read fills them soon. One child, so that its
# memory can be measured.
my $one_child = mpm() eq 'prefork' ? '' : "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 8\n";
my $httpd = Glance::Httpd->new->configure(<<"CONF")->start;
${one_child}GlanceBots slow:1000
GlanceHealthTimeout 600
GlanceStreamInterval 10ms
SendBufferSize 4096
CONF

my $http = Glance::Http->new(port => $httpd->port);

# Sends a hundred changes; returns how long the server took to answer them.
sub round {
    my $round = shift;
    my $state = 2 + $round % 5;
    my $began = now();
    $http->send_raw(join '', map {
        Glance::Http::compose('POST', '/api/status/slow/' . (2 * $_ + $round % 2) . "/$state")
    } 0 .. 99);
    $http->answer->status == 204 or die 'POST failed' for 0 .. 99;
    return now() - $began;
}

# The states after messages of the original, one digit for each shard
sub apply {
    my ($states, @messages) = @_;
    for my $message (@messages) {
        my $payload = $message->{json};
        if ($message->{op} eq 'hello') {
            $$states = join '', map { ($payload->{slow}{$_} || { state => 0 })->{state} } 0 .. 999;
        }
        substr $$states, $payload->{shard}, 1, $payload->{state} if exists $payload->{state};
    }
}

my %good = (op => $httpd->feed, events => $httpd->feed(events => 1));
my %slow = (op => $httpd->feed(rcvbuf => 2048), events => $httpd->feed(rcvbuf => 2048, events => 1));
my $states = '';
my $picture = Glance::Picture->new;
my $believed = Glance::Picture->new->apply($slow{events}->next_of('hello'));
apply(\my $thought, $slow{op}->next_of('hello'));

sub read_good {
    apply(\$states, $good{op}->messages_within($_[0]));
    $picture->apply($_) for $good{events}->messages_within($_[0]);
}

my $slowest = 0;
for my $round (1 .. 60) {
    my $took = round($round);
    $slowest = $took if $took > $slowest;
    read_good(0.01);
}
my $want = $httpd->states_of('slow');

subtest 'others do not notice' => sub {
    await { read_good(0.05); $states eq $want and $picture->states('slow') eq $want } 10;
    is($states, $want, 'a feed that reads has the whole picture');
    is($picture->states('slow'), $want, 'with events, too');
    cmp_ok($slowest, '<', patience(3), 'and bots are answered without delay');
};

# The buffers hold complete frames, except the last.
sub drain {
    my $feed = shift;
    my $ended = eval { $feed->ends_within(5) };
    die $@ if $@ and $@ !~ /ended within a frame/;
    return $ended // 1;
}

subtest 'it is dropped, or it catches up' => sub {
    my $ended = drain($slow{events});
    for my $event ($slow{events}->messages_within(0)) {
        $believed->apply($event);
        $slow{events}{last} = $event->{id};
    }
    if ($ended) {
        my $again = $httpd->feed(events => 1, last => $slow{events}{last});
        my $first = $again->next_message;
        is($first->{event}, 'update', 'it comes back and resumes');
        $believed->apply($first);
    }
    is($believed->states('slow'), $want, 'in the end it has the whole picture');
};

subtest 'the same for the original\'s protocol, which begins anew' => sub {
    my $ended = drain($slow{op});
    apply(\$thought, $slow{op}->messages_within(0));
    apply(\$thought, $httpd->feed->next_of('hello')) if $ended;
    is($thought, $want, 'in the end it has the whole picture');
};

subtest 'feeds that never read even their hello' => sub {
    my @deaf = map { $httpd->feed(rcvbuf => 2048, later => 1) } 1 .. 30;
    answers($httpd->post('/api/status/slow/1/3'), 204, 'the server answers beside thirty of them');
    my $feed = $httpd->feed;
    ok($feed->next_of('hello'), 'and opens feeds');
    $httpd->post("/api/status/slow/1/$_") for 4, 5;
    ok($feed->next_of('state_update'), 'and feeds them');
};

# The memory of all children, in KB
sub memory {
    my $sum = 0;
    for my $pid ($httpd->children) {
        open my $in, '<', "/proc/$pid/status" or next;
        while (<$in>) { $sum += $1 if /^RssAnon:\s+(\d+)/ }
    }
    return $sum;
}

# Sends the text repeatedly without reading, until the server has read nothing for two seconds, has closed,
# or has read that many bytes. Returns how many it has read.
sub flood {
    my ($feed, $text, $most) = @_;
    my ($taken, $offset, $moved) = (0, 0, now());
    local $SIG{PIPE} = 'IGNORE';
    $feed->socket->blocking(0);
    while ($taken < $most and now() < $moved + 2) {
        my $n = syswrite $feed->socket, $text, length($text) - $offset, $offset;
        if ($n) {
            $taken += $n;
            $offset = ($offset + $n) % length $text;
            $moved = now();
        }
        elsif ($! == EAGAIN or $! == EWOULDBLOCK) { pause(0.01) }
        else                                      { last }
    }
    $feed->socket->blocking(1);
    return $taken;
}

my $MOST = 64 << 20;
my $GROWTH = 16 << 10;
$GROWTH += 256 << 10 if patience(1) > 1;    # AddressSanitizer keeps so much freed memory
my %FLOODS = (
    'long pings'     => Glance::Ws::frame(Glance::Ws::PING, 'x' x 125) x 100,
    'short pings'    => Glance::Ws::frame(Glance::Ws::PING, '') x 1000,
    'messages'       => Glance::Ws::frame(Glance::Ws::TEXT, 'x' x 4000) x 10,
    'empty fragments' => Glance::Ws::frame(Glance::Ws::CONTINUATION, '', fin => 0) x 1000,
);
for my $name (sort keys %FLOODS) {
    subtest "a flood of $name from a client that reads nothing" => sub {
        my $feed = $httpd->feed(rcvbuf => 2048);
        $feed->next_of('hello');
        $feed->send_frame(Glance::Ws::TEXT, '', fin => 0) if $name =~ /fragments/;
        my $before = memory();
        my $taken = flood($feed, $FLOODS{$name}, $MOST);
        my $more = memory() - $before;
        # Either the server stops reading, or reading costs no memory.
        ok($taken < $MOST / 2 || $more < $GROWTH, 'memory is bounded')
            or diag("$taken bytes were taken, memory grew by $more KB");
        my $began = now();
        answers($httpd->post('/api/status/slow/2/3'), 204, 'a POST is answered');
        cmp_ok(now() - $began, '<', patience(2), 'without delay');
        ok($httpd->feed->next_of('hello'), 'and a feed is opened');
        $feed->close;
    };
}

subtest 'a client that reads what it floods' => sub {
    my $feed = $httpd->feed(path => '/api/feed?pulse=0');
    $feed->next_of('hello');
    my $pongs = 0;
    for my $round (1 .. 50) {
        $feed->send_raw(Glance::Ws::frame(Glance::Ws::PING, "round $round") x 200);
        $pongs++ while $pongs < $round * 200 and $feed->next_pong;
    }
    is($pongs, 10_000, 'gets all its pongs');
};

$httpd->stop;
done_testing;
