# Resuming: Last-Event-ID gets exactly the changes since that event, or hello.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The board of the virtual host live: main:100 patron:6; this file uses shards 54 to 69 of main.
my @to = (port => port('live'));

post("/api/status/main/$_/2", @to) for 54 .. 69;

sub current_id {
    my $viewer = viewer(@to);
    my $id = $viewer->next_event->{id};
    $viewer->close;
    return $id;
}

sub first_event { viewer(@to, @_)->next_event }

sub is_update {
    my ($event, $clusters, $name) = @_;
    is($event ? $event->{event} : undef, 'update', "$name: an update");
    is_deeply($event ? $event->{json}{clusters} : undef, $clusters, "$name: with what changed");
}

subtest 'by header' => sub {
    my $id = current_id();
    post('/api/status/main/54/3', @to);
    post('/api/status/patron/5/' . (shard('patron', 5, @to)->{state} == 4 ? 5 : 4), @to);
    my $patron = shard('patron', 5, @to)->{state};
    is_update(first_event(last => $id), { main => { 3 => '54' }, patron => { $patron => '5' } },
        'after two changes');
};

subtest 'by query' => sub {
    my $id = current_id();
    post('/api/status/main/55/3', @to);
    is_update(first_event(path => "/api/stream?last-event-id=$id"), { main => { 3 => '55' } },
        'alone');
    is_update(first_event(path => "/api/stream?pulse=0&last-event-id=$id"),
        { main => { 3 => '55' } }, 'beside another parameter');
    is_update(first_event(path => "/api/stream?last-event-id=$id&pulse=0"),
        { main => { 3 => '55' } }, 'before another parameter');
    is_update(first_event(path => '/api/stream?last-event-id=' . $id =~ s/-/%2d/r),
        { main => { 3 => '55' } }, 'percent-encoded');
};

subtest 'by the query of a replacement for EventSource' => sub {
    my $id = current_id();
    my ($epoch, $seq) = split /-/, $id;
    my $state = shard('main', 53, @to)->{state} == 4 ? 5 : 4;
    post("/api/status/main/53/$state", @to);
    for my $name (qw(lastEventId lastEventID last_event_id Last-Event-ID)) {
        is_update(first_event(path => "/api/stream?$name=$id"), { main => { $state => '53' } }, $name);
        is_update(first_event(path => "/api/stream?pulse=0&$name=$id&r=0.5"), { main => { $state => '53' } },
            "$name beside others");
        is(first_event(path => "/api/stream?$name=")->{event}, 'hello', "$name, empty before the first event");
    }
    is_update(first_event(path => '/api/stream?last-event-id=' . current_id() . "&lastEventId=$id"),
        { main => { $state => '53' } }, 'beside one that the page wrote into the address');
    is_update(first_event(path => "/api/stream?last-event-id=$id&lastEventId="), { main => { $state => '53' } },
        'empty beside one that the page wrote into the address');
};

