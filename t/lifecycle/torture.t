# Torture: bots, viewers, and an admin who keeps restarting, reloading, killing and stopping the server.
# In the end the board has the answered reports, every viewer has its states, and no process, file or
# lock is left.
# SPDX-License-Identifier: ISC
#
# TORTURE_SECONDS: how long it takes (default 15; bench/torture runs for minutes).
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use File::Temp ();
use Glance::Httpd;
use Glance::Test;
use IO::Select ();
use IO::Socket::INET ();
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep);

my $SECONDS = $ENV{TORTURE_SECONDS} || 15;
my ($SHARDS, $BOTS, $BOT_PROCESSES, $VIEWERS, $VIEWER_PROCESSES) = (320, 32, 4, 500, 2);

my $memory = File::Temp->newdir('glance-torture-XXXXXX', DIR => '/dev/shm');
chmod 0755, "$memory" or die;
my $httpd = Glance::Httpd->new;
my @parents;

sub configure {
    my ($list, $last) = @_;
    $last //= '';
    my $more = mpm() eq 'prefork' ? "ServerLimit 128\nMaxRequestWorkers 128\nStartServers 48\nMinSpareServers 8\nMaxSpareServers 128\n" : '';
    return $httpd->configure(<<"CONF", runtime => "$memory");
$more
GlanceBots $list
GlanceHealthTimeout 600
GlancePassphrase alpha
GlanceStreamInterval 250ms
$last
CONF
}

sub start { $httpd->start; push @parents, $httpd->pid }

# ---- processes with a task --------------------------------------------------------------------

my %employed;
END {
    my $status = $?;
    kill KILL => keys %employed;
    $httpd->end;
    $? = $status;
}

# Starts a process with lines to and from it.
sub employ {
    my ($job, @arguments) = @_;
    pipe(my $orders, my $to) && pipe(my $from, my $reports) or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        close $_ for $to, $from;
        $reports->autoflush(1);
        local $SIG{PIPE} = 'IGNORE';
        eval { $job->($orders, $reports, @arguments) };
        print STDERR "# $@" if $@;
        POSIX::_exit($@ ? 1 : 0);
    }
    close $_ for $orders, $reports;
    $to->autoflush(1);
    $employed{$pid} = 1;
    return { pid => $pid, to => $to, from => $from };
}

