# The messages of the original Glance: hello, state_update, health_ping. session.t has their order for
# each request of a bot.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The board of the virtual host feed: main:100 patron:6 Grüße:4.
my @to = (port => port('feed'));

sub opened {
    my $feed = feed(@to, @_);
    my $hello = $feed->next_of('hello') or die 'no hello';
    return ($feed, $hello->{json});
}

# The states as a client of the original knows them: cluster => one digit for each shard
sub picture_of {
    my $clusters = shift;
    my %picture;
    for my $name (keys %$clusters) {
        my $cluster = $clusters->{$name};
        $picture{$name} = join '', map { ($cluster->{$_} || { state => 0 })->{state} }
            0 .. $cluster->{len} - 1;
    }
    return \%picture;
}

sub apply {
    my ($picture, @messages) = @_;
    for my $payload (map { $_->{json} } @messages) {
        substr $picture->{ $payload->{cluster} }, $payload->{shard}, 1, $payload->{state}
            if exists $payload->{state};
    }
    return $picture;
}

sub board { return { map { $_ => states_of($_, @to) } 'main', 'patron', "Gr\x{fc}\x{df}e" } }

# Waits until the feed has the current states of the board.
sub catches_up {
    my ($feed, $picture, $name) = @_;
    my $want = board();
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    await {
        apply($picture, $feed->messages_within(0.05));
        !grep { $picture->{$_} ne $want->{$_} } keys %$want;
    } 10;
    return is_deeply($picture, $want, $name);
}

sub post_all {
    my @paths = @_;
    my $http = Glance::Http->new(@to);
    while (my @some = splice @paths, 0, 100) {
        $http->send_raw(join '', map { Glance::Http::compose('POST', $_) } @some);
        for (@some) {
            my $answer = $http->answer;
            die 'POST failed' unless $answer and $answer->status == 204;
        }
    }
}

subtest 'hello' => sub {
    my $before = time;
    post('/api/status/main/3/4', @to);
    post('/api/status/Gr%C3%BC%C3%9Fe/1/3', @to);
    my (undef, $clusters) = opened();
    is_deeply([sort keys %$clusters], ["Gr\x{fc}\x{df}e", 'main', 'patron'], 'each cluster by its name');
    is_deeply([map { $clusters->{$_}{len} } 'main', 'patron', "Gr\x{fc}\x{df}e"], [100, 6, 4],
        'len: its shards');
    is($clusters->{main}{3}{state}, 4, 'a shard\'s state');
    cmp_ok($clusters->{main}{3}{last_healthy}, '>=', $before - 1, 'and its last sign of life');
    cmp_ok($clusters->{main}{3}{last_healthy}, '<=', time + 1, 'in seconds since 1970');
    ok(!exists $clusters->{patron}{5}, 'a shard that never reported is not there');
    is_deeply(picture_of($clusters), board(), 'the states are those that GET shows');
};

subtest 'hello keeps the clusters in their order' => sub {
    my $feed = feed(@to);
    my $text = $feed->next_of('hello')->{payload};
    like($text, qr/"main":.*"patron":.*"Gr[^"]+e":/, 'which is that of the page');
};

subtest 'hello of a board of many shards' => sub {
    my @big = (port => port('crowd'));
    my $http = Glance::Http->new(@big);
    $http->send_raw(join '', map { Glance::Http::compose('POST', "/api/status/crowd/$_/3") } 0 .. 999);
    $http->answer for 0 .. 999;
    my $clusters = feed(@big)->next_of('hello')->{json};
    is(scalar(keys %{ $clusters->{crowd} }), 1001, 'all thousand, and len');
};

subtest 'state_update' => sub {
    post('/api/status/main/7/6', @to);
    my ($feed) = opened();
    for my $state (2, 3, 0, 1, 4, 5, 6) {
        my $sent = now();
        post("/api/status/main/7/$state", @to);
        my $message = $feed->next_of('state_update');
        is_deeply($message->{json}, { cluster => 'main', shard => 7, state => $state }, "state $state");
        cmp_ok($message->{at} - $sent, '<', patience(1), 'at once');
    }
    post('/api/status/Gr%C3%BC%C3%9Fe/2/5', @to);
    is($feed->next_of('state_update')->{json}{cluster}, "Gr\x{fc}\x{df}e", 'a name in UTF-8');
};

subtest 'health_ping' => sub {
    post('/api/status/main/8/3', @to);
    my ($feed) = opened();
    for my $round (1 .. 3) {
        my $sent = now();
        post('/api/health/main/8', @to);
        my $message = $feed->next_message;
        is($message->{op}, 'health_ping', 'op');
        is_deeply($message->{json}, { cluster => 'main', shard => 8 }, 'payload');
        cmp_ok($message->{at} - $sent, '<', 1 + patience(0.5), 'within a second');
    }
    post('/api/status/main/8/1', @to);
    is($feed->next_of('state_update')->{json}{state}, 1, 'unhealthy');
    my $sent = now();
    post('/api/health/main/8', @to);
    my $message = $feed->next_message;
    is($message->{op}, 'health_ping', 'a ping that brings a shard back');
    is_deeply($message->{json}, { cluster => 'main', shard => 8, state => 3 }, 'says so');
    cmp_ok($message->{at} - $sent, '<', patience(1), 'at once');
};

