# Descriptors run short: httpd keeps those that it needs, viewers get the rest.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Crowd;
use Glance::Httpd;
use Glance::Test;

# Descriptors that a process may open, sites with two logs each in all of them, and viewers: many
# more than can be held.
my $LIMIT   = 1024;
my $SITES   = 450;
my $VIEWERS = 800;

my $LINES = "GlanceBots main:100\nGlanceHealthTimeout 600\n";

# As Debian ships it. Prefork starts a child for each busy connection, and each has descriptors of its
# own: with few of them, they are soon used up.
sub sites_server {
    my $lines = shift;
    my $httpd = Glance::Httpd->new;
    $httpd->limit_descriptors($LIMIT);
    my $few = mpm() eq 'prefork' ? "MaxRequestWorkers 8\n" : '';
    return $httpd->configure($LINES . $few . $lines . $httpd->STATUS_LINES . $httpd->tls_host('tls')
        . $httpd->logging_hosts($SITES), stock => 1);
}

# Opens the crowd and pushes states beside it until everybody has had an event, and for some time
# after. Returns how many POSTs were not answered 204.
sub push_beside {
    my ($httpd, $crowd) = @_;
    my ($posts, $failed, $after) = (0, 0, 0);
    my $all = await {
        my $answer = eval { $httpd->post('/api/status/main/' . $posts % 100 . '/' . (2 + $posts % 5)) };
        $posts++;
        $failed++ unless $answer and $answer->status == 204;
        my $report = $crowd->report;
        # Some have polled again by then.
        return 1 if gone($httpd->pid) or $report->{served} == $report->{viewers} && $after++ > 20;
        return 0;
    } 90, 0.05;
    ok($all, 'all viewers are served') or diag($crowd->told);
    is($failed, 0, "none of $posts POSTs was refused");
}

sub survives {
    my ($httpd, $crowd) = @_;
    my $parent = $httpd->pid;
    push_beside($httpd, $crowd->open($VIEWERS));
    ok(!gone($parent), 'the server lives') or diag($httpd->log->all(qr/:(?:error|crit|alert|emerg)\]/));
    my $report = $crowd->report;
    is_deeply([keys %{ $report->{statuses} }], [200], 'no viewer was refused');
    is($report->{refused}, 0, 'nor left without an answer') or diag($crowd->told);
    is($report->{incomplete}, 0, 'and every answer that ends is complete');
    cmp_ok($report->{polls}, '>', 0, 'some were not held');
    is($report->{lost}, 0, 'and all that came back went on where they were');
    is_deeply([$httpd->log->all(qr/Too many open files/)], [], 'no child ever ran out of descriptors');
    $crowd->leave;
}

subtest 'a crowd over clear connections' => sub {
    my $httpd = sites_server('')->start;
    survives($httpd, Glance::Crowd->new($httpd->to, close => 1));
    $httpd->stop;
};

subtest 'a crowd over TLS' => sub {
    my $httpd = sites_server('')->start;
    survives($httpd, Glance::Crowd->new($httpd->to('tls'), close => 1));
    $httpd->stop;
};

subtest 'a GlanceMaxViewers beyond the descriptors' => sub {
    my $httpd = sites_server("GlanceMaxViewers 100000\n");
    my $log = $httpd->log;
    $httpd->start;
    ok($log->await_line(qr/\[glance:warn\].*GlanceMaxViewers/, 10), 'is warned of in the log');
    survives($httpd, Glance::Crowd->new($httpd->to, close => 1));
    $httpd->stop;
};

# From here on one child, whose descriptors this test takes away.
my $one_child = mpm() eq 'prefork'
    ? "StartServers 1\nMinSpareServers 1\nMaxSpareServers 1\nMaxRequestWorkers 1\n"
    : "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 8\n";

