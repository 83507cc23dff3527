# The health sweep: a silent shard is unhealthy within a second after the timeout.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $TIMEOUT = 1;
my $LATEST  = $TIMEOUT + patience(1);    # a sanitized server may take longer

my $server = Glance::Httpd->new;
my @to = (port => $server->port('fast'));
$server->configure(<<"CONF")->start;
GlanceBots main:60
Listen 127.0.0.1:$to[1]
<VirtualHost *:$to[1]>
    ServerName fast.test
    GlanceBots fast:40
    GlanceHealthTimeout ${TIMEOUT}s
    GlanceHealthTimerInterval 1s
</VirtualHost>
CONF

sub opened {
    my $viewer = viewer(@to);
    $viewer->next_of('hello');
    return $viewer;
}

# The first update with a state of a shard.
sub told {
    my ($viewer, $state, $id, $seconds) = @_;
    while (my $update = $viewer->next_of('update', $seconds || 5)) {
        my $ids = $update->{json}{clusters}{fast}{$state} // next;
        return $update if grep { $_ == $id } Glance::Picture::expand($ids);
    }
    return;
}

subtest 'on the stream' => sub {
    my $viewer = opened();
    my $before = now();
    post('/api/status/fast/0/3', @to);
    my $after = now();
    ok(told($viewer, 3, 0), 'online');
    my $update = told($viewer, 1, 0);
    ok($update, 'unhealthy') or return;
    cmp_ok($update->{at} - $before, '>=', $TIMEOUT, 'not before the timeout');
    cmp_ok($update->{at} - $after,  '<=', $LATEST,  'within a second after it');
};

subtest 'by GET' => sub {
    my $before = now();
    post('/api/status/fast/1/3', @to);
    my $after = now();
    my ($seen_online, $seen_unhealthy, $first);
    await {
        my $state = shard('fast', 1, @to)->{state};
        $first ||= now();
        $seen_online = now() if $state == 3;
        $state == 1 and $seen_unhealthy = now();
    } 5;
    ok($seen_online, 'online first') if $first < $before + $TIMEOUT;
    ok($seen_unhealthy, 'then unhealthy') or return;
    cmp_ok($seen_unhealthy - $before, '>=', $TIMEOUT, 'not before the timeout');
    cmp_ok($seen_unhealthy - $after,  '<=', $LATEST,  'within a second after it');
};

subtest 'whatever it was, and what it reported stays beside it' => sub {
    my %state = (2 => 0, 3 => 2, 4 => 3, 5 => 4, 6 => 5, 7 => 6);
    post("/api/status/fast/$_/$state{$_}", @to) for sort keys %state;
    my $all = await { substr(states_of('fast', @to), 2, 6) eq '111111' } 5;
    ok($all, 'offline, starting and the others all become unhealthy');
    for my $id (sort keys %state) {
        my $shard = shard('fast', $id, @to);
        is($shard->{status}, 'unhealthy', "shard $id");
        is($shard->{reported}, $state{$id}, "shard $id last reported $state{$id}");
        cmp_ok($shard->{silent}, '>=', $TIMEOUT, "and shard $id is silent for longer than that");
        cmp_ok($shard->{since}, '<', $shard->{silent}, 'though unhealthy for less');
    }
};

subtest 'shards that never reported stay unknown' => sub {
    is(substr(states_of('fast', @to), 30, 10), '0' x 10, 'though the board is older than that');
    my $shard = shard('fast', 30, @to);
    is_deeply([@$shard{qw(status reported silent)}], ['unknown', undef, undef], 'as GET shows');
};

# Keeps shards 8 and 9 alive for more than two timeouts, each in its way. Returns the longest silence
# that may have been, and their states at the end.
sub kept_alive {
    my $viewer = shift;
    my ($longest, $last) = (0, now());
    my $step = sub {
        my $began = now();
        my @answers = map { $_->() } @_;
        $longest = now() - $last if now() - $last > $longest;
        $last = $began;
        return @answers;
    };
    my $end = $last + 2.6 * $TIMEOUT;
    post('/api/status/fast/8/4', @to);
    my $report = sub { post('/api/status/fast/9/3', @to) };
    my $ping = sub { post('/api/health/fast/8', @to) };
    $report->();
    while (now() < $end) {
        $step->($ping, $report);
        $viewer->pump(now());
        pause(0.2);
    }
    my @states = $step->(map { my $id = $_; sub { shard('fast', $id, @to)->{state} } } 8, 9);
    return ($longest, @states);
}