subtest 'pings of a second collapse' => sub {
    post("/api/status/main/$_/3", @to) for 10 .. 12;
    my ($feed) = opened();
    $feed->messages_within(1.3);
    my $http = Glance::Http->new(@to);
    my $began = now();
    my ($end, $pings, @messages) = ($began + 3, 0);
    while (now() < $end) {
        $http->request('POST', '/api/health/main/' . (10 + $pings++ % 3));
        $feed->pump(now());
    }
    @messages = $feed->messages_within(1.3);
    my $seconds = now() - $began;
    is(scalar(grep { $_->{op} ne 'health_ping' } @messages), 0, 'nothing but pings');
    my %times;
    push @{ $times{ $_->{json}{shard} } }, $_->{at} for @messages;
    is_deeply([sort keys %times], [10, 11, 12], 'each shard\'s');
    for my $id (sort keys %times) {
        my @at = @{ $times{$id} };
        cmp_ok(scalar @at, '<=', 1 + $seconds, "shard $id: " . @at . ' messages, of a third of ' . $pings);
        cmp_ok(scalar @at, '>=', 2, '... but one each second');
    }
};

subtest 'many changes in one go' => sub {
    my ($feed, $hello) = opened();
    my $picture = picture_of($hello);
    post_all(map { "/api/status/main/$_/6" } 20 .. 80);
    my %told;
    await {
        my @messages = $feed->messages_within(0.05);
        apply($picture, @messages);
        $told{ $_->{json}{shard} }++ for grep { $_->{op} eq 'state_update' } @messages;
        keys %told == 61;
    } 10;
    is_deeply([sort { $a <=> $b } keys %told], [20 .. 80], 'one message for each shard');
    is(scalar(grep { $_ != 1 } values %told), 0, 'and no more than one');
    is_deeply($picture, board(), 'the picture is right');
};

subtest '?pulse=0 gets no ping without a state' => sub {
    post('/api/status/main/13/1', @to);
    my ($quiet) = opened(path => '/api/feed?pulse=0');
    my ($pulse) = opened(path => '/api/feed?pulse=1');
    post('/api/health/main/13', @to);
    my $message = $quiet->next_message;
    is("$message->{op} $message->{json}{state}", 'health_ping 3', 'one that brings a shard back is told');
    post('/api/health/main/13', @to);
    ok((await { grep { $_->{op} eq 'health_ping' && !exists $_->{json}{state} } $pulse->messages_within(0.1) } 5),
        'another feed gets a ping');
    post('/api/status/main/14/2', @to);
    post('/api/status/main/14/3', @to);
    is($quiet->next_message->{op}, 'state_update', 'the next message of the quiet one');
    my @more = $quiet->messages_within(1.3);
    is(scalar(grep { !exists $_->{json}{state} } @more), 0, 'nor any later');
};

subtest 'refused requests say nothing' => sub {
    my ($feed) = opened();
    answers(post('/api/health/patron/4', @to), 409, 'health of a shard that is not known');
    answers(post('/api/status/main/100/3', @to), 400, 'a shard out of range');
    answers(post('/api/status/main/1/7', @to), 400, 'a state out of range');
    is(scalar(my @messages = $feed->messages_within(1.3)), 0, 'no message');
};

subtest 'a client sees what GET shows, whatever happens' => sub {
    my ($one, $hello) = opened();
    my ($two, $again) = opened(path => '/api/feed?pulse=0');
    srand 23;
    post_all(map { rand() < 0.5 ? sprintf('/api/status/main/%d/%d', rand 100, rand 7)
        : sprintf '/api/status/patron/%d/%d', rand 6, rand 7 } 1 .. 1500);
    catches_up($one, picture_of($hello), 'after 1500 random changes');
    catches_up($two, picture_of($again), 'without the pulse, too');
};

subtest 'stream and feeds on one board are told the same' => sub {
    my ($feed, $hello) = opened();
    my $events = feed(@to, events => 1);
    my $stream = viewer(@to);
    my $said = $stream->next_of('hello');
    my %picture = (
        stream => Glance::Picture->new->apply($said),
        events => Glance::Picture->new->apply($events->next_of('hello')),
    );
    my $picture = picture_of($hello);
    srand 5;
    post_all(map { sprintf '/api/status/main/%d/%d', rand 100, rand 7 } 1 .. 300);
    post('/api/status/main/99/0', @to);
    post('/api/status/main/99/1', @to);
    post('/api/health/main/99', @to);
    catches_up($feed, $picture, 'the feed');
    my $want = states_of('main', @to);
    await {
        $picture{stream}->apply($_) for grep { $_->{event} } $stream->blocks_within(0.05);
        $picture{events}->apply($_) for $events->messages_within(0.05);
        !grep { $_->states('main') ne $want } values %picture;
    } 10;
    is($picture{$_}->states('main'), $want, "the same as on the $_") for sort keys %picture;
};

subtest 'fifty feeds' => sub {
    my @feeds = map { feed(@to, later => 1) } 1 .. 50;
    $_->read_head for @feeds;
    my @pictures = map { picture_of($_->next_of('hello')->{json}) } @feeds;
    post_all(map { sprintf '/api/status/main/%d/%d', rand 100, rand 7 } 1 .. 200);
    my $want = board();
    my @behind;
    await {
        apply($pictures[$_], $feeds[$_]->messages_within(0.005)) for 0 .. $#feeds;
        @behind = grep { $pictures[$_]{main} ne $want->{main} } 0 .. $#feeds;
        !@behind;
    } 15;
    is(scalar @behind, 0, 'all have the whole picture');
};

done_testing;
