# A viewer by openssl s_client, which can use TLS as no library of HTTP does: update keys, renegotiate,
# keep a session in a file.
# SPDX-License-Identifier: ISC
package Glance::OpenSsl;

use strict;
use warnings FATAL => 'all';

use Glance::Await;
use IO::Select ();
use IPC::Open2 ();

# Opens a connection to a port, with further options of s_client. The text has its messages, too.
sub new {
    my ($class, $port, @options) = @_;
    my $self = bless { text => '' }, $class;
    $self->{pid} = IPC::Open2::open2($self->{out}, $self->{in}, 'sh', '-c', 'exec "$@" 2>&1', 'sh',
        'openssl', 's_client', '-connect', "127.0.0.1:$port", '-msg', @options);
    $self->await_text(qr/^---\n/m) or die "no handshake: $self->{text}";
    return $self;
}

sub DESTROY {
    my $self = shift;
    local $?;
    kill KILL => $self->{pid} and waitpid $self->{pid}, 0 if $self->{pid};
}

sub send_text {
    my ($self, $text) = @_;
    local $SIG{PIPE} = 'IGNORE';
    return syswrite $self->{in}, $text;
}

sub send_request {
    my ($self, $path) = @_;
    return $self->send_text("GET $path HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

# A command of s_client: a letter on a line (k and K update keys, R renegotiates). s_client takes it as a
# command only if one read brings nothing else.
sub command {
    my ($self, $letter) = @_;
    return $self->send_text("$letter\n");
}

# Drops the text so far.
sub forget { $_[0]{text} = '' }

# Waits until the text matches.
sub await_text {
    my ($self, $pattern, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    until ($self->{text} =~ $pattern) {
        my $left = $deadline - now();
        return 0 if $left <= 0 or not IO::Select->new($self->{out})->can_read($left);
        my $length = sysread $self->{out}, $self->{text}, 65536, length $self->{text};
        return $self->{text} =~ $pattern unless $length;
    }
    return 1;
}

# Ends the connection in order; s_client also writes its session file then.
sub quit {
    my $self = shift;
    $self->send_text("Q\n");
    waitpid delete $self->{pid}, 0;
}

1;
