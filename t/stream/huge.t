# A viewer of a huge board: its hello takes more memory than slow viewers may otherwise use, and
# is still sent whole.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Http;
use Glance::Httpd;
use Glance::Test;
use Glance::Ws;

my $SHARDS = 800_000;    # of each of two clusters
my $USUAL  = 64 << 20;    # bytes that the texts of slow viewers may use

# One child, which holds both viewers.
my $one_child = mpm() eq 'prefork'
    ? "StartServers 1\nMinSpareServers 1\nMaxSpareServers 1\nMaxRequestWorkers 1\n"
    : "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 8\n";

# All shards have reported, or a hello of the original's protocol would not tell of them.
my $httpd = Glance::Httpd->new;
my $states   = '3' x $SHARDS;
my $clusters = join ',', map { qq({"name":"$_","shards":$SHARDS,"states":"$states","reported":"$states"}) } qw(main other);
$httpd->file('glance-state.json', '{"mod_glance":1,"saved":1732428000.123,"clean":true,"boards":[{"name":'
    . qq("private.test","epoch":"00c0ffee00c0ffee","changes":4711,"clusters":[$clusters]}]}), 0600);
$httpd->configure("${one_child}KeepAlive Off\nGlanceBots main:$SHARDS other:$SHARDS\nGlanceHealthTimeout 3600\n")
    ->start;

# What a feed is sent, read by hand: a library would build the whole message.
my $feed = Glance::Http->new(port => $httpd->{port}, rcvbuf => 16384);
$feed->send_raw(Glance::Http::compose('GET', '/api/feed', headers => Glance::Ws::handshake()));
is($feed->head(60)->status, 101, 'a feed opens');

# The hub has looked at what is pending more than once when a viewer has heard of two heartbeats.
my $viewer = $httpd->viewer;
ok($viewer->next_of('hello', 60), 'another viewer reads');
for my $shard (7, 8) {
    is($httpd->post("/api/health/main/$shard", seconds => 30)->status, 204, "shard $shard is heard");
    ok($viewer->next_of('health', 30), 'and the viewer is told');
}

while (length $feed->{in} < 10) {
    $feed->fill(now() + patience(60)) or last;
}
my ($first, $second, $length) = unpack 'CCQ>', $feed->{in};
is(sprintf('%02x %d', $first, $second), '81 127', 'the hello is one large frame');
cmp_ok($length, '>', $USUAL, "of $length bytes");
my $got = length($feed->{in}) - 10;
while ($got < $length) {
    $feed->{in} = '';
    $feed->fill(now() + patience(60)) or last;
    $got += length $feed->{in};
}
cmp_ok($got, '>=', $length, 'and arrives whole');

$httpd->stop;
done_testing;
