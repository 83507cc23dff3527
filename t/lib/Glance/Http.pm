# An HTTP/1.x client on its own socket, which can also send what no library would.
# SPDX-License-Identifier: ISC
#
# Net::HTTP parses the answers. It does not compose the requests, since it adds, merges and reorders
# headers: TE, Connection, Keep-Alive; a second Content-Length beside chunks, none for an empty body.
package Glance::Http;

use strict;
use warnings FATAL => 'all';

use Errno qw(EAGAIN EWOULDBLOCK EINTR);
use Glance::Await;
use IO::Select ();
use IO::Socket::INET ();
use JSON::PP ();
use Net::HTTP::Methods ();
use Scalar::Util ();
use Socket qw(SOL_SOCKET SO_RCVBUF SOCK_STREAM inet_aton pack_sockaddr_in);
use Symbol ();

# A write after the server has closed must not end the test, also when a TLS socket is destroyed.
$SIG{PIPE} = 'IGNORE';

# Options: port; tls, 1 or a version of TLS; alpn, protocols to offer; rcvbuf, size of the receive buffer.
sub new {
    my ($class, %o) = @_;
    my $self = bless { %o, in => '', eof => 0 }, $class;
    my $socket = _tcp($o{port}, $o{rcvbuf});
    $self->{socket} = $o{tls} ? _tls($socket, $o{tls}, $o{alpn}) : $socket;
    return $self;
}

sub _tcp {
    my ($port, $rcvbuf) = @_;
    # The buffer's size decides the window that is offered, so it must be set before connect().
    socket(my $s, Socket::PF_INET(), SOCK_STREAM, 0) or die "socket: $!";
    setsockopt($s, SOL_SOCKET, SO_RCVBUF, $rcvbuf) or die "SO_RCVBUF: $!" if $rcvbuf;
    connect($s, pack_sockaddr_in($port, inet_aton('127.0.0.1'))) or die "connect to port $port: $!";
    my $socket = IO::Socket::INET->new;
    $socket->fdopen($s, 'r+') or die "fdopen: $!";
    $socket->autoflush(1);
    return $socket;
}

sub _tls {
    my ($tcp, $version, $alpn) = @_;
    require IO::Socket::SSL;
    return IO::Socket::SSL->start_SSL($tcp, SSL_verify_mode => 0,
        ($version eq '1' ? () : (SSL_version => $version)),
        ($alpn ? (SSL_alpn_protocols => $alpn) : ()),
    ) || die 'TLS: ' . IO::Socket::SSL::errstr();
}

sub close { my $self = shift; close delete $self->{socket} if $self->{socket} }

# Sends bytes as they are; false when the server has closed the connection.
sub send_raw {
    my ($self, $bytes) = @_;
    my $sent = 0;
    while ($sent < length $bytes) {
        my $n = syswrite $self->{socket}, $bytes, length($bytes) - $sent, $sent;
        return 0 unless $n;
        $sent += $n;
    }
    return 1;
}

