# Event health: heartbeats, at most once a second.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The board of the virtual host live: main:100 patron:6; this file uses shards 70 to 99 of main.
my @to = (port => port('live'));

post("/api/status/main/$_/3", @to) for 70 .. 99;
post("/api/status/patron/$_/3", @to) for 0 .. 5;

sub opened {
    my $viewer = viewer(@to, @_);
    $viewer->next_of('hello');
    # Heartbeats of other files do not count.
    $viewer->blocks_within(1.3);
    return $viewer;
}

# cluster => { id => 1 }, from health events
sub signs {
    my %signs;
    for my $event (@_) {
        my $clusters = $event->{json}{clusters};
        for my $name (keys %$clusters) {
            $signs{$name}{$_} = 1 for Glance::Picture::expand($clusters->{$name});
        }
    }
    return \%signs;
}

subtest 'one ping' => sub {
    my $viewer = opened();
    my $sent = now();
    post('/api/health/main/70', @to);
    my $event = $viewer->next_event;
    is($event->{event}, 'health', 'the next event');
    is_deeply($event->{json}, { clusters => { main => '70' } }, 'who was heard of');
    cmp_ok($event->{at} - $sent, '<', patience(2), 'within a second or so');
    like($event->{id}, qr/\A[0-9A-Za-z]+-\d+\z/, 'its id');
};

subtest 'several clusters, in ranges' => sub {
    my $viewer = opened();
    post("/api/health/main/$_", @to) for 71, 72, 73, 80;
    post("/api/health/patron/$_", @to) for 0, 1;
    my @events;
    my $all = await {
        push @events, grep { ($_->{event} // '') eq 'health' } $viewer->blocks_within(0.2);
        my $signs = signs(@events);
        keys %{ $signs->{main} || {} } == 4 && keys %{ $signs->{patron} || {} } == 2;
    } 5;
    ok($all, 'all of them, and nobody else');
};

subtest 'not to those who came after it' => sub {
    my $viewer = opened();
    post('/api/health/main/81', @to);
    my @late = map { viewer(@to) } 1 .. 8;    # some of them in the same child
    $_->next_of('hello') for @late;
    post('/api/health/main/82', @to);
    ok(signs($viewer->next_of('health', 5))->{main}{81}, 'an early viewer is told');
    my @told = map { signs($_->next_of('health', 5)) } @late;
    is_deeply(\@told, [map { { main => { 82 => 1 } } } @late], 'late ones only what came after them');
};

subtest 'a status is a sign of life, too' => sub {
    my $viewer = opened();
    post('/api/status/main/81/3', @to);
    my $event = $viewer->next_of('health', 3);
    is_deeply($event ? $event->{json}{clusters} : undef, { main => '81' },
        'also one that changes nothing');
};

subtest 'no more than one a second, however many pings' => sub {
    my $viewer = opened();
    my $quiet  = opened(path => '/api/stream?pulse=0');
    my $http = Glance::Http->new(@to);
    my (@events, $pings);
    my $end = now() + 3.3;
    while (now() < $end) {
        my $id = 82 + $pings++ % 18;
        $http->request('POST', "/api/health/main/$id");
        $viewer->pump(now());
        $quiet->pump(now());
    }
    # The heartbeats of the last second are not sent yet.
    my $whole = await {
        push @events, grep { $_->{event} } $viewer->blocks_within(0.1);
        keys %{ signs(@events)->{main} || {} } == 18;
    } 3;
    cmp_ok($pings, '>', 20, "$pings pings");
    ok($whole, 'each shard was told of');
};

subtest 'their pace' => sub {
    my $began = now();
    my $viewer = opened();
    my $http = Glance::Http->new(@to);
    my $end = now() + 3.3;
    while (now() < $end) {
        $http->request('POST', '/api/health/main/82');
        $viewer->pump(now());
        pause(0.02);
    }
    $viewer->pump(now() + 1.2);
    my @at = map { $_->{at} } grep { ($_->{event} // '') eq 'health' } @{ $viewer->{blocks} };
    cmp_ok(scalar @at, '>=', 2, 'several events');
    cmp_ok(scalar @at, '<=', 1 + (now() - $began), 'and no more than one a second') or diag("@at");
};

subtest '?pulse=0 gets none, and every update' => sub {
    my $quiet = viewer(@to, path => '/api/stream?pulse=0');
    my $pulse = viewer(@to, path => '/api/stream?pulse=1');
    $_->next_of('hello') for $quiet, $pulse;
    post('/api/health/main/90', @to);
    ok($pulse->next_of('health', 5), 'another viewer gets it');
    post('/api/status/main/91/2', @to);
    post('/api/status/main/91/3', @to);
    my $event = $quiet->next_event;
    is($event->{event}, 'update', 'the first event of the quiet one');
    my @kinds = map { $_->{event} // () } $quiet->blocks_within(1.3);
    is(scalar(grep { $_ eq 'health' } @kinds), 0, 'nor any later');
    answers(post('/api/health/main/91', @to), 204, 'though shards go on pinging');
};

subtest 'an id of a health event resumes like any other' => sub {
    my $viewer = opened();
    post('/api/health/main/92', @to);
    my $event = $viewer->next_of('health');
    $viewer->close;
    my $again = viewer(@to, last => $event->{id});
    my $first = $again->next_event;
    is($first->{event}, 'update', 'with an update');
    is_deeply($first->{json}{clusters}, {}, 'which is empty: a ping is no change');
};

done_testing;
