# A raw HTTP/1.x client on its own socket, which can also send what no library would.
# SPDX-License-Identifier: ISC
package Glance::Http;

use strict;
use warnings FATAL => 'all';

use Errno qw(EAGAIN EWOULDBLOCK EINTR);
use Glance::Await;
use IO::Select ();
use IO::Socket::INET ();
use JSON::PP ();
use Socket qw(SOL_SOCKET SO_RCVBUF SOCK_STREAM inet_aton pack_sockaddr_in);

# A server that closes its side first must not end a test, not even as a socket of TLS is destroyed.
$SIG{PIPE} = 'IGNORE';

# port: where to; tls: 1 for TLS, or its version (alpn: protocols to offer); rcvbuf: size of the receive
# buffer.
sub new {
    my ($class, %o) = @_;
    my $self = bless { %o, in => '', eof => 0 }, $class;
    my $socket = _tcp($o{port}, $o{rcvbuf});
    $self->{socket} = $o{tls} ? _tls($socket, $o{tls}, $o{alpn}) : $socket;
    return $self;
}

sub _tcp {
    my ($port, $rcvbuf) = @_;
    # The buffer's size must be set before connecting, since it decides the window on offer.
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

# Request and answer on this connection, which stays open if the server lets it.
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

# Takes what has arrived, waiting for it until the deadline; false at the end or the deadline.
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

# The head of the next answer, interim ones (100) included; undef when none arrives in time.
sub head {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    $self->_until(qr/\r\n\r\n/, $deadline) or return undef;
    $self->{in} =~ s/\A(.*?)\r\n\r\n//s or die;
    my ($first, @lines) = split /\r\n/, $1;
    $first =~ m{\A(HTTP/1\.\d) (\d{3})(?: (.*))?\z} or die "not an HTTP answer: $first";
    my $answer = bless { version => $1, status => $2, reason => $3 // '', headers => {} },
        'Glance::Http::Answer';
    for my $line (@lines) {
        $line =~ /\A([!#\$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*\z/ or die "not a header: $line";
        my $name = lc $1;
        my $had  = $answer->{headers}{$name};
        $answer->{headers}{$name} = defined $had ? "$had, $2" : $2;
    }
    return $answer;
}

# A whole answer; undef when it does not arrive in time.
sub answer {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    my $answer;
    do { $answer = $self->head($seconds) or return undef } while $answer->{status} < 200;
    return $self->_with_body($answer, $deadline);
}

# The same, but an answer that switches protocols is one, too, and has no body.
sub answer_or_switch {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    my $answer = $self->head($seconds) or return undef;
    return $answer->{status} == 101 ? $answer : $self->_with_body($answer, $deadline);
}

sub _with_body {
    my ($self, $answer, $deadline) = @_;
    $answer->{body} = $self->_body($answer, $deadline);
    return defined $answer->{body} ? $answer : undef;
}

sub _body {
    my ($self, $answer, $deadline) = @_;
    my $h = $answer->{headers};
    return '' if ($self->{method} // '') eq 'HEAD' or $answer->{status} =~ /\A(?:204|304)\z/;
    return $self->_chunks($deadline) if ($h->{'transfer-encoding'} // '') =~ /chunked/i;
    return $self->_counted($h->{'content-length'}, $deadline) if defined $h->{'content-length'};
    1 while $self->fill($deadline);
    return unless $self->{eof};
    my $body = $self->{in};
    $self->{in} = '';
    return $body;
}

sub _counted {
    my ($self, $length, $deadline) = @_;
    while (length $self->{in} < $length) {
        $self->fill($deadline) or return;
    }
    return substr $self->{in}, 0, $length, '';
}

sub _chunks {
    my ($self, $deadline) = @_;
    my $body = '';
    while (1) {
        $self->_until(qr/\A[0-9A-Fa-f]+[^\n]*\r\n/, $deadline) or return;
        $self->{in} =~ s/\A([0-9A-Fa-f]+)[^\n]*\r\n//;
        my $size = hex $1;
        my $part = $self->_counted($size + 2, $deadline);
        return unless defined $part and $part =~ s/\r\n\z//;
        return $body unless $size;
        $body .= $part;
    }
}

# True once the server has closed the connection.
sub closed {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    1 while $self->fill($deadline);
    return $self->{eof};
}

package Glance::Http::Answer;

sub status { $_[0]{status} }
sub body   { $_[0]{body} }
sub header { $_[0]{headers}{ lc $_[1] } }

# The body as JSON; undef when it is none.
sub json { scalar eval { JSON::PP->new->utf8->decode($_[0]{body}) } }

sub error {
    my $json = $_[0]->json;
    return ref $json eq 'HASH' ? $json->{error} : undef;
}

1;
