# The states of all clusters as a viewer of the stream knows them, from hello and update events.
# SPDX-License-Identifier: ISC
package Glance::Picture;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT_OK = qw(expand);

sub new { bless { clusters => {}, order => [] }, shift }

# "0-2,5" as a list of ids; dies unless the ranges are in order, disjoint and as few as possible.
sub expand {
    my $text = shift;
    my @ids;
    for my $part (split /,/, $text, -1) {
        $part =~ /\A(0|[1-9]\d*)(?:-([1-9]\d*))?\z/ or die "not a range: '$text'";
        my ($from, $to) = ($1, $2 // $1);
        die "range without length: '$text'" if defined $2 and $to <= $from;
        die "ranges not in order or not joined: '$text'" if @ids and $from <= $ids[-1] + 1;
        push @ids, $from .. $to;
    }
    return @ids;
}

sub apply {
    my ($self, $event) = @_;
    my $clusters = $event->{json}{clusters};
    if ($event->{event} eq 'hello') {
        $self->{clusters} = { map { $_->{name} => $_->{states} } @$clusters };
        $self->{order}    = [map { $_->{name} } @$clusters];
    }
    elsif ($event->{event} eq 'update') {
        for my $name (keys %$clusters) {
            $self->_change($name, $clusters->{$name});
        }
    }
    return $self;
}

sub _change {
    my ($self, $name, $states) = @_;
    for my $state (keys %$states) {
        substr $self->{clusters}{$name}, $_, 1, $state for expand($states->{$state});
    }
}

# One digit for each shard
sub states { $_[0]{clusters}{ $_[1] } }

# The same string from the answer of GET …/status.
sub of_status {
    my ($json, $name) = @_;
    my ($cluster) = grep { $_->{name} eq $name } @{ $json->{clusters} };
    return join '', map { $_->{state} } @{ $cluster->{list} };
}

1;