# The text of a request. Options: headers (a hash or a list of pairs), body, version, close.
sub compose {
    my ($method, $path, %o) = @_;
    my @pairs = ref $o{headers} eq 'HASH' ? %{ $o{headers} } : @{ $o{headers} || [] };
    my %given;
    my $text = '';
    while (my ($name, $value) = splice @pairs, 0, 2) {
        $given{ lc $name } = 1;
        $text .= "$name: $value\r\n";
    }
    $text .= "Host: localhost\r\n" unless $given{host};
    $text .= "Connection: close\r\n" if $o{close} and not $given{connection};
    $text .= 'Content-Length: ' . length($o{body}) . "\r\n"
        if defined $o{body} and not $given{'content-length'} and not $given{'transfer-encoding'};
    my $version = $o{version} || 'HTTP/1.1';
    return "$method $path $version\r\n$text\r\n" . ($o{body} // '');
}

sub send_request {
    my ($self, $method, $path, %o) = @_;
    $self->{method} = $method;
    return $self->send_raw(compose($method, $path, %o));
}

# Request and answer on this connection. It stays open if the server allows that.
sub request {
    my ($self, $method, $path, %o) = @_;
    $self->send_request($method, $path, %o);
    return $self->answer($o{seconds});
}

# One request on a connection of its own.
sub once {
    my ($class, $port, $method, $path, %o) = @_;
    my $http = $class->new(port => $port, tls => $o{tls});
    my $answer = $http->request($method, $path, close => 1, %o);
    $http->close;
    return $answer;
}

# Receives bytes, and waits for them until the deadline; false at the end of the connection or the deadline.
sub fill {
    my ($self, $deadline) = @_;
    return 0 if $self->{eof};
    my $socket = $self->{socket};
    my $pending = $self->{tls} && $socket->pending;
    unless ($pending) {
        my $left = $deadline - now();
        return 0 unless IO::Select->new($socket)->can_read($left > 0 ? $left : 0);
    }
    my $n = sysread $socket, $self->{in}, 65536, length $self->{in};
    return 1 if $n;
    return 1 if not defined $n and ($! == EAGAIN or $! == EWOULDBLOCK or $! == EINTR);
    $self->{reset} = 1 unless defined $n;
    $self->{eof} = 1;
    return 0;
}

sub _until {
    my ($self, $pattern, $deadline) = @_;
    until ($self->{in} =~ $pattern) {
        $self->fill($deadline) or return;
    }
    return 1;
}

# The head of the next answer, also of an interim one (100); undef when it does not arrive in time.
sub head {
    my ($self, $seconds) = @_;
    $self->_until(qr/\r\n\r\n/, now() + patience($seconds // 10)) or return undef;
    my $reader = $self->{reader} = Glance::Http::Reader->new($self);
    my ($status, $reason, @pairs) = $reader->read_response_headers;
    my %headers;
    while (my ($name, $value) = splice @pairs, 0, 2) {
        $name =~ /\A[!#\$%&'*+.^_`|~0-9A-Za-z-]+\z/ or die "not the name of a header: $name";
        push @{ $headers{ lc $name } }, $value;
    }
    $reader->give_back;
    return bless { version => $reader->version, status => $status, reason => $reason // '',
        headers => { map { $_ => join ', ', @{ $headers{$_} } } keys %headers } }, 'Glance::Http::Answer';
}

# A whole answer; undef when it does not arrive in time.
sub answer {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    my $answer;
    do { $answer = $self->head($seconds) or return undef } while $answer->{status} < 200;
    return $self->_with_body($answer, $deadline);
}

# The same, but 101 Switching Protocols is an answer, too, without a body.
sub answer_or_switch {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    my $answer = $self->head($seconds) or return undef;
    return $answer->{status} == 101 ? $answer : $self->_with_body($answer, $deadline);
}

sub _with_body {
    my ($self, $answer, $deadline) = @_;
    my ($reader, $body, $length) = ($self->{reader}, '');
    $reader->set_deadline($deadline);
    eval {
        while ($length = $reader->read_entity_body(my $part)) { $body .= $part }
        1;
    } or $@ =~ /\Aread timeout|\AEOF when/ ? return undef : die $@;
    $reader->give_back;
    return if $reader->is_incomplete;
    $answer->{body} = $body;
    return $answer;
}

# True once the server has closed the connection.
sub closed {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    1 while $self->fill($deadline);
    return $self->{eof};
}

# Net::HTTP parses answers out of the bytes that the client has received, or receives by a deadline.
package Glance::Http::Reader;

our @ISA = ('Net::HTTP::Methods');

sub new {
    my ($class, $http) = @_;
    my $self = bless Symbol::gensym(), $class;
    %{*$self} = (client => $http, deadline => 0, http_buf => '', http_request_method => [$http->{method} // 'GET']);
    Scalar::Util::weaken(${*$self}{client});    # a cycle of references would keep the connection open
    return $self;
}

sub set_deadline  { my ($self, $deadline) = @_; ${*$self}{deadline} = $deadline }
sub version       { my $self = shift; return "HTTP/${*$self}{http_peer_http_version}" }
sub is_incomplete { my $self = shift; return ${*$self}{http_bytes} }

# Returns the bytes after the answer to the client.
sub give_back {
    my $self = shift;
    substr ${*$self}{client}{in}, 0, 0, ${*$self}{http_buf};
    ${*$self}{http_buf} = '';
}

# False if nothing arrives before the deadline
sub can_read {
    my $self = shift;
    my $http = ${*$self}{client};
    1 while !length $http->{in} and $http->fill(${*$self}{deadline});
    return length $http->{in} || $http->{eof};
}

sub sysread {
    my ($self, undef, $length, $offset) = @_;
    $_[1] //= '';
    my $part = substr ${*$self}{client}{in}, 0, $length, '';
    substr $_[1], $offset // 0, length $_[1], $part;
    return length $part;
}

package Glance::Http::Answer;

sub status { $_[0]{status} }
sub body   { $_[0]{body} }
sub header { $_[0]{headers}{ lc $_[1] } }

# The body as JSON; undef when it is not JSON.
sub json { scalar eval { JSON::PP->new->utf8->decode($_[0]{body}) } }

sub error {
    my $json = $_[0]->json;
    return ref $json eq 'HASH' ? $json->{error} : undef;
}

1;
