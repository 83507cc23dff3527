# A private httpd, for tests that restart, stop or kill one: with a ServerRoot and ports of its own.
# SPDX-License-Identifier: ISC
package Glance::Httpd;

use strict;
use warnings FATAL => 'all';

use Cwd ();
use File::Path qw(make_path);
use Glance::Await;
use Glance::Http;
use Glance::Log;
use Glance::Test ();
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use POSIX ();

# What every MPM logs once it serves.
my $RUNNING = qr/resuming normal operations/;

my $count = 0;
my @running;

END {
    my $status = $?;
    $_->end for @running;
    $? = $status;
}

sub httpd { $ENV{GLANCE_HTTPD} || '/usr/sbin/apache2' }

# The LoadModule lines of the shared server, MPM included.
sub load_file { Cwd::getcwd() . '/t/conf/load.conf' }

# A port below the range that the kernel assigns to clients, since a client could get a port of that range
# while the server restarts. No other test gets the port while this process runs.
sub free_port {
    my $first_of_clients = first_line('/proc/sys/net/ipv4/ip_local_port_range') =~ /(\d+)/ ? $1 : 0;
    for (1 .. 100) {
        my $port = $first_of_clients > 11_000 ? 10_000 + int rand $first_of_clients - 10_000 : 0;
        my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1);
        return $port if $socket and reserve($port = $socket->sockport);
    }
    die "no free port: $!";
}

my @reserved;

# By a socket in Linux's abstract namespace, which disappears with the process
sub reserve {
    my $port = shift;
    my $socket = IO::Socket::UNIX->new(Local => "\0glance-test-port-$port", Listen => 1);
    push @reserved, $socket if $socket;
    return $socket;
}

sub first_line {
    my $file = shift;
    open my $in, '<', $file or return '';
    return <$in> // '';
}

# A new folder, for a server or for a configuration that is only checked.
sub new {
    my $class = shift;
    my $root = Cwd::getcwd() . sprintf '/t/logs/private-%d-%d', $$, ++$count;
    make_path($root);
    return bless { root => $root, port => free_port(), ports => {} }, $class;
}

# The port of the named virtual host, chosen at its first use; without a name, of the main server.
sub port {
    my ($self, $name) = @_;
    return $self->{port} unless defined $name;
    return $self->{ports}{$name} ||= free_port();
}

# The folder of its configuration and its files
sub folder { $_[0]{root} }

# Sets a variable of its environment from the next start on.
sub setenv {
    my ($self, $name, $value) = @_;
    $self->{environment}{$name} = $value;
}

# Writes a file beside the configuration and returns its path.
sub file {
    my ($self, $name, $text, $mode) = @_;
    my $path = "$self->{root}/$name";
    open my $out, '>', $path or die "$path: $!";
    print $out $text;
    close $out or die "$path: $!";
    chmod $mode, $path if defined $mode;
    return $path;
}

# The default paths, as conf/glance.conf serves them.
my $PATHS = join '', map {
    "<Location \"$_->[1]\">\n    SetHandler glance-$_->[0]\n</Location>\n"
} [status => '/api/status'], [health => '/api/health'], [stream => '/api/stream'],
    [feed => '/api/feed'], [plain => '/plain'];

my $THREADED = <<'LINES';
ServerLimit 8
StartServers 2
ThreadsPerChild 8
ThreadLimit 8
MinSpareThreads 8
MaxSpareThreads 64
MaxRequestWorkers 64
LINES

my %MPM = (
    event   => $THREADED,
    worker  => $THREADED,
    prefork => "StartServers 4\nMinSpareServers 4\nMaxSpareServers 32\nMaxRequestWorkers 32\n",
);

# The settings of Debian 12 in mods-available/mpm_*.conf
my $STOCK_THREADED = <<'LINES';
StartServers 2
MinSpareThreads 25
MaxSpareThreads 75
ThreadLimit 64
ThreadsPerChild 25
MaxRequestWorkers 150
MaxConnectionsPerChild 0
LINES

my %STOCK = (
    event   => $STOCK_THREADED,
    worker  => $STOCK_THREADED,
    prefork => "StartServers 5\nMinSpareServers 5\nMaxSpareServers 10\nMaxRequestWorkers 150\n"
        . "MaxConnectionsPerChild 0\n",
);

