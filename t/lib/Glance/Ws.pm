# A client of the feed: a raw WebSocket, which can also send what no library would, with a parser that
# accepts exactly what RFC 6455 and the contract allow a server.
# SPDX-License-Identifier: ISC
package Glance::Ws;

use strict;
use warnings FATAL => 'all';

use Digest::SHA ();
use Encode ();
use Glance::Await;
use Glance::Http;
use JSON::PP ();
use MIME::Base64 ();

use constant { CONTINUATION => 0, TEXT => 1, BINARY => 2, CLOSE => 8, PING => 9, PONG => 10 };

my $KEY = 'AAECAwQFBgcICQoLDA0ODw==';

# ---- the handshake -----------------------------------------------------------------------------

# The headers of a handshake as pairs. An argument replaces or adds a header; undef leaves it out, a list
# repeats it: handshake('Sec-WebSocket-Protocol' => 'a').
sub handshake {
    my %o = @_;
    my @usual = (
        Upgrade => 'websocket', Connection => 'Upgrade',
        'Sec-WebSocket-Version' => 13, 'Sec-WebSocket-Key' => $KEY,
    );
    my @pairs;
    while (my ($name, $value) = splice @usual, 0, 2) {
        $value = delete $o{$name} if exists $o{$name};
        push @pairs, map { ($name => $_) } ref $value ? @$value : $value // ();
    }
    for my $name (sort keys %o) {
        push @pairs, map { ($name => $_) } ref $o{$name} ? @{ $o{$name} } : $o{$name} // ();
    }
    return \@pairs;
}

