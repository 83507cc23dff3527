# A viewer of the stream, with a parser that accepts exactly what the contract promises.
# SPDX-License-Identifier: ISC
package Glance::Sse;

use strict;
use warnings FATAL => 'all';

use Errno qw(EAGAIN EWOULDBLOCK EINTR);
use Glance::Await;
use Glance::Http;
use IO::Select ();
use JSON::PP ();

# Opens a stream and reads the answer's head. Options: port, path, headers, version, rcvbuf, tls,
# method; last (a Last-Event-ID); behind (bytes sent together with the request); later
# (the head is not read yet).
sub open {
    my ($class, %o) = @_;
    my $self = bless { blocks => [], text => '', ended => 0 }, $class;
    my %headers = %{ $o{headers} || {} };
    $headers{'Last-Event-ID'} = $o{last} if defined $o{last};
    $self->{http} = Glance::Http->new(port => $o{port}, rcvbuf => $o{rcvbuf}, tls => $o{tls});
    $self->{http}{method} = $o{method} || 'GET';
    $self->{http}->send_raw(Glance::Http::compose($self->{http}{method}, $o{path} || '/api/stream',
        headers => \%headers, version => $o{version}) . ($o{behind} // ''));
    return $self if $o{later};
    $self->read_head;
    return $self;
}

sub read_head {
    my $self = shift;
    $self->{head} = $self->{http}->head or die 'no answer to the stream request';
    $self->_parse;
    return $self->{head};
}

sub header { $_[0]{head}->header($_[1]) }
sub status { $_[0]{head}{status} }
sub close  { $_[0]{http}->close }
sub socket { $_[0]{http}{socket} }

# Splits the text of a stream into blocks, each {retry}, {comment} or {event, id, data, json}.
# Dies on anything that the contract does not promise. Returns the blocks and the incomplete rest.
sub parse {
    my $text = shift;
    my @blocks;
    while ($text =~ s/\A(.*?)\n\n//s) {
        my @lines = split /\n/, $1, -1;
        push @blocks, _block(@lines);
    }
    return (\@blocks, $text);
}

sub _block {
    my @lines = @_;
    my %block;
    for my $line (@lines) {
        $line =~ /\A(event|id|data|retry)?:(?: (.*))?\z/ or die "not a line of a stream: '$line'";
        my ($field, $value) = ($1 // 'comment', $2 // '');
        die "field $field twice in one block" if exists $block{$field};
        $block{$field} = $value;
    }
    my $kind = join ' ', sort grep { $_ ne 'comment' } keys %block;
    die "not a block of a stream: " . join '|', @lines
        unless $kind eq 'data event id' or $kind eq 'retry' or ($kind eq '' and %block);
    die "not an id: $block{id}" if defined $block{id} and $block{id} !~ /\A[0-9A-Za-z]+-\d+\z/;
    die "not a time: $block{retry}" if defined $block{retry} and $block{retry} !~ /\A\d+\z/;
    $block{json} = JSON::PP->new->utf8->decode($block{data}) if defined $block{data};
    $block{at}   = now();
    return \%block;
}

# The text that has arrived. A proxy may have made chunks of it.
sub _arrived {
    my $self = shift;
    my $in = \$self->{http}{in};
    return substr $$in, 0, length $$in, '' unless ($self->header('transfer-encoding') // '') eq 'chunked';
    my $text = '';
    while ($$in =~ /\A([0-9A-Fa-f]+)\r\n/) {
        my ($head, $size) = (length $&, hex $1);
        last if length $$in < $head + $size + 2;
        $text .= substr $$in, $head, $size;
        $self->{last_chunk} = 1 unless $size;
        substr $$in, 0, $head + $size + 2, '';
    }
    return $text;
}

sub _parse {
    my $self = shift;
    my ($blocks, $rest) = parse($self->{text} . $self->_arrived);
    $self->{text} = $rest;
    push @{ $self->{blocks} }, @$blocks;
    $self->{ended} = $self->{http}{eof} || $self->{last_chunk};
}

# Reads what arrives; false when nothing arrives before the deadline.
sub pump {
    my ($self, $deadline) = @_;
    my $got = $self->{http}->fill($deadline);
    $self->_parse;
    return $got;
}

# The next block of any kind; undef when none arrives in time.
sub next_block {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    until (@{ $self->{blocks} }) {
        $self->pump($deadline) or @{ $self->{blocks} } or return;
    }
    return shift @{ $self->{blocks} };
}

# The next event; comments and retry lines are skipped.
sub next_event {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    while (1) {
        my $left = $deadline - now();
        my $block = $self->next_block($left > 0 ? $left / patience(1) : 0) or return;
        next unless $block->{event};
        $self->{last} = $block->{id};
        return $block;
    }
}

# The next event of one kind.
sub next_of {
    my ($self, $kind, $seconds) = @_;
    my $deadline = now() + patience($seconds // 10);
    while (1) {
        my $left = $deadline - now();
        my $event = $self->next_event($left > 0 ? $left / patience(1) : 0) or return;
        return $event if $event->{event} eq $kind;
    }
}

# All blocks that arrive within some seconds.
sub blocks_within {
    my ($self, $seconds) = @_;
    my $deadline = now() + $seconds;
    1 while now() < $deadline and $self->pump($deadline);
    return splice @{ $self->{blocks} };
}

# True once the server has ended the stream.
sub ends_within {
    my ($self, $seconds) = @_;
    my $deadline = now() + patience($seconds);
    1 while !$self->{ended} and $self->pump($deadline);
    return $self->{ended};
}

# Reads all the given viewers until the condition holds for each of them, at most some seconds.
# Returns those for which it does not hold.
sub pump_all {
    my ($viewers, $condition, $seconds) = @_;
    my $deadline = now() + patience($seconds);
    my %open = map { fileno($_->socket) => $_ } grep { !$condition->($_) } @$viewers;
    while (%open and now() < $deadline) {
        my $select = IO::Select->new(map { $_->socket } values %open);
        for my $socket ($select->can_read(0.2)) {
            my $viewer = $open{ fileno $socket };
            $viewer->pump(now());
            delete $open{ fileno $socket } if $viewer->{ended} or $condition->($viewer);
        }
    }
    return grep { !$condition->($_) } @$viewers;
}

1;
