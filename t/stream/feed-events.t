# The subprotocol glance-events: the events of the stream over a WebSocket, resumed by their ids.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The board of the virtual host feed: main:100 patron:6 Grüße:4.
my @to = (port => port('feed'), events => 1);
my @board = (port => port('feed'));

post("/api/status/main/$_/2", @board) for 0 .. 9;

sub first_event { feed(@to, @_)->next_message }

sub current_id { first_event()->{id} }

# The members of an event that do not depend on its time
sub lasting {
    my $event = shift;
    my %data = %{ $event->{json} };
    delete $data{now};
    return { %data, event => $event->{event}, id => $event->{id} };
}

# The first event with a heartbeat of a shard
sub sign_of {
    my ($client, $id) = @_;
    while (my $event = $client->next_of('health')) {
        return $event if grep { $_ == $id } Glance::Picture::expand($event->{json}{clusters}{main} // '');
    }
    return;
}

subtest 'the same events as on the stream' => sub {
    my $feed = feed(@to);
    is($feed->header('sec-websocket-protocol'), 'glance-events', 'the subprotocol is agreed on');
    my $stream = viewer(@board);
    my ($one, $other) = ($feed->next_message, $stream->next_event);
    is_deeply(lasting($one), lasting($other), 'hello, with its id');
    is_deeply([sort keys %{ $one->{json} }], [qw(clusters now timeout)], 'and its members');
    for my $state (3, 4, 5) {
        post("/api/status/main/1/$state", @board);
        is_deeply(lasting($feed->next_of('update')), lasting($stream->next_of('update')),
            "update to state $state");
    }
    post('/api/health/main/2', @board);
    my $health = sign_of($feed, 2);
    ok($health && sign_of($stream, 2), 'health');
    like($health->{id}, qr/\A[0-9a-f]{16}-\d+\z/, 'and its id');
};

subtest 'a large hello' => sub {
    my $hello = feed(port => port('big'), events => 1)->next_message(20);
    is(length $hello->{json}{clusters}[0]{states}, 100_000, 'all shards of a hundred thousand');
};

subtest 'resuming' => sub {
    my $id = current_id();
    post('/api/status/main/3/3', @board);
    post('/api/status/main/4/4', @board);
    my $event = first_event(last => $id);
    is($event->{event}, 'update', 'an update');
    is_deeply($event->{json}{clusters}, { main => { 3 => '3', 4 => '4' } }, 'with what changed since');
    is_deeply(first_event(last => $event->{id})->{json}{clusters}, {}, 'nothing since then: an empty one');
    is_deeply(first_event(last => $id, path => '/api/feed?pulse=0')->{json}{clusters},
        { main => { 3 => '3', 4 => '4' } }, 'beside another parameter');
};

subtest 'ids of the stream and of the feed are one' => sub {
    my $id = viewer(@board)->next_event->{id};
    post('/api/status/main/5/3', @board);
    is_deeply(first_event(last => $id)->{json}{clusters}, { main => { 3 => '5' } }, 'the stream\'s on the feed');
    $id = current_id();
    post('/api/status/main/6/3', @board);
    is_deeply(viewer(@board, last => $id)->next_event->{json}{clusters}, { main => { 3 => '6' } },
        'the feed\'s on the stream');
};

subtest 'a chain of reconnections loses nothing' => sub {
    my $feed = feed(@to);
    my $picture = Glance::Picture->new->apply($feed->next_message);
    for my $round (1 .. 10) {
        my $id = $feed->{last};
        $feed->send_raw(Glance::Ws::close_frame(1000)) if $round % 2;
        $feed->close;
        post(sprintf('/api/status/main/%d/%d', 10 + $round, 3 + $round % 3), @board);
        $feed = feed(@to, last => $id);
        my $event = $feed->next_message;
        is($event->{event}, 'update', "round $round") or return;
        $picture->apply($event);
    }
    is($picture->states('main'), states_of('main', @board), 'as GET has it');
};

subtest 'anything else gets hello' => sub {
    my $id = current_id();
    my ($epoch, $seq) = split /-/, $id;
    for my $bad ('', 'garbage', $seq, $epoch, "$epoch-", "-$seq", "$epoch--1", "${id}x",
        $epoch . '-' . ($seq + 1000), "$epoch-18446744073709551616", '0' x 16 . "-$seq", 'x' x 4000) {
        my $name = length $bad > 40 ? 'a very long one' : "'$bad'";
        is(first_event(last => $bad)->{event}, 'hello', $name);
    }
};

subtest '?pulse=0 gets no health, and every update' => sub {
    my $quiet = feed(@to, path => '/api/feed?pulse=0');
    my $pulse = feed(@to);
    $_->next_of('hello') for $quiet, $pulse;
    post('/api/health/main/3', @board);
    ok($pulse->next_of('health', 5), 'another feed gets it');
    post('/api/status/main/7/3', @board);
    is($quiet->next_message->{event}, 'update', 'the first event of the quiet one');
    is(scalar(grep { $_->{event} eq 'health' } $quiet->messages_within(1.3)), 0, 'nor any later');
};

subtest 'the original\'s protocol does not resume' => sub {
    my $id = current_id();
    my $feed = feed(@board, last => $id);
    is($feed->next_message->{op}, 'hello', 'it has no ids: hello');
};

subtest 'a feed that is slow to begin' => sub {
    my $feed = feed(@to, later => 1);
    post('/api/status/main/8/' . (2 + $_ % 3), @board) for 1 .. 10;
    $feed->read_head;
    my $picture = Glance::Picture->new->apply($feed->next_message);
    my $want = states_of('main', @board);
    await { $picture->apply($_) for $feed->messages_within(0.05); $picture->states('main') eq $want } 5;
    is($picture->states('main'), $want, 'has the whole picture');
};

done_testing;