# What a server must answer to a key.
sub accept_of {
    my $key = shift // $KEY;
    return MIME::Base64::encode(Digest::SHA::sha1($key . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'), '');
}

# Opens a feed and reads the answer's head. Options: port, path, tls, rcvbuf, headers (as
# handshake() takes them), events (1 asks for the subprotocol glance-events), last (an event's id to
# resume from), behind (bytes sent together with the handshake), later (the head is not read yet).
sub open {
    my ($class, %o) = @_;
    my $self = bless { frames => [], closed => undef }, $class;
    my %headers = %{ $o{headers} || {} };
    $headers{'Sec-WebSocket-Protocol'} = 'glance-events' if $o{events};
    my $path = $o{path} || '/api/feed';
    $path .= ($path =~ /\?/ ? '&' : '?') . "last-event-id=$o{last}" if defined $o{last};
    $self->{http} = Glance::Http->new(port => $o{port}, tls => $o{tls}, rcvbuf => $o{rcvbuf});
    $self->{http}->send_raw(Glance::Http::compose('GET', $path, headers => handshake(%headers))
        . ($o{behind} // ''));
    $self->read_head unless $o{later};
    return $self;
}

# The answer's head; dies unless it switches to WebSocket.
sub read_head {
    my $self = shift;
    my $head = $self->{head} = $self->{http}->head or die 'no answer to the handshake';
    die "not switched: $head->{status} $head->{reason}" unless $head->status == 101;
    $self->{events} = ($head->header('sec-websocket-protocol') // '') eq 'glance-events';
    $self->_parse;
    return $head;
}

sub header { $_[0]{head}->header($_[1]) }
sub socket { $_[0]{http}{socket} }
sub close  { $_[0]{http}->close }

# ---- sending -----------------------------------------------------------------------------------

# The bytes of a frame. Options: fin (1), rsv (0 to 7), masked (1), mask (4 bytes), size (2, 4 or 10
# bytes of header before the mask; the shortest by default), announce (a length that is not
# that of the payload).
sub frame {
    my ($opcode, $payload, %o) = @_;
    my $length = $o{announce} // length $payload;
    my $masked = $o{masked} // 1;
    my $size   = $o{size} // ($length < 126 ? 2 : $length < 65536 ? 4 : 10);
    my $first  = ($o{fin} // 1) << 7 | ($o{rsv} // 0) << 4 | $opcode;
    my $second = $masked << 7 | ($size == 2 ? $length : $size == 4 ? 126 : 127);
    my $bytes  = pack 'CC', $first, $second;
    $bytes .= pack 'n',  $length if $size == 4;
    $bytes .= pack 'Q>', $length if $size == 10;
    return $bytes . $payload unless $masked;
    my $mask = $o{mask} // "\x37\xfa\x21\x3d";
    return $bytes . $mask . ($payload ^ substr $mask x (1 + length($payload) / 4), 0, length $payload);
}

# A close frame: nothing, a code, or a code and a reason.
sub close_frame {
    my ($code, $reason, %o) = @_;
    return frame(CLOSE, defined $code ? pack('n', $code) . ($reason // '') : '', %o);
}

sub send_raw { my $self = shift; return $self->{http}->send_raw(@_) }

sub send_frame { my $self = shift; return $self->send_raw(frame(@_)) }

# ---- receiving ---------------------------------------------------------------------------------

# Takes the complete frames out of the input.
sub _parse {
    my $self = shift;
    while (my $frame = _take_frame(\$self->{http}{in})) {
        die 'a frame after the close frame' if $self->{closed};
        $self->_read_payload($frame);
        $self->{closed} = $frame if $frame->{opcode} == CLOSE;
        push @{ $self->{frames} }, $frame;
    }
    $self->{ended} = $self->{http}{eof};
    die 'the connection ended within a frame' if $self->{ended} and length $self->{http}{in};
}

sub _take_frame {
    my $in = shift;
    return if length $$in < 2;
    my ($first, $second) = unpack 'CC', $$in;
    my ($opcode, $length) = ($first & 15, $second & 127);
    die sprintf 'first byte of a frame: %02x', $first unless ($first & 0xf0) == 0x80;
    die 'a masked frame' if $second & 128;
    die "opcode $opcode" unless grep { $opcode == $_ } TEXT, CLOSE, PING, PONG;
    die 'a long control frame' if $opcode >= 8 and $length > 125;
    my $more = $length == 126 ? 2 : $length == 127 ? 8 : 0;
    return if length $$in < 2 + $more;
    if ($more) {
        $length = unpack $more == 2 ? 'n' : 'Q>', substr $$in, 2, $more;
        die "length $length in $more bytes" if $length < ($more == 2 ? 126 : 65536);
    }
    return if length $$in < 2 + $more + $length;
    substr $$in, 0, 2 + $more, '';
    return { opcode => $opcode, payload => substr($$in, 0, $length, ''), at => now() };
}

sub _read_payload {
    my ($self, $frame) = @_;
    my $payload = $frame->{payload};
    if ($frame->{opcode} == TEXT) {
        $self->{events} ? _read_event($frame) : _read_message($frame);
    }
    elsif ($frame->{opcode} == CLOSE) {
        die 'a close frame of one byte' if length $payload == 1;
        $frame->{code}   = length $payload ? unpack 'n', $payload : undef;
        $frame->{reason} = _text(substr $payload, 2) if length $payload > 2;
    }
}

sub _text { Encode::decode('UTF-8', $_[0], Encode::FB_CROAK | Encode::LEAVE_SRC) }

# A message of the original protocol: {op, payload}.
sub _read_message {
    my $frame = shift;
    my $json = JSON::PP->new->utf8->decode($frame->{payload});
    die "not a message: $frame->{payload}" unless _members($json) eq 'op payload';
    my ($op, $payload) = @$frame{qw(op json)} = @$json{qw(op payload)};
    my $members = _members($payload);
    if    ($op eq 'hello')        { _check_hello($payload) }
    elsif ($op eq 'state_update') { die "members: $members" unless $members eq 'cluster shard state' }
    elsif ($op eq 'health_ping')  { die "members: $members" unless $members =~ /\Acluster shard(?: state)?\z/ }
    else                          { die "op: $op" }
    return if $op eq 'hello';
    _check_number($_, $payload->{$_}) for grep { exists $payload->{$_} } qw(shard state);
    die "state: $payload->{state}" if exists $payload->{state} and $payload->{state} > 6;
}

sub _check_hello {
    my $clusters = shift;
    for my $name (keys %$clusters) {
        my %shards = %{ $clusters->{$name} };
        my $count = delete $shards{len};
        _check_number('len', $count);
        for my $id (keys %shards) {
            die "shard $id of $count" unless $id =~ /\A(?:0|[1-9]\d*)\z/ and $id < $count;
            die "shard $id: $_" for grep { $_ ne 'last_healthy state' } _members($shards{$id});
            _check_number('state', $shards{$id}{state});
        }
    }
}

# An integer as JSON writes it, not a string of digits.
sub _check_number {
    my ($name, $value) = @_;
    my $text = JSON::PP->new->allow_nonref->encode($value // 'nothing');
    die "$name: $text" unless $text =~ /\A\d+\z/;
}

sub _members { join ' ', sort keys %{ $_[0] } }

# A message of the subprotocol glance-events; it gets the members of the stream's event.
sub _read_event {
    my $frame = shift;
    my $json = JSON::PP->new->utf8->decode($frame->{payload});
    die "not an event: $frame->{payload}" unless _members($json) eq 'data event id';
    die "event: $json->{event}" unless $json->{event} =~ /\A(?:hello|update|health)\z/;
    die "not an id: $json->{id}" if $json->{id} !~ /\A[0-9A-Za-z]+-\d+\z/;
    @$frame{qw(event id json)} = @$json{qw(event id data)};
}

# Reads what arrives; false when nothing arrives before the deadline.
sub pump {
    my ($self, $deadline) = @_;
    my $got = $self->{http}->fill($deadline);
    $self->_parse;
    return $got;
}

# The next frame of any kind; undef when none arrives in time.
sub next_frame {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    until (@{ $self->{frames} }) {
        $self->pump($deadline) or @{ $self->{frames} } or return;
    }
    return shift @{ $self->{frames} };
}

# The next frame that is wanted; others are skipped. undef when none arrives in time.
sub _next {
    my ($self, $wanted, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    while (1) {
        my $left = $deadline - now();
        my $frame = $self->next_frame($left > 0 ? $left / patience(1) : 0) or return;
        $self->{last} = $frame->{id} if $frame->{id};
        return $frame if $wanted->($frame);
    }
}

# The next message: {op, json} or {event, id, json}.
sub next_message {
    my ($self, $seconds) = @_;
    return $self->_next(sub { $_[0]{opcode} == TEXT }, $seconds);
}

# The next message of one kind, by its op or event.
sub next_of {
    my ($self, $kind, $seconds) = @_;
    return $self->_next(sub { ($_[0]{op} // $_[0]{event} // '') eq $kind }, $seconds);
}

sub next_pong {
    my ($self, $seconds) = @_;
    return $self->_next(sub { $_[0]{opcode} == PONG }, $seconds);
}

# All messages that arrive within some seconds.
sub messages_within {
    my ($self, $seconds) = @_;
    my $deadline = now() + $seconds;
    1 while now() < $deadline and $self->pump($deadline);
    my @messages = grep { $_->{opcode} == TEXT } splice @{ $self->{frames} };
    $self->{last} = $messages[-1]{id} if @messages and $messages[-1]{id};
    return @messages;
}

# The server's close frame; frames before it are skipped. undef when none arrives in time.
sub close_within {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds);
    until ($self->{closed}) {
        $self->pump($deadline) or return $self->{closed};
    }
    return $self->{closed};
}

# True once the server has ended the connection.
sub ends_within {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds);
    1 while $self->pump($deadline);
    return $self->{ended};
}

# Whether the connection ended by FIN, not by RST, which destroys the bytes on their way.
sub ended_well { $_[0]{ended} && !$_[0]{http}{reset} }

1;
