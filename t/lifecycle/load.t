# Floods of requests and slow clients: a bot with the passphrase still gets its answers.
# bench/guesses measures how fast, and during how many guesses. A test must not depend on the speed of
# its machine, so the limits here are generous.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;
use IO::Select ();
use List::Util qw(max);
use Time::HiRes ();

# mod_reqtimeout as Debian ships it, with a tenth of the times, so that the test is short.
my $httpd = Glance::Httpd->new->configure(<<'CONF')->start;
RequestReadTimeout header=2-4,MinRate=500 body=2,MinRate=500
GlanceBots main:100
GlanceHealthTimeout 600
GlancePassphrase alpha
CONF

my $WORKERS = mpm() eq 'prefork' ? 32 : 64;    # of a private server
my %alpha = (Authorization => 'Bearer alpha');

# The longest that the bot waits for an answer, over so many seconds; dies if one is not 204.
sub bot_waits {
    my ($seconds, %o) = @_;
    my @waits;
    my $end = now() + $seconds;
    do {
        my $began = now();
        my $answer = $httpd->post('/api/status/main/' . int(rand 100) . '/3', headers => \%alpha,
            seconds => $o{patience} // 10);
        die 'no answer' unless $answer and $answer->status == 204;
        push @waits, now() - $began;
    } while (now() < $end);
    return max @waits;
}

# Runs code in its own process until the returned function is called.
sub meanwhile {
    my ($code) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        eval { $code->() };
        POSIX::_exit(0);
    }
    return sub { kill KILL => $pid; waitpid $pid, 0 };
}

sub connections { map { Glance::Http->new(port => $httpd->port) } 1 .. $_[0] }

# Sends requests on connections as fast as they are answered.
sub flood {
    my ($request) = @_;
    my $many = $request x 50;
    while (1) {
        my $http = Glance::Http->new(port => $httpd->port);
        while ($http->send_raw($many)) {
            my $text = '';
            while ((() = $text =~ m{HTTP/1\.1 401 }g) < 50) {
                sysread $http->{socket}, $text, 65536, length $text or last;
            }
        }
    }
}

subtest 'wrong passphrases without end' => sub {
    my $log = $httpd->log;
    my $access = $httpd->access_log;
    my $request = Glance::Http::compose('POST', '/api/status/main/0/5', headers => { Authorization => 'Bearer alphx' });
    my @stop = map { meanwhile(sub { flood($request) }) } 1 .. 4;
    my $began = now();
    my $worst = bot_waits(3);
    $_->() for @stop;
    my $rate = scalar($access->lines(qr/^401 /)) / (now() - $began);
    cmp_ok($rate, '>', 200, sprintf 'some %d a second', $rate);
    cmp_ok($worst, '<', patience(2), sprintf 'the bot never waits for long (%.3f s)', $worst);
    my @lines = $log->lines(qr/glance/);
    cmp_ok(scalar @lines, '<=', $WORKERS, 'one line a child and minute is logged at most');
    is($httpd->http('GET', '/api/status/main/0')->json->{state} // 0, 3, 'and nothing was written')
        if $httpd->post('/api/status/main/0/3', headers => \%alpha)->status == 204;
};

subtest 'wrong passphrases with bodies that never come' => sub {
    my @slow = connections(3 * $WORKERS);
    my $head = "POST /api/status/main/0/5 HTTP/1.1\r\nHost: x\r\nAuthorization: wrong\r\nContent-Length: 60000\r\n\r\nx";
    $_->send_raw($head) for @slow;
    # Other MPMs than event wait two seconds for each client to close, with a worker.
    my $limit = mpm() eq 'event' ? 4 : 15;
    cmp_ok(bot_waits(1, patience => 20), '<', patience($limit), 'hold nobody up for long');
    my $refused = grep { my $answer = eval { $_->answer(10) }; $answer and $answer->status == 401 } @slow;
    is($refused, scalar @slow, 'as they are refused without waiting for the body');
};

subtest 'heads that dawdle' => sub {
    my @slow = connections(2 * $WORKERS);
    $_->send_raw("POST /api/status/main/0/5 HTTP/1.1\r\nHost: ") for @slow;
    # All workers wait for these clients until mod_reqtimeout ends the requests.
    my $stop = meanwhile(sub {
        while (1) { $_->send_raw('x') for @slow; Time::HiRes::sleep(0.5) }
    });
    cmp_ok(bot_waits(0, patience => 40), '<', patience(20), 'are cut off in time');
    $stop->();
    is(scalar(grep { !$_->closed(20) } @slow), 0, 'all of them');
};

subtest 'bodies that dawdle, behind the right passphrase' => sub {
    my @slow = connections(2 * $WORKERS);
    $_->send_raw("POST /api/status/main/1/5 HTTP/1.1\r\nHost: x\r\nAuthorization: alpha\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n") for @slow;
    my $stop = meanwhile(sub {
        while (1) { $_->send_raw("1\r\nx\r\n") for @slow; Time::HiRes::sleep(0.5) }
    });
    cmp_ok(bot_waits(0, patience => 40), '<', patience(20), 'are cut off in time');
    $stop->();
    is(scalar(grep { !$_->closed(20) } @slow), 0, 'all of them');
};

subtest 'streams without end' => sub {
    my $request = "GET /api/stream HTTP/1.1\r\nHost: x\r\n\r\n";
    my @stop = map { meanwhile(sub {
        while (1) {
            my @viewers = eval { connections(50) };
            $_->send_raw($request) for @viewers;
            my $select = IO::Select->new(map { $_->{socket} } @viewers);
            $select->can_read(1);
        }
    }) } 1 .. 3;
    my $worst = bot_waits(3);
    $_->() for @stop;
    cmp_ok($worst, '<', patience(4), sprintf 'the bot is answered (%.3f s)', $worst);
    my @children = $httpd->children;
    ok((await { !grep { sockets_of($_) > 3 } @children } 30), 'and all of them are let go');
};

subtest 'viewers who read nothing' => sub {
    my @deaf = map { $httpd->viewer(rcvbuf => 1024) } 1 .. 100;
    cmp_ok(bot_waits(2), '<', patience(4), 'hold nobody up');
    is(scalar(@deaf), 100, 'although they are there');
};

done_testing;
