# 200 viewers in several children: all get every change.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

my @to = (port => port('crowd'));
my $VIEWERS = 200;

my @children = children();
# Prefork starts children at any time; a new one holds no viewers.
my %before = map { $_ => sockets_of($_) } @children;
sub more { my $pid = shift; return sockets_of($pid) - ($before{$pid} // 0) }

# All at once, so that several children accept them.
my @viewers = map { viewer(@to, later => 1) } 1 .. $VIEWERS;
$_->read_head for @viewers;

subtest 'all are held' => sub {
    is(scalar(grep { $_->status != 200 } @viewers), 0, 'each has its answer');
    my @without = Glance::Sse::pump_all(\@viewers, sub {
        grep { ($_->{event} // '') eq 'hello' } @{ $_[0]{blocks} }
    }, 20);
    is(scalar @without, 0, 'and its hello');
    my @holding = grep { more($_) > 0 } children();
    cmp_ok(scalar @holding, '>=', 2, scalar(@holding) . ' children hold them');
};

subtest 'the server is as usable as without them' => sub {
    my $began = now();
    answers(post('/api/status/crowd/0/3', @to), 204, 'POST');
    answers(http('GET', '/api/status/crowd/0', @to), 200, 'GET');
    answers(http('GET', '/index.html', port => port()), 200, 'and a file');
    cmp_ok(now() - $began, '<', patience(3), 'without waiting');
};

subtest 'each gets every change' => sub {
    srand 4;
    my @paths = map { sprintf '/api/status/crowd/%d/%d', rand 1000, 2 + rand 5 } 1 .. 600;
    my @posters = map { Glance::Http->new(@to) } 1 .. 3;
    while (my @some = splice @paths, 0, 60) {
        for my $i (0 .. 2) {
            $posters[$i]->send_raw(join '', map { Glance::Http::compose('POST', $_) }
                @some[$i * 20 .. $i * 20 + 19]);
        }
        for my $poster (@posters) {
            $poster->answer for 1 .. 20;
        }
        Glance::Sse::pump_all(\@viewers, sub { 0 }, 0.01);
    }
    # The id of the last change covers the others.
    post('/api/status/crowd/999/0', @to);
    post('/api/status/crowd/999/1', @to);
    my $want = states_of('crowd', @to);
    my %picture;
    my @behind = Glance::Sse::pump_all(\@viewers, sub {
        my $viewer = shift;
        my $picture = $picture{$viewer} ||= Glance::Picture->new;
        $picture->apply($_) for grep { $_->{event} } splice @{ $viewer->{blocks} };
        return ($picture->states('crowd') // '') eq $want;
    }, 20);
    is(scalar @behind, 0, "all $VIEWERS have the picture that GET shows");
    is(scalar(grep { $_->{ended} } @viewers), 0, 'and none was dropped');
};

subtest 'descriptors come back when viewers leave' => sub {
    $_->close for @viewers;
    my $back = await { !grep { more($_) > 3 } children() } 20;
    ok($back, 'the children hold no more connections than before')
        or diag(join ' ', map { "$_: " . sockets_of($_) } children());
    is(scalar(grep { gone($_) } @children), 0, 'and none of them had to go');
};

done_testing;