subtest 'without a change the update is empty' => sub {
    my $id = current_id();
    my $viewer = viewer(@to, last => $id);
    my $event = $viewer->next_event;
    is_update($event, {}, 'at once');
    is($event->{id}, $id, 'its id is the same');
    my @more = grep { ($_->{event} // '') =~ /hello|update/ } $viewer->blocks_within(0.3);
    is(scalar @more, 0, 'and it is exactly one');
};

subtest 'retry comes first, as at any opening' => sub {
    my $block = viewer(@to, last => current_id())->next_block;
    is($block->{retry}, 3000, 'retry: 3000');
};

subtest 'many changes are told as their outcome' => sub {
    my $id = current_id();
    post("/api/status/main/56/$_", @to) for 3, 4, 5, 6, 3;
    post("/api/status/main/57/$_", @to) for 3, 2;
    my $event = first_event(last => $id);
    is($event->{json}{clusters}{main}{3}, '56', 'the newest state');
    my $two = $event->{json}{clusters}{main}{2};
    ok(!defined $two || $two eq '57', 'a shard that is back where it was may be told again');
    is_deeply([grep { !/[23]/ } keys %{ $event->{json}{clusters}{main} }], [], 'nothing between');
};

subtest 'what follows is live' => sub {
    my $viewer = viewer(@to, last => current_id());
    my $first = $viewer->next_event;
    post('/api/status/main/58/3', @to);
    my $update = $viewer->next_of('update');
    is_update($update, { main => { 3 => '58' } }, 'the next');
    my ($before) = $first->{id} =~ /-(\d+)/;
    my ($after)  = $update->{id} =~ /-(\d+)/;
    cmp_ok($after, '>', $before, 'with a higher id');
};

subtest 'however long ago' => sub {
    my ($epoch) = current_id() =~ /\A(.*)-/;
    my $event = first_event(last => "$epoch-0");
    is($event->{event}, 'update', 'the epoch\'s beginning');
    my $picture = Glance::Picture->new->apply({ event => 'hello',
        json => { clusters => [{ name => 'main', states => '0' x 100 },
                               { name => 'patron', states => '0' x 6 }] } });
    $picture->apply($event);
    is($picture->states('main'), states_of('main', @to), 'gives the whole picture');
};

subtest 'a chain of reconnections loses nothing' => sub {
    my $viewer = viewer(@to);
    my $picture = Glance::Picture->new->apply($viewer->next_event);
    for my $round (1 .. 10) {
        my $id = $viewer->{last};
        $viewer->close;
        post(sprintf('/api/status/main/%d/%d', 59 + $round, 3 + $round % 3), @to);
        $viewer = viewer(@to, last => $id);
        my $event = $viewer->next_event;
        is($event->{event}, 'update', "round $round") or return;
        $picture->apply($event);
    }
    is($picture->states('main'), states_of('main', @to), 'as GET has it');
};

subtest 'anything else gets hello' => sub {
    my $id = current_id();
    my ($epoch, $seq) = split /-/, $id;
    my %ids = (
        'the empty id'          => '',
        'a word'                => 'garbage',
        'a number alone'        => $seq,
        'an epoch alone'        => $epoch,
        'no sequence'           => "$epoch-",
        'no epoch'              => "-$seq",
        'a negative sequence'   => "$epoch--1",
        'a plus'                => "$epoch-+$seq",
        'hexadecimal'           => "$epoch-0x1",
        'an exponent'           => "$epoch-1e0",
        'a fraction'            => "$epoch-1.0",
        'something behind'      => "${id}x",
        'a third part'          => "$id-1",
        'a sequence to come'    => $epoch . '-' . ($seq + 1000),
        'the next sequence'     => $epoch . '-' . ($seq + 1_000_000),
        '2^64'                  => "$epoch-18446744073709551616",
        'more than 2^64'        => "$epoch-" . '9' x 40,
        'another epoch'         => "${epoch}0-$seq",
        'epoch zero'            => "0-$seq",
        'a very long one'       => 'x' x 4000,
        'bytes above 127'       => "\xff\xfe-$seq",
    );
    for my $name (sort keys %ids) {
        my $event = first_event(last => $ids{$name});
        is($event ? $event->{event} : undef, 'hello', $name);
    }
    is(first_event(path => "/api/stream?last-event-id=$_")->{event}, 'hello', "query $_")
        for '', 'garbage', "$epoch-", "${epoch}0-$seq";
};

subtest 'the header wins over the query' => sub {
    my $id = current_id();
    my ($epoch, $seq) = split /-/, $id;
    my $good = first_event(last => $id, path => '/api/stream?last-event-id=garbage');
    is($good->{event}, 'update', 'a good header and a bad query');
    my $bad = first_event(last => "${epoch}0-$seq", path => "/api/stream?last-event-id=$id");
    is($bad->{event}, 'hello', 'a foreign header and a good query');
    post('/api/status/main/59/' . (shard('main', 59, @to)->{state} == 4 ? 5 : 4), @to);
    my $newer = current_id();
    is_deeply(first_event(last => $newer, path => "/api/stream?last-event-id=$id")->{json}{clusters},
        {}, 'of two good ones the header\'s counts');
};

done_testing;
