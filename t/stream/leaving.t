# Viewers that leave: by FIN, by RST, in the middle of a request. A child frees all of their memory.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
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
    ok((await { sockets() <= $before } 15), $name)
        or diag("$before sockets before, " . sockets() . ' after');
}

subtest 'closed' => sub {
    my @viewers = map { viewer(@to) } 1 .. 40;
    $_->next_of('hello') for @viewers;
    cmp_ok(sockets(), '>', $before + 30, 'held');     # some earlier ones may have ended
    $_->close for @viewers;
    leave_none('and gone');
};

subtest 'reset' => sub {
    my @viewers = map { viewer(@to) } 1 .. 40;
    $_->next_of('hello') for @viewers;
    setsockopt($_->socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0) or die "SO_LINGER: $!"
        for @viewers;
    $_->close for @viewers;
    leave_none('gone');
};

subtest 'closed before anything was read' => sub {
    for (1 .. 40) {
        my $http = Glance::Http->new(@to);
        $http->send_request('GET', '/api/stream');
        $http->close;
    }
    leave_none('gone');
};

subtest 'closed while events are on their way' => sub {
    for my $round (1 .. 10) {
        my @viewers = map { viewer(@to) } 1 .. 4;
        post("/api/status/crowd/$_/" . (2 + $round % 2), @to) for 0 .. 9;
        $_->close for @viewers;
    }
    leave_none('gone');
};

subtest 'a viewer that goes on sending' => sub {
    my $viewer = viewer(@to);
    $viewer->next_of('hello');
    $viewer->{http}->send_raw("GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n" x 20);
    post('/api/status/crowd/20/2', @to);
    post('/api/status/crowd/20/3', @to);
    $viewer->blocks_within(0.5);
    is(scalar(grep { $_->{event} && $_->{event} !~ /hello|update|health/ } @{ $viewer->{blocks} }),
        0, 'gets no answer in the middle of its stream');
    $viewer->close;
    leave_none('and leaves nothing');
};

subtest 'the children went on living' => sub {
    is(scalar(grep { gone($_) } @children), 0, 'all of them');
    answers(post('/api/status/crowd/21/3', @to), 204, 'and they answer');
};

done_testing;
