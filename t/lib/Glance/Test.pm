# For every test file: the shared server's ports, requests, and checks of their answers.
# SPDX-License-Identifier: ISC
package Glance::Test;

use strict;
use warnings FATAL => 'all';

use Apache::Test ();
use Exporter 'import';
use Glance::Await;
use Glance::Http;
use Glance::Log;
use Glance::Picture;
use Glance::Sse;
use Glance::Ws;
use IPC::SysV ();
use Test::Builder ();
use Test::More ();

our @EXPORT = (
    @Glance::Await::EXPORT,
    qw(mpm port http post viewer feed answers refuses shard states_of error_log access_log children
       gone sockets_of semaphores semaphores_of)
);

sub mpm { $ENV{TEST_MPM} || 'event' }

# The port of the main server, or of the named virtual host of t/conf/extra.conf.in.
sub port {
    my $vhost  = shift;
    my $config = Apache::Test::basic_config();
    return $config->{vars}{port} unless defined $vhost;
    my $entry = $config->{vhosts}{$vhost} or die "no virtual host $vhost";
    return $entry->{port};
}

# http METHOD, path, port => …, headers => {…}, body => …: one request on a new connection.
sub http {
    my ($method, $path, %o) = @_;
    my $port = delete $o{port} || port();
    return Glance::Http->once($port, $method, $path, %o);
}

sub post { http('POST', @_) }

# A viewer of the stream on a port.
sub viewer {
    my %o = @_;
    return Glance::Sse->open(port => port(), %o);
}

# A viewer of the feed on a port.
sub feed {
    my %o = @_;
    return Glance::Ws->open(port => port(), %o);
}

# Test: the answer has this status.
sub answers {
    my ($answer, $status, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $got = $answer ? $answer->status : 'no answer';
    my $ok = Test::More::is($got, $status, $name);
    Test::More::diag($answer->body) if $answer and not $ok and defined $answer->body;
    return $ok;
}

# Test: the answer is an error as the contract has it: status, one JSON sentence that matches.
sub refuses {
    my ($answer, $status, $pattern, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return Test::More::subtest($name => sub {
        Test::More::plan(tests => 5);
        local $Test::Builder::Level = $Test::Builder::Level + 1;
        answers($answer, $status, "status $status") or Test::More::diag($name);
        Test::More::is($answer ? $answer->header('content-type') : undef, 'application/json',
            'Content-Type');
        my $json = $answer ? $answer->json : undef;
        Test::More::is(ref $json, 'HASH', 'the body is a JSON object')
            or Test::More::diag($answer ? $answer->body : 'no answer');
        Test::More::is_deeply([keys %{ ref $json eq 'HASH' ? $json : {} }], ['error'],
            'with one member, error');
        Test::More::like($answer ? $answer->error // '' : '', $pattern, 'which says what is wrong');
    });
}

# One shard as GET …/status/<cluster>/<id> tells it.
sub shard {
    my ($cluster, $id, %o) = @_;
    return http('GET', "/api/status/$cluster/$id", %o)->json;
}

# The states of a cluster, one digit a shard, by GET …/status.
sub states_of {
    my ($cluster, %o) = @_;
    return Glance::Picture::of_status(http('GET', '/api/status', %o)->json, $cluster);
}

sub error_log  { Glance::Log->new(Apache::Test::basic_config()->{vars}{t_logs} . '/error_log') }
sub access_log { Glance::Log->new(Apache::Test::basic_config()->{vars}{t_logs} . '/access_log') }

# The process ids of a server's children; of the shared server unless a parent is given.
sub children {
    my $parent = @_ ? shift : _shared_parent();
    if (open my $in, '<', "/proc/$parent/task/$parent/children") {
        return sort { $a <=> $b } grep { !gone($_) } split ' ', <$in> // '';
    }
    opendir my $proc, '/proc' or die "/proc: $!";
    my @pids = grep { /\A\d+\z/ and _parent_of($_) == $parent and !gone($_) } readdir $proc;
    closedir $proc;
    return sort { $a <=> $b } @pids;
}

sub _shared_parent {
    my $file = Apache::Test::basic_config()->{vars}{t_pid_file};
    open my $in, '<', $file or die "$file: $!";
    chomp(my $pid = <$in>);
    return $pid;
}

sub _parent_of {
    my $stat = _stat($_[0]) or return 0;
    return $stat->[1];
}

# True once a process has ended, also while it is a zombie. A killed process can be a zombie before its
# last thread has ended; it holds its ports until then.
sub gone {
    my $stat = _stat($_[0]) or return 1;
    my ($state, $threads) = @$stat[0, 17];    # state and num_threads of proc(5)
    return $state eq 'X' || $state eq 'Z' && $threads <= 1;
}

# True while a process is stopped by SIGSTOP, and once it has ended.
sub halted {
    my $stat = _stat($_[0]) or return 1;
    return $stat->[0] =~ /[TZX]/;
}

# The fields of /proc/<pid>/stat from the third one, the state; undef without a process.
sub _stat {
    my $pid = shift;
    open my $in, '<', "/proc/$pid/stat" or return undef;
    my $line = <$in> // '';
    return $line =~ /\A\d+ \(.*\) (.*)/s ? [split ' ', $1] : undef;
}

# How many connections a process holds: its sockets without the listening ones.
sub sockets_of {
    my %listens = map { $_ => 1 } _listening();
    return scalar grep { !$listens{$_} } _inodes($_[0]);
}

# True while a process listens.
sub listens {
    my %listens = map { $_ => 1 } _listening();
    return scalar grep { $listens{$_} } _inodes($_[0]);
}

# The inodes of a process's sockets
sub _inodes {
    my $pid = shift;
    return map { (readlink($_) // '') =~ /\Asocket:\[(\d+)\]/ ? $1 : () } glob "/proc/$pid/fd/*";
}

# The ids of all System V semaphores.
sub semaphores {
    open my $in, '<', '/proc/sysvipc/sem' or return;
    return map { (split)[1] } grep { !/semid/ } <$in>;
}

# Those that one of these processes used last. Nothing records which process made one, and servers of
# other tests have semaphores, too.
sub semaphores_of {
    my %ours = map { $_ => 1 } @_;
    return grep { $ours{ semctl($_, 0, IPC::SysV::GETPID(), 0) // 0 } } semaphores();
}

sub _listening {
    my @inodes;
    for my $file (grep { -e } '/proc/net/tcp', '/proc/net/tcp6') {
        open my $in, '<', $file or die "$file: $!";
        while (my $line = <$in>) {
            my @fields = split ' ', $line;
            push @inodes, $fields[9] if $fields[3] eq '0A';
        }
    }
    return @inodes;
}

1;