subtest 'heartbeats keep it as it is' => sub {
    my ($viewer, @states);
    # Try again if this process was too slow to keep them alive.
    for (1 .. 10) {
        $viewer = opened();
        (my $longest, @states) = kept_alive($viewer);
        last if $longest < $TIMEOUT;
    }
    is($states[0], 4, 'pings');
    is($states[1], 3, 'or reports of the same state');
    my @unhealthy = map { Glance::Picture::expand($_) } grep { defined }
        map { $_->{json}{clusters}{fast}{1} }
        grep { ($_->{event} // '') eq 'update' } @{ $viewer->{blocks} };
    is(scalar(grep { $_ == 8 || $_ == 9 } @unhealthy), 0, 'and the stream told nothing else');
};

subtest 'a ping brings it back, online' => sub {
    my $viewer = opened();
    post('/api/status/fast/10/6', @to);
    ok(told($viewer, 1, 10), 'unhealthy');
    my $pinged = now();
    answers(post('/api/health/fast/10', @to), 204, 'a ping');
    my $state = shard('fast', 10, @to)->{state};
    is($state, 3, 'online, not what it was before') if now() < $pinged + $TIMEOUT;
    is(shard('fast', 10, @to)->{reported}, 6, 'beside what it reported');
    ok(told($viewer, 3, 10), 'the stream tells it');
    ok(told($viewer, 1, 10), 'and the next silence as well');
};

subtest 'a report brings it back as it says' => sub {
    post('/api/status/fast/11/3', @to);
    ok((await { shard('fast', 11, @to)->{state} == 1 } 5), 'unhealthy');
    my $reported = now();
    post('/api/status/fast/11/4', @to);
    my $state = shard('fast', 11, @to)->{state};
    is($state, 4, 'starting') if now() < $reported + $TIMEOUT;
};

subtest 'one line in the log for each transition' => sub {
    my $log = $server->log;
    post('/api/status/fast/12/5', @to);
    my $line = $log->await_line(qr/GL0020: cluster fast shard 12: /, 5);
    like($line, qr/\[glance:info\].*GL0020: cluster fast shard 12: stopping -> unhealthy, silent for \d+\.\d s$/,
        'names cluster, shard, from, to and the silence') or return;
    my ($silent) = $line =~ /silent for (\S+)/;
    cmp_ok($silent, '>=', $TIMEOUT, 'which is as long as the timeout');
    cmp_ok($silent, '<=', $LATEST, 'and a second at most longer');
    pause(0.3);
    post('/api/health/fast/12', @to);
    my $back = $log->await_line(qr/GL0021: cluster fast shard 12: /, 5);
    like($back, qr/\[glance:info\].*GL0021: cluster fast shard 12: unhealthy -> online, silent for \d+\.\d s$/,
        'the same for the way back');
    is(scalar(my @lines = $log->lines(qr/GL0020: cluster fast shard 12: /)), 1, 'by one of them all');
};

subtest 'an outage of many shards does not fill the log' => sub {
    my $httpd = Glance::Httpd->new->configure("GlanceBots many:400\nGlanceHealthTimeout 2s\n")->start;
    my $bot = Glance::Http->new(port => $httpd->port);
    my $all = sub {
        my $path = shift;
        $bot->send_raw(join '', map { Glance::Http::compose('POST', sprintf $path, $_) } 0 .. 399);
        return scalar grep { $bot->answer->status == 204 } 0 .. 399;
    };
    my $log = $httpd->log;
    is($all->('/api/status/many/%d/3'), 400, '400 shards come');
    ok((await { $httpd->states_of('many') eq '1' x 400 } 20), 'and fall silent');
    my (@lines, $sum);
    await {
        @lines = $log->lines(qr/GL0020/);
        $sum = @lines;
        $sum += $_ for map { /GL0022: (\d+) more shards of board private.test became unhealthy/ } $log->lines(qr/GL0022/);
        $sum >= 400;
    } 10;
    cmp_ok(scalar @lines, '<', 400, scalar(@lines) . ' lines say so');
    is($sum, 400, 'and a last one how many there are');
    $log->mark;
    is($all->('/api/health/many/%d'), 400, 'they come back');
    @lines = $log->lines(qr/GL0021/);
    cmp_ok(scalar @lines, '<=', 200, 'with no more than 50 lines a second');
    ok((await { $httpd->states_of('many') eq '1' x 400 } 20), 'and fall silent again');
    answers($bot->request('POST', '/api/health/many/0'), 204, 'one comes back');
    ok($log->lines(qr/GL0023: \d+ more shards have come back/), 'and its line is preceded by the number of the others');
    $bot->close;
    $httpd->stop;
};

subtest 'other boards keep their own timeout' => sub {
    $server->post('/api/status/main/52/3');
    pause(1.5 * $TIMEOUT);
    is($server->http('GET', '/api/status/main/52')->json->{state}, 3, 'the default of 30 s');
};

subtest 'a read sees the deadline, whoever has swept' => sub {
    my $httpd = Glance::Httpd->new->configure(<<'CONF')->start;
GlanceBots main:4
GlanceHealthTimeout 500ms
GlanceHealthTimerInterval 1000
CONF
    for my $round (1 .. 3) {
        my $before = now();
        $httpd->post("/api/status/main/$round/3");
        my $answer = $httpd->http('GET', '/api/status/main')->json;
        is($answer->{clusters}[0]{list}[$round]{state}, 3, 'online') if now() < $before + 0.5;
        pause(0.6);
        is($httpd->http('GET', "/api/status/main/$round")->json->{status}, 'unhealthy',
            'half a second later it is not');
        like($httpd->http('GET', '/plain')->body, qr/^  unhealthy\s+1/m, 'nor in plain text');
        is(substr($httpd->states_of('main'), $round, 1), '1', 'nor in the whole snapshot');
    }
    my $hello = $httpd->viewer->next_of('hello');
    is($hello->{json}{clusters}[0]{states}, '0111', 'nor in a hello');
    is($hello->{json}{timeout}, 0.5, 'which names the timeout');
};

done_testing;