# Writes the configuration with the given lines. With no_paths it has no endpoints but those of the lines;
# runtime is another DefaultRuntimeDir; with stock the MPM has Debian's settings.
sub configure {
    my ($self, $lines, %o) = @_;
    my $user  = $> == 0 ? "User nobody\nGroup nogroup" : '';
    my $mpm   = ($o{stock} ? \%STOCK : \%MPM)->{ Glance::Test::mpm() };
    my $paths = $o{no_paths} ? '' : $PATHS;
    my $load  = load_file();
    my $runtime = $o{runtime} || $self->{root};
    $self->file('httpd.conf', <<"CONF" . $lines);
ServerRoot "$self->{root}"
DefaultRuntimeDir "$runtime"
PidFile "$self->{root}/httpd.pid"
ServerName private.test
Listen 127.0.0.1:$self->{port}
Include "$load"
$user
$mpm
ErrorLog "$self->{root}/error_log"
LogLevel warn mpm_@{[ Glance::Test::mpm() ]}:notice glance:info
LogFormat "%>s %m %U%q" short
CustomLog "$self->{root}/access_log" short
DocumentRoot "$self->{root}"
TypesConfig /dev/null
Timeout 20
KeepAliveTimeout 10
MaxKeepAliveRequests 0
$paths
CONF
    return $self;
}

# A virtual host over TLS, on the port of that name, with the certificate of the shared server. It has
# the main server's board unless the lines give it another.
sub tls_host {
    my ($self, $name, $lines) = @_;
    my $port   = $self->port($name);
    my $folder = Cwd::getcwd() . '/t/conf';
    return <<"CONF" . ($lines // '') . "</VirtualHost>\n";
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    SSLEngine on
    SSLCertificateFile "$folder/server.crt"
    SSLCertificateKeyFile "$folder/server.key"
CONF
}

# The port and tls options of clients for a virtual host; without a name, for the main server
sub to {
    my ($self, $name) = @_;
    return (port => $self->port($name), defined $name ? (tls => 1) : ());
}

# Many virtual hosts on the port of the main server, each with its own two logs: each takes two
# descriptors in every process.
sub logging_hosts {
    my ($self, $count) = @_;
    return join '', map { <<"CONF" } 1 .. $count;
<VirtualHost *:$self->{port}>
    ServerName site$_.test
    CustomLog "$self->{root}/site$_-access_log" short
    ErrorLog "$self->{root}/site$_-error_log"
</VirtualHost>
CONF
}

# Limits from the next start on: of each file, in blocks of 512 bytes; of the descriptors of a process.
# undef removes the limit.
sub limit_files       { $_[0]{limits}{f} = $_[1] }
sub limit_descriptors { $_[0]{limits}{n} = $_[1] }

# Runs httpd with this configuration and returns its exit code and its output.
sub run {
    my ($self, @arguments) = @_;
    my $pid = open my $out, '-|';
    die "fork: $!" unless defined $pid;
    unless ($pid) {
        open STDERR, '>&', \*STDOUT;
        local %ENV = (%ENV, %{ $self->{environment} || {} });
        exec $self->_limited, httpd(), '-f', "$self->{root}/httpd.conf", @arguments or POSIX::_exit(127);
    }
    my $text = do { local $/; <$out> } // '';
    close $out;
    return ($? >> 8, $text);
}

sub _limited {
    my $self = shift;
    my $limits = $self->{limits} || {};
    my @given = grep { defined $limits->{$_} } sort keys %$limits;
    return unless @given;
    my $ulimit = join '; ', map { "ulimit -$_ $limits->{$_}" } @given;
    return ('/bin/sh', '-c', "trap '' XFSZ; $ulimit; exec \"\$@\"", 'sh');
}

sub configtest { $_[0]->run('-t') }

# Returns once httpd logs that it serves. Its ports and its pid file exist earlier, but not its signal
# handlers: a signal before this line would end it and leave the pid file.
sub start {
    my $self = shift;
    my $log = $self->log;
    my ($code, $text) = $self->run('-k', 'start');
    die "httpd did not start ($code): $text" . $self->log_text if $code;
    push @running, $self unless grep { $_ == $self } @running;
    await { $log->lines($RUNNING) and $self->pid and $self->answering } 20 or die 'httpd does not answer: ' . $self->log_text;
    return $self;
}

sub answering {
    my $self = shift;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}) ? 1 : 0;
}

