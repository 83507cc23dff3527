# Children that httpd ends by its own rules: MaxConnectionsPerChild, MaxSpareThreads. Viewers come
# back and resume.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Crowd;
use Glance::Httpd;
use Glance::Test;

my $LINES = "GlanceBots main:40\nGlanceHealthTimeout 600\n";
my $one_child = mpm() eq 'prefork'
    ? "StartServers 1\nMinSpareServers 1\nMaxSpareServers 1\nMaxRequestWorkers 1\n"
    : "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 8\n";

for my $kind ('clear connections', 'TLS') {
    my $name = $kind eq 'TLS' ? 'tls' : undef;

    # A child that counts each viewer as a connection would soon end, and send all viewers to the next
    # child, which would do the same.
    subtest "MaxConnectionsPerChild, viewers over $kind" => sub {
        my $httpd = Glance::Httpd->new;
        $httpd->configure($LINES . $one_child . "MaxConnectionsPerChild 40\n" . $httpd->tls_host('tls'))->start;
        my ($child) = $httpd->children;
        my $crowd = Glance::Crowd->new($httpd->to($name), at_once => 1, close => 1);
        $crowd->open(30);
        $crowd->stay;    # each uses one connection: the child has enough for all
        ok($crowd->all_served(30), 'thirty are served') or diag($crowd->told);
        my $report = $crowd->report;
        cmp_ok($report->{held}, '>', 0, 'some are held');
        cmp_ok($report->{held}, '<=', 20, 'but no more than half of what the child may accept');
        is($report->{polls}, 30 - $report->{held}, 'the others get the polling fallback');
        answers($httpd->post('/api/status/main/1/3'), 204, 'a POST is answered');
        is_deeply([$httpd->children], [$child], 'and the child goes on');
        is($crowd->report->{ended}, 0, 'with its viewers');
        $crowd->leave;
        $httpd->stop;
    };
}

# While threads are busy httpd starts children; once they are idle it ends some, one a second, and
# their viewers with them.
my ($busy, $spare) = mpm() eq 'prefork'
    ? (6,  "StartServers 1\nMinSpareServers 1\nMaxSpareServers 2\n")
    : (20, "StartServers 1\nMinSpareThreads 8\nMaxSpareThreads 16\n");
my $ROUNDS = 6;

for my $kind ('clear connections', 'TLS') {
    my $name = $kind eq 'TLS' ? 'tls' : undef;

    subtest "spare children that hold viewers over $kind" => sub {
        my $httpd = Glance::Httpd->new;
        $httpd->configure($LINES . $spare . $httpd->tls_host('tls'))->start;
        my (@viewers, $posts, $failed, $returns);
        $posts = $failed = $returns = 0;
        # States keep changing, so that a gap is visible.
        my $follow_all = sub {
            my $answer = $httpd->post('/api/status/main/' . $posts % 40 . '/' . (2 + int $posts / 40 % 5));
            $posts++;
            $failed++ unless $answer and $answer->status == 204;
            $returns += follow($httpd, $_, $name) for @viewers;
        };
        # Each viewer is held by any child.
        for my $round (1 .. $ROUNDS) {
            my @late = map { $httpd->begin_post("/api/status/main/0/3") } 1 .. $busy;
            await { my @children = $httpd->children; @children >= 3 } 30 or die 'httpd starts no children';
            push @viewers, map { arrive($httpd, { picture => Glance::Picture->new, hellos => 0 }, $name) } 1 .. 12;
            my @before = $httpd->children;
            $_->send_raw('xxxx') for @late;
            $_->answer for @late;
            $_->close for @late;
            await { $follow_all->(); grep { gone($_) } @before } 30 or die 'httpd ends no child';
            await { $follow_all->(); $returns >= 2 } 2;
            last if $returns >= 2;
        }
        cmp_ok($returns, '>=', 2, 'viewers of children that httpd ends return');
        is($failed, 0, "none of $posts POSTs was refused");
        my $want = $httpd->states_of('main');
        ok((await {
            follow($httpd, $_, $name) for @viewers;
            !grep { ($_->{picture}->states('main') // '') ne $want } @viewers;
        } 30), 'in the end all have the whole picture');
        is(scalar(grep { $_->{hellos} != 1 } @viewers), 0, 'after one hello each, by updates alone');
        is(scalar(grep { $_->{unannounced} } @viewers), 0, 'and each was told when to return');
        $_->{viewer}->close for @viewers;
        $httpd->stop;
    };
}

sub arrive {
    my ($httpd, $this, $name) = @_;
    my $viewer = $this->{viewer} = $httpd->viewer($httpd->to($name), last => $this->{last});
    # Over TLS a socket can be readable without anything to read for us.
    $viewer->socket->blocking(0);
    $this->{events} = 0;
    return $this;
}

# Reads what a viewer has got, and lets it return at once if its stream has ended. Returns 1 if that
# was held.
sub follow {
    my ($httpd, $this, $name) = @_;
    my $viewer = $this->{viewer};
    $viewer->pump(now());
    for my $block (splice @{ $viewer->{blocks} }) {
        $this->{picture}->apply($block) if $block->{event};
        $this->{events}++ if $block->{event};
        $this->{hellos}++ if ($block->{event} // '') eq 'hello';
        $this->{last} = $block->{id} if defined $block->{id};
        $this->{retry} = $block->{retry};
    }
    # The polling fallback ends with its event.
    my $polls = grep { defined $viewer->header($_) } qw(content-length transfer-encoding);
    return 0 unless $viewer->{ended} or $polls && $this->{events};
    $this->{unannounced}++ unless $polls or defined $this->{retry};
    $viewer->close;
    arrive($httpd, $this, $name);
    return $polls ? 0 : 1;
}

done_testing;