# httpd closes a connection when its client does, or after some seconds. Until then a thread waits with
# it, but on event, where no limit counts it.
sub leave_closing_to_httpd {
    my $httpd = Glance::Httpd->new;
    $httpd->limit_descriptors(512);
    $httpd->file('small.txt', 'x');
    $httpd->configure($LINES . $one_child . $httpd->STATUS_LINES)->start;
    my ($child) = $httpd->children;
    my $crowd = Glance::Crowd->new($httpd->to, close => 1);
    $crowd->open(240);
    ok($crowd->await_report(sub { $_[0]{held} == 240 }, 30), '240 viewers are held')
        or return diag($crowd->told);
    my @open = map {
        my $http = Glance::Http->new(port => $httpd->port);
        $http->send_request('GET', '/small.txt', close => 1);
        $http;
    } 1 .. 300;
    is(scalar(grep { my $answer = $_->answer(20); $answer && $answer->status == 200 } @open), 300,
        'all of it is answered');
    answers($httpd->post('/api/status/main/1/3'), 204, 'and so is a POST');
    is_deeply([$httpd->children], [$child], 'the child lives');
    is_deeply([$httpd->log->all(qr/Too many open files/)], [], 'and never ran out of descriptors');
    is($crowd->report->{incomplete}, 0, 'viewers that had to go were told when to return');
    $_->close for @open;
    ok($crowd->await_report(sub { $_[0]{held} == 240 }, 60), 'and all are held again') or diag($crowd->told);
    is($crowd->report->{lost}, 0, 'none of them lost its place');
    $crowd->leave;
    $httpd->stop;
}

subtest 'a crowd that leaves its connections to httpd to close' => \&leave_closing_to_httpd
    if mpm() eq 'event';

# The user and the group that a process runs as.
sub owner_of {
    my $pid = shift;
    open my $in, '<', "/proc/$pid/status" or die "process $pid: $!";
    my $text = do { local $/; <$in> };
    return map { $text =~ /^$_:\s+(\d+)/m } qw(Uid Gid);
}

# As the child's own user, since root may lack the capability to do it to others.
sub limit_child {
    my ($child, $limit) = @_;
    my ($user, $group) = owner_of($child);
    my $pid = fork // die "fork: $!";
    unless ($pid) {
        POSIX::setgid($group);
        POSIX::setuid($user);
        exec 'prlimit', "--pid=$child", "--nofile=$limit:" or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    $? == 0 or die "prlimit: $?";
}

# The lowest number that it does not use.
sub first_free {
    my $child = shift;
    my %open = map { m{(\d+)\z} ? ($1 => 1) : () } glob "/proc/$child/fd/*";
    my $number = 0;
    $number++ while $open{$number};
    return $number;
}

for my $kind ('clear connections', 'TLS') {
    subtest "descriptors that vanish while viewers are held over $kind" => sub {
        my $httpd = Glance::Httpd->new;
        $httpd->configure($LINES . $one_child . "GlanceMaxViewers 200\n" . $httpd->STATUS_LINES
            . $httpd->tls_host('tls'))->start;
        my ($child) = $httpd->children;
        # Few at once, so that viewers who come back cannot use up the rest alone.
        my $crowd = Glance::Crowd->new($httpd->to($kind eq 'TLS' ? 'tls' : ()), close => 1, at_once => 2);
        $crowd->open(80);
        ok($crowd->await_report(sub { $_[0]{held} == 80 }, 30), '80 viewers are held')
            or return diag($crowd->told);

        # Twenty are left: enough for those few and for one POST after the other, less than httpd may
        # need.
        limit_child($child, first_free($child) + 20);
        my $failed = 0;
        my $shed = await {
            my $answer = eval { $httpd->post('/api/status/main/1/' . (2 + int rand 5)) };
            $failed++ unless $answer and $answer->status == 204;
            $crowd->report->{ended} > 0;
        } 30, 0.05;
        ok($shed, 'viewers are sent away') or return diag($crowd->told);
        for my $state (2 .. 6) {
            my $answer = eval { $httpd->post("/api/status/main/2/$state") };
            $failed++ unless $answer and $answer->status == 204;
        }
        is($failed, 0, 'and every POST is answered');
        cmp_ok($httpd->status->{GlanceShed} || 0, '>', 0, 'mod_status counts them');
        ok($crowd->await_report(sub { $_[0]{polls} > 0 }, 30), 'who returns gets the polling fallback');
        my $report = $crowd->report;
        is($report->{told}, $report->{ended}, 'each was told when to return');
        is($report->{refused} + $report->{incomplete}, 0, 'and each is answered') or diag($crowd->told);
        is_deeply([$httpd->children], [$child], 'the child goes on');

        limit_child($child, 1024);
        ok($crowd->await_report(sub { $_[0]{held} == 80 }, 60), 'with descriptors again, all are held')
            or diag($crowd->told);
        is($crowd->report->{lost}, 0, 'and none of them lost its place');
        $crowd->leave;
        $httpd->stop;
    };
}

done_testing;