# Whether an order has come.
sub ordered { IO::Select->new($_[0])->can_read($_[1] // 0) }

# Some bots, each with its own shards. A POST is repeated until its answer is 204. Told to stop, and once
# many shards have a state, reports "shard state" for each shard.
sub be_bots {
    my ($orders, $reports, @bots) = @_;
    my (%ledger, %http);
    while (!ordered($orders) or keys %ledger <= 100 / $BOT_PROCESSES) {
        for my $bot (@bots) {
            my $shard = $bot + $BOTS * int rand $SHARDS / $BOTS;
            my $state = 2 + int rand 5;
            insist(\$http{$bot}, $orders, "/api/status/main/$shard/$state");
            $ledger{$shard} = $state;
        }
        sleep 0.05;
    }
    print $reports map { "$_ $ledger{$_}\n" } sort { $a <=> $b } keys %ledger;
}

sub insist {
    my ($http, $orders, $path) = @_;
    my $deadline = now() + patience(60);
    while (1) {
        my $answer = eval {
            $$http ||= Glance::Http->new(port => $httpd->port);
            $$http->request('POST', $path, headers => { Authorization => 'alpha' }, seconds => 5);
        };
        return if $answer and $answer->status == 204;
        die 'answer ' . $answer->status . ": $path" if $answer and $answer->status !~ /\A(?:503|500)\z/;
        undef $$http;
        die "no answer for a minute: $path" if now() > $deadline;
        sleep 0.02 + rand 0.05;
    }
}

# Viewers who come back whenever their stream ends, with the last id they saw. Given the states of main,
# reports "converged N", and how many hellos and updates they saw.
sub be_viewers {
    my ($orders, $reports, $count) = @_;
    my %cache;
    my @viewers = map { { last => undef, due => rand 1 } } 1 .. $count;
    my $started = now();
    $_->{due} += $started for @viewers;
    my ($want, %events);
    my $deadline;
    while (1) {
        open_stream($_) for grep { !$_->{socket} and $_->{due} <= now() } @viewers;
        my %by_fd = map { fileno($_->{socket}) => $_ } grep { $_->{socket} } @viewers;
        for my $socket (IO::Select->new(map { $_->{socket} } values %by_fd)->can_read(0.1)) {
            read_stream($by_fd{ fileno $socket }, \%cache, \%events);
        }
        %cache = () if keys %cache > 500;
        if (!$want and ordered($orders)) {
            chomp($want = <$orders> // return);
            $deadline = now() + patience(45);
        }
        next unless $want;
        my $good = grep { ($_->{main} // '') eq $want } @viewers;
        next if $good < $count and now() < $deadline;
        print $reports "converged $good\n", map { "$_ $events{$_}\n" } sort keys %events;
        return;
    }
}

sub open_stream {
    my $viewer = shift;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $httpd->port, Timeout => 5);
    return $viewer->{due} = now() + 0.1 + rand 0.4 unless $socket;
    my $id = defined $viewer->{last} ? "Last-Event-ID: $viewer->{last}\r\n" : '';
    syswrite $socket, "GET /api/stream?pulse=0 HTTP/1.1\r\nHost: localhost\r\n$id\r\n";
    @$viewer{qw(socket in head)} = ($socket, '', 0);
}

sub read_stream {
    my ($viewer, $cache, $events) = @_;
    my $n = sysread $viewer->{socket}, $viewer->{in}, 65536, length $viewer->{in};
    if (!$n) {
        close delete $viewer->{socket};
        return $viewer->{due} = now() + 0.05 + rand 0.2;
    }
    if (!$viewer->{head}) {
        $viewer->{in} =~ s{\AHTTP/1\.1 (\d+) .*?\r\n\r\n}{}s or return;
        die "status $1 for a viewer" unless $1 == 200;
        $viewer->{head} = $viewer->{is_first} = 1;
    }
    while ($viewer->{in} =~ s/\A(.*?)\n\n//s) {
        my $block = $1;
        next unless $block =~ /^event: (hello|update)$/m;
        take($viewer, $cache->{$block} //= parse_event($block), $events);
    }
}

# Blocks are the same for all viewers of a child: each is parsed once.
sub parse_event {
    my ($event) = $_[0] =~ /^event: (.*)$/m;
    my ($id) = $_[0] =~ /^id: (.*)$/m;
    my ($data) = $_[0] =~ /^data: (.*)$/m;
    return { event => $event, id => $id, json => JSON::PP->new->utf8->decode($data) };
}

sub take {
    my ($viewer, $event, $events) = @_;
    my ($epoch, $seq) = split /-/, $event->{id};
    if ($event->{event} eq 'update') {
        my ($old_epoch, $old_seq) = split /-/, $viewer->{last};
        # A start after a clean stop begins an epoch, and still knows the ids of the one before.
        die "an update of epoch $epoch after $viewer->{last}"
            if $epoch ne $old_epoch and not $viewer->{is_first};
        die "an update to $seq after $old_seq" if $epoch eq $old_epoch and $seq < $old_seq;
    }
    $viewer->{is_first} = 0;
    $viewer->{last} = $event->{id};
    $events->{ $event->{event} }++;
    my $clusters = $event->{json}{clusters};
    if ($event->{event} eq 'hello') {
        ($viewer->{main}) = map { $_->{states} } grep { $_->{name} eq 'main' } @$clusters;
        return;
    }
    my $states = $clusters->{main} or return;
    for my $state (keys %$states) {
        substr $viewer->{main}, $_, 1, $state for Glance::Picture::expand($states->{$state});
    }
}

# ---- the admin ---------------------------------------------------------------------------------

my @LISTS = ("main:$SHARDS", "main:$SHARDS extra:5", "extra:7 main:$SHARDS", "x:1 y:1000 main:$SHARDS extra:2");

my %torments = (
    'a graceful restart' => sub { $httpd->signal_graceful },
    'a killed child'     => sub { my @c = $httpd->children; kill KILL => $c[rand @c] if @c },
    'other clusters'     => sub { configure($LISTS[rand @LISTS]); $httpd->signal_graceful },
    'a stop and a start' => sub { $httpd->stop or die 'the server does not stop'; start() },
    'a killed server'    => sub { $httpd->kill_all or die 'it survives'; start() },
    'a stop in a reload' => sub { kill USR1 => $httpd->pid; sleep rand 0.05; stop_for_sure(); start() },
);

# httpd loses a signal to stop that comes during a reload.
sub stop_for_sure {
    my $pid = $httpd->pid;
    for (1 .. 20) {
        kill TERM => $pid;
        return if await { gone($pid) } 2;
    }
    die 'the server does not stop';
}

configure($LISTS[0]);
start();
my @bots = map { my $p = $_; employ(\&be_bots, grep { $_ % $BOT_PROCESSES == $p } 0 .. $BOTS - 1) }
    0 .. $BOT_PROCESSES - 1;
my @viewers = map { employ(\&be_viewers, $VIEWERS / $VIEWER_PROCESSES) } 1 .. $VIEWER_PROCESSES;
sleep 1;

my %count;
my @names = sort keys %torments;
my $end = now() + $SECONDS;
my $turn = 0;
while (now() < $end or $turn < @names) {
    # Each of them once, then at random.
    my $name = $turn < @names ? $names[$turn] : $names[rand @names];
    $turn++;
    $count{$name}++;
    $torments{$name}->();
    sleep 0.2 + rand 1;
}
diag(join ', ', map { "$count{$_} x $_" } sort keys %count);

# ---- the end -----------------------------------------------------------------------------------

my %ledger;
print { $_->{to} } "stop\n" for @bots;
for my $bot (@bots) {
    my $from = $bot->{from};
    while (my $line = <$from>) {
        my ($shard, $state) = split ' ', $line;
        $ledger{$shard} = $state;
    }
    waitpid $bot->{pid}, 0;
    my $status = $?;
    delete $employed{ $bot->{pid} };
    is($status, 0, 'a process of bots had every POST answered');
}
my $want = join '', map { $ledger{$_} // 0 } 0 .. $SHARDS - 1;
cmp_ok(scalar keys %ledger, '>', 100, 'the ledger has ' . keys(%ledger) . ' shards');
is($httpd->states_of('main'), $want, 'the board equals the ledger');

my %events;
print { $_->{to} } "$want\n" for @viewers;
for my $process (@viewers) {
    my $from = $process->{from};
    while (my $line = <$from>) {
        my ($what, $number) = split ' ', $line;
        $events{$what} += $number;
    }
    waitpid $process->{pid}, 0;
    my $status = $?;
    delete $employed{ $process->{pid} };
    is($status, 0, 'a process of viewers saw nothing wrong');
}
is($events{converged}, $VIEWERS, 'every viewer has converged to it');
diag("$events{hello} hellos, $events{update} updates");
cmp_ok($events{update}, '>', $VIEWERS, 'by updates');

subtest 'a server that has seen all this holds nothing back' => sub {
    my @counts;
    for my $round (1 .. 3) {
        configure($LISTS[$round]);
        $httpd->graceful;
        push @counts, scalar(my @fds = glob '/proc/' . $httpd->pid . '/fd/*');
    }
    cmp_ok($counts[2], '<=', $counts[0], 'reloads leave no descriptor in the parent') or diag("@counts");
    ok((await { my @c = $httpd->children; !grep { sockets_of($_) > 3 } @c } 30), 'no viewer is held');
    is(scalar(my @files = glob "$memory/*.board"), 1, 'one board lies in memory');
};

my @all = ($httpd->pid, $httpd->children);
ok($httpd->stop, 'the server stops');
# A server that is killed leaves such a lock behind, so that only the last one has it.
configure($LISTS[3], 'Mutex sysvsem glance');
is($httpd->start && $httpd->states_of('main'), $want, 'and starts again with the same board');
push @all, $httpd->pid, $httpd->children;
push @parents, $httpd->pid;
my @semaphores = semaphores_of($httpd->pid, $httpd->children);
is(scalar @semaphores, 1, 'now with a semaphore for a lock');
ok($httpd->stop, 'and stops');
is_deeply([grep { !gone($_) } @all], [], 'no process is left');
is_deeply([grep { !m{/(?:glance-state\.json|glance\.lock)\z} } glob "$memory/*"], [], 'no memory is left');
is_deeply([segments_of(@parents)], [], 'no segment of shared memory is left');
my %left = map { $_ => 1 } semaphores();
is_deeply([grep { $left{$_} } @semaphores], [], 'and no semaphore');

# The System V segments that these processes have made.
sub segments_of {
    my %made = map { $_ => 1 } @_;
    open my $in, '<', '/proc/sysvipc/shm' or return;
    return grep { $made{ (split)[4] } } grep { !/key/ } <$in>;
}

done_testing;
