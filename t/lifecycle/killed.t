# A child is killed while it writes: the other children continue, with any mutex.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

# Bots push on several connections while children are killed with SIGKILL, sometimes inside the lock.
# Nothing may hang, and the board must be valid afterwards.

my $ROUNDS = 16;

# Sends 40 POSTs on each of four connections, kills a child among them, and takes the answers.
# Returns how many were good; only a killed child may cut a connection.
sub storm {
    my ($httpd, $victim) = @_;
    my @posters = grep { $_ } map { eval { Glance::Http->new(port => $httpd->port) } } 1 .. 4;
    for my $poster (@posters) {
        $poster->send_raw(join '', map {
            Glance::Http::compose('POST', sprintf '/api/status/main/%d/%d', rand 5000, rand 7)
        } 1 .. 40);
    }
    pause(rand 0.01);
    kill KILL => $victim;
    # A process that is being killed may still accept a connection, which is then cut.
    await { gone($victim) } 10 or die "$victim survives SIGKILL";
    my $good = 0;
    for my $poster (@posters) {
        for (1 .. 40) {
            my $answer = eval { $poster->answer(10) } or last;
            $good++ if $answer->status == 204;
        }
        die 'an answer did not come' unless $poster->{eof} or $good;
    }
    return $good;
}

# While nobody has taken the lock again, its last user is the killed child that held it.
sub semaphores_in_use {
    my $httpd = shift;
    my @ids;
    ok((await {
        $httpd->post('/api/health/main/4999');
        @ids = semaphores_of($httpd->pid, $httpd->children);
    } 10), 'the lock is a semaphore');
    return @ids;
}

for my $mechanism (qw(default pthread fcntl flock sysvsem)) {
    subtest "Mutex $mechanism" => sub {
        my $httpd = Glance::Httpd->new;
        my $mutex = $mechanism =~ /fcntl|flock/ ? "$mechanism:$httpd->{root}" : $mechanism;
        $httpd->configure(<<"CONF")->start;
Mutex $mutex
StartServers 6
GlanceBots main:5000
GlanceHealthTimeout 600
GlanceStreamInterval 10ms
CONF
        my $viewer = $httpd->viewer;
        my $picture = Glance::Picture->new->apply($viewer->next_of('hello'));
        my $done = 0;
        for my $round (1 .. $ROUNDS) {
            # httpd replaces dead children about once a second: keep one alive until then.
            my @children;
            await { @children = $httpd->children; @children > 2 } 15;
            $done += storm($httpd, $children[rand @children]);
        }
        cmp_ok($done, '>', 100, "$done POSTs answered while $ROUNDS children were killed");

        my $began = now();
        my $answer = $httpd->post('/api/status/main/4999/6', seconds => 10);
        answers($answer, 204, 'afterwards the board takes writes')
            or diag(sprintf 'after %.3f s', now() - $began);
        my $states = $httpd->states_of('main');
        like($states, qr/\A[0-6]{4999}6\z/, 'and shows valid states');
        my $counts = $httpd->http('GET', '/api/status/main')->json->{clusters}[0]{counts};
        my $sum = 0;
        $sum += $_ for values %$counts;
        is($sum, 5000, 'counted right');

        # The stream agrees with the board, whichever child serves it.
        my $good = await {
            if ($viewer->{ended}) {
                my $last = $viewer->{last};
                $viewer = $httpd->viewer(last => $last);
            }
            my $event = $viewer->next_event(0.5);
            $picture->apply($event) if $event;
            $picture->states('main') eq $states;
        } 15;
        ok($good, 'and a viewer that came back has the same picture');
        my @semaphores = $mechanism eq 'sysvsem' ? semaphores_in_use($httpd) : ();
        ok($httpd->stop, 'the server stops');
        my %left = map { $_ => 1 } semaphores();
        is_deeply([grep { $left{$_} } @semaphores], [], 'and leaves no semaphore');
    };
}

done_testing;
