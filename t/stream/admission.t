# GlanceMaxViewers limits the streams that a child holds.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

# One child, so that its limit is that of the server.
my $one_child = mpm() eq 'prefork'
    ? "StartServers 1\nMinSpareServers 1\nMaxSpareServers 1\nMaxRequestWorkers 1\n"
    : "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 8\n";
my $httpd = Glance::Httpd->new->configure(<<"CONF")->start;
${one_child}GlanceBots main:8
GlanceMaxViewers 3
CONF

# A complete response has Content-Length or Transfer-Encoding, a held stream neither.
sub is_held {
    my $viewer = shift;
    $viewer->next_of('hello') or die 'no hello';
    return !grep { defined $viewer->header($_) } qw(content-length transfer-encoding);
}

# The only process of prefork must not wait for the next request of a kept-alive connection.
sub polled_viewer { $httpd->viewer(headers => { Connection => 'close' }, @_) }

my @held = map { $httpd->viewer } 1 .. 3;
is(scalar(grep { is_held($_) } @held), 3, 'three are held');

my $fourth = polled_viewer();
ok(!is_held($fourth), 'the fourth gets the polling fallback');
ok($fourth->ends_within(5), 'which ends');

$httpd->post('/api/status/main/5/3');
is(scalar(grep { $_->next_of('update') } @held), 3, 'the three go on');
my $again = polled_viewer(last => $fourth->{last});
is_deeply($again->next_event->{json}{clusters}, { main => { 3 => '5' } },
    'the fourth hears of it when it comes back');

(shift @held)->close;
ok((await { is_held(polled_viewer()) } 10), 'where one has left, another is held');

$httpd->stop;
done_testing;
