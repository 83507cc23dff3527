# Event update: changed states.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The board of the virtual host live: main:100 patron:6.
my @to = (port => port('live'));

# Sends many POSTs over one connection and reads all answers.
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

sub opened {
    my $viewer = viewer(@to, @_);
    my $picture = Glance::Picture->new->apply($viewer->next_event);
    return ($viewer, $picture);
}

# Waits until the viewer has the current states of the board.
sub catches_up {
    my ($viewer, $picture, $name) = @_;
    my $want = { map { $_ => states_of($_, @to) } qw(main patron) };
    my $same = sub { !grep { $picture->states($_) ne $want->{$_} } keys %$want };
    while (!$same->()) {
        my $event = $viewer->next_of('update', 5) or last;
        $picture->apply($event);
    }
    is_deeply({ map { $_ => $picture->states($_) } keys %$want }, $want, $name);
}

post_all(map { ("/api/status/main/$_/2") } 0 .. 99);

subtest 'one change' => sub {
    my ($viewer) = opened();
    my $sent = now();
    post('/api/status/main/5/3', @to);
    my $update = $viewer->next_of('update');
    cmp_ok($update->{at} - $sent, '<', patience(1), 'arrives at once');
    is_deeply([sort keys %{ $update->{json} }], [qw(clusters now)], 'members');
    is_deeply($update->{json}{clusters}, { main => { 3 => '5' } }, 'state to ids');
    cmp_ok(abs($update->{json}{now} - time), '<', patience(10), 'now');
};

subtest 'changes in two clusters' => sub {
    post('/api/status/patron/1/2', @to);
    my ($viewer, $picture) = opened();
    post('/api/status/patron/1/4', @to);
    post('/api/status/main/6/4', @to);
    catches_up($viewer, $picture, 'both arrive');
    is(substr($picture->states('patron'), 1, 1), 4, 'patron');
    is(substr($picture->states('main'),   6, 1), 4, 'main');
};

subtest 'ids in a row are a range' => sub {
    my ($viewer, $picture) = opened();
    post_all(map { "/api/status/main/$_/6" } 10 .. 25, 40);
    catches_up($viewer, $picture, 'as GET has it');
    # All of them in one update, by resuming from an earlier event.
    my $again = viewer(@to, last => $viewer->{last} =~ s/-\d+\z/-0/r)->next_event;
    is($again->{json}{clusters}{main}{6}, '10-25,40', 'written as ranges');
};

subtest 'a report of the state that a shard has already is no change' => sub {
    my ($viewer) = opened();
    post('/api/status/main/5/3', @to);
    post('/api/status/main/5/3', @to);
    post('/api/status/main/50/3', @to);
    my $update = $viewer->next_of('update');
    is_deeply($update->{json}{clusters}, { main => { 3 => '50' } }, 'only the change is told');
};

subtest 'an unhealthy shard that pings is a change' => sub {
    post('/api/status/main/51/1', @to);
    my ($viewer) = opened();
    post('/api/health/main/51', @to);
    my $update = $viewer->next_of('update');
    is_deeply($update->{json}{clusters}, { main => { 3 => '51' } }, 'it is online');
};

subtest 'ids go up, in one epoch' => sub {
    my ($viewer) = opened();
    my ($epoch, $last) = split /-/, $viewer->{last};
    for my $round (1 .. 8) {
        post('/api/status/main/52/' . ($round % 2 ? 3 : 2), @to);
        my $update = $viewer->next_of('update');
        my ($e, $seq) = split /-/, $update->{id};
        is($e, $epoch, "epoch of update $round");
        cmp_ok($seq, '>', $last, "sequence of update $round");
        $last = $seq;
    }
};

subtest 'every state is told' => sub {
    my ($viewer) = opened();
    for my $state (0, 1, 3, 4, 5, 6, 2) {
        post("/api/status/main/53/$state", @to);
        my $update = $viewer->next_of('update');
        is_deeply($update->{json}{clusters}, { main => { $state => '53' } }, "state $state");
    }
};

subtest 'a viewer sees what GET shows, whatever happens' => sub {
    my ($viewer, $picture) = opened();
    my ($second, $other)   = opened(path => '/api/stream?pulse=0');
    srand 17;
    post_all(map { sprintf '/api/status/main/%d/%d', rand 100, rand 7 } 1 .. 1500);
    catches_up($viewer, $picture, 'after 1500 random changes');
    catches_up($second, $other, 'without the pulse, too');
};

done_testing;
