# Nobody waits for a viewer that does not read, and it loses nothing.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

use Glance::Httpd;

# Small buffers on both sides, so that a viewer that does not read fills them soon.
my $httpd = Glance::Httpd->new->configure(<<'CONF')->start;
GlanceBots slow:1000
GlanceHealthTimeout 600
GlanceStreamInterval 10ms
SendBufferSize 4096
CONF

my $good = $httpd->viewer;
my $slow = $httpd->viewer(rcvbuf => 2048);
my $picture = Glance::Picture->new->apply($good->next_of('hello'));
my $believed = Glance::Picture->new->apply($slow->next_of('hello'));
my $received = 0;

sub read_good {
    for my $event (grep { $_->{event} } $good->blocks_within($_[0])) {
        $picture->apply($event);
        $received += length $event->{data};
    }
}

# Ids that form no ranges make long updates.
my $http = Glance::Http->new(port => $httpd->port);
my $slowest = 0;
for my $round (1 .. 60) {
    my $state = 2 + $round % 5;
    my @paths = map { "/api/status/slow/" . (2 * $_ + $round % 2) . "/$state" } 0 .. 99;
    my $began = now();
    $http->send_raw(join '', map { Glance::Http::compose('POST', $_) } @paths);
    $http->answer->status == 204 or die 'POST failed' for @paths;
    my $took = now() - $began;
    $slowest = $took if $took > $slowest;
    read_good(0.02);
}
my $want = $httpd->states_of('slow');
await { read_good(0.05); $picture->states('slow') eq $want } 10;

subtest 'others do not notice' => sub {
    is($picture->states('slow'), $want, 'a viewer that reads has the whole picture');
    cmp_ok($received, '>', 20_000, "$received bytes, more than the buffers of the other hold");
    cmp_ok($slowest, '<', patience(3), 'and bots are answered without delay');
};

subtest 'it is dropped, or it catches up' => sub {
    # The buffers hold complete events, except the last.
    my $ended = $slow->ends_within(5);
    for my $event (grep { $_->{event} } splice @{ $slow->{blocks} }) {
        $believed->apply($event);
        $slow->{last} = $event->{id};
    }
    if ($ended) {
        isnt($believed->states('slow'), $want, 'dropped: it missed something');
        my $again = $httpd->viewer(last => $slow->{last});
        my $first = $again->next_event;
        is($first->{event}, 'update', 'it comes back and resumes');
        $believed->apply($first);
    }
    is($believed->states('slow'), $want, 'in the end it has the whole picture');
};

subtest 'a viewer that never reads even its hello' => sub {
    my @deaf = map {
        my $http = Glance::Http->new(port => $httpd->port, rcvbuf => 2048);
        $http->send_request('GET', '/api/stream');
        $http;
    } 1 .. 30;
    answers($httpd->post('/api/status/slow/1/3'), 204, 'the server answers beside thirty of them');
    my $viewer = $httpd->viewer;
    ok($viewer->next_of('hello'), 'and opens streams');
    $httpd->post('/api/status/slow/1/' . $_) for 4, 5;
    ok($viewer->next_of('update'), 'and feeds them');
};

done_testing;