sub pid {
    my $self = shift;
    open my $in, '<', "$self->{root}/httpd.pid" or return;
    chomp(my $pid = <$in> // '');
    return $pid =~ /\A\d+\z/ ? $pid : undef;
}

sub children {
    my $pid = $_[0]->pid or return;
    return Glance::Test::children($pid);
}

sub log        { Glance::Log->new("$_[0]{root}/error_log") }
sub access_log { Glance::Log->new("$_[0]{root}/access_log") }

sub log_text {
    my $self = shift;
    open my $in, '<', "$self->{root}/error_log" or return '';
    local $/;
    return scalar <$in> // '';
}

# A graceful restart with the current configuration. Returns once the new generation serves and the old
# one has ended, except `busy` children that a test keeps at work.
sub graceful {
    my ($self, %o) = @_;
    my @old = $self->signal_graceful;
    my $busy = $o{busy} || 0;
    my @left;
    await { @left = grep { !Glance::Test::gone($_) } @old; @left <= $busy } 20
        or die "old children do not go: @left\n" . $self->log_text;
    # A busy child may accept connections until it notices the restart.
    await { !grep { Glance::Test::listens($_) } @left } 10 or die "old children listen: @left";
    return $self;
}

# The same, but returns the old children as soon as the new generation serves.
#
# httpd handles the signal up to a second later, and may start another child until then. So the list of
# old children is complete only between the two lines that it logs.
sub signal_graceful {
    my $self = shift;
    my $log = $self->log;
    my %old = map { $_ => 1 } $self->children;
    kill USR1 => $self->pid or die "USR1: $!";
    await {
        return 0 unless $log->lines(qr/SIGUSR1 received|Graceful restart requested/);
        my @children = $self->children;
        return 1 if $log->lines($RUNNING);
        $old{$_} = 1 for @children;
        return 0;
    } 20, 0.001 or die 'no graceful restart: ' . $self->log_text;
    return keys %old;
}

# Stops the server and waits until it is gone.
sub stop {
    my $self = shift;
    my $pid = $self->pid or return;
    @running = grep { $_ != $self } @running;
    kill TERM => $pid;
    return await { Glance::Test::gone($pid) } 20;
}

# The same, but its children may first finish their requests.
sub stop_gracefully {
    my $self = shift;
    my $pid = $self->pid or return;
    kill WINCH => $pid;
    return $self->stop unless await { Glance::Test::gone($pid) } 20;
    @running = grep { $_ != $self } @running;
    return 1;
}

# Kills every process of the server at once.
sub kill_all {
    my $self = shift;
    my $pid = $self->pid or return;
    # A stopped parent starts no more children.
    kill STOP => $pid;
    await { Glance::Test::halted($pid) } 10 or die "process $pid does not halt";
    my @all = ($pid, $self->children);
    kill KILL => @all;
    my $dead = await { !grep { !Glance::Test::gone($_) } @all } 20;
    # In a container whose init does not reap orphans, httpd would take the pid for a running server.
    unlink "$self->{root}/httpd.pid";
    return $dead;
}

# Stops it at the end of a test file, also of one that died.
sub end {
    my $self = shift;
    my $pid = $self->pid;
    return if not $pid or Glance::Test::gone($pid);
    my @children = $self->children;
    kill TERM => $pid;
    return if await { Glance::Test::gone($pid) } 10;
    kill KILL => @children, $pid;
}

sub http {
    my ($self, $method, $path, %o) = @_;
    return Glance::Http->once(delete $o{port} || $self->{port}, $method, $path, %o);
}

sub post { my $self = shift; $self->http('POST', @_) }

# A POST whose body (any 4 bytes) is not sent yet. A child handles it: it has sent 100 Continue.
sub begin_post {
    my ($self, $path) = @_;
    my $http = Glance::Http->new(port => $self->{port});
    $http->send_request('POST', $path, headers => { 'Content-Length' => 4, Expect => '100-continue' });
    my $interim = $http->head;
    die 'not asked for the body' unless $interim and $interim->status == 100;
    return $http;
}

sub viewer {
    my ($self, %o) = @_;
    return Glance::Sse->open(port => $self->{port}, %o);
}

sub feed {
    my ($self, %o) = @_;
    return Glance::Ws->open(port => $self->{port}, %o);
}

# Lines of configuration that status() needs
use constant STATUS_LINES => "<Location /server-status>\n    SetHandler server-status\n</Location>\n";

# The values of mod_status by name; empty when it does not answer.
sub status {
    my $self = shift;
    my $answer = eval { $self->http('GET', '/server-status?auto') } or return {};
    return { $answer->body =~ /^([^:\n]+): (.*)$/mg };
}

# How many viewers all children hold, clear and TLS, by mod_status
sub viewer_count {
    my $status = $_[0]->status;
    return unless defined $status->{GlanceViewersClear};
    return $status->{GlanceViewersClear} + $status->{GlanceViewersTLS};
}

sub states_of {
    my ($self, $cluster, %o) = @_;
    return Glance::Picture::of_status($self->http('GET', '/api/status', %o)->json, $cluster);
}

1;
