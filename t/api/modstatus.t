# The section of mod_status.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

my @to = (port => port('watched'));

sub auto {
    my %value;
    for (split /\n/, http('GET', '/server-status?auto', @to)->body) {
        $value{$1} = $2 if /^(Glance[^:]*): (.*)$/;
    }
    return \%value;
}

post('/api/status/watched/0/3', @to);
post('/api/status/watched/1/3', @to);
post('/api/status/watched/2/2', @to);

subtest 'for programs' => sub {
    my $value = auto();
    is($value->{'GlanceShards[watched.test/watched/online]'}, 2, 'online');
    is($value->{'GlanceShards[watched.test/watched/offline]'}, 1, 'offline');
    is($value->{'GlanceShards[watched.test/watched/unknown]'}, 5, 'unknown');
    is($value->{'GlanceShards[watched.test/watched/starting]'}, undef, 'none is starting');
    like($value->{$_} // '', qr/\A\d+\z/, $_) for qw(GlanceViewersClear GlanceViewersTLS
        GlanceStreams GlanceFeeds GlanceBrief GlanceBroadcasts GlanceBytes GlanceDroppedSlow GlanceShed);
};

subtest 'viewers and what they are sent' => sub {
    my $before = auto();
    my @viewers = map { viewer(@to) } 1 .. 5;
    $_->next_of('hello') for @viewers;
    ok((await { auto()->{GlanceViewersClear} >= 5 } 10), 'five more are held');
    cmp_ok(auto()->{GlanceStreams}, '>=', $before->{GlanceStreams} + 5, 'and counted');
    post('/api/status/watched/0/4', @to);
    $_->next_of('update') for @viewers;
    ok((await { auto()->{GlanceBroadcasts} > $before->{GlanceBroadcasts} } 5), 'a broadcast');
    cmp_ok(auto()->{GlanceBytes}, '>=', $before->{GlanceBytes} + 5 * 80, 'and its bytes');
    $_->close for @viewers;
    ok((await { auto()->{GlanceViewersClear} <= $before->{GlanceViewersClear} } 10), 'then they leave');
};

subtest 'feeds' => sub {
    my $before = auto();
    my @feeds = map { feed(@to) } 1 .. 3;
    $_->next_of('hello') for @feeds;
    ok((await { auto()->{GlanceViewersClear} >= $before->{GlanceViewersClear} + 3 } 10), 'held, too');
    my $after = auto();
    is($after->{GlanceFeeds}, $before->{GlanceFeeds} + 3, 'and counted');
    is($after->{GlanceStreams}, $before->{GlanceStreams}, 'not as streams');
    $_->close for @feeds;
    ok((await { auto()->{GlanceViewersClear} <= $before->{GlanceViewersClear} } 10), 'then they leave');
};

subtest 'for people' => sub {
    my $answer = http('GET', '/server-status', @to);
    like($answer->body, qr{<h2>Glance</h2>}, 'a section');
    like($answer->body, qr{<td>watched.test</td><td>watched</td><td>8</td>}, 'with the cluster');
    like($answer->body, qr{&lt;b&gt;}, 'a name is escaped');
    unlike($answer->body, qr{<b>bold}, 'and never markup');
};

done_testing;
