# A log file, read from a mark on, since many tests share one log.
# SPDX-License-Identifier: ISC
package Glance::Log;

use strict;
use warnings FATAL => 'all';

use Glance::Await;

sub new {
    my ($class, $file) = @_;
    my $self = bless { file => $file }, $class;
    return $self->mark;
}

# Later reads begin at the current end of the file.
sub mark {
    my $self = shift;
    $self->{from} = -s $self->{file} || 0;
    return $self;
}

# The lines since the mark that match.
sub lines {
    my ($self, $pattern) = @_;
    open my $in, '<', $self->{file} or return;
    seek $in, $self->{from}, 0;
    my @lines = grep { /\n\z/ and $_ =~ $pattern } <$in>;
    close $in;
    return @lines;
}

# The same from the beginning of the file.
sub all {
    my ($self, $pattern) = @_;
    return Glance::Log::lines({ %$self, from => 0 }, $pattern);
}

# The first line since the mark that matches, once there is one.
sub await_line {
    my ($self, $pattern, $seconds) = @_;
    return await { ($self->lines($pattern))[0] } $seconds;
}

1;
