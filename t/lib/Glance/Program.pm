# A client in a separate process: it prints a line for each thing that happens, and takes commands.
# SPDX-License-Identifier: ISC
package Glance::Program;

use strict;
use warnings FATAL => 'all';

use Glance::Await;
use IO::Select ();
use IPC::Open2 qw(open2);

sub start {
    my ($class, @command) = @_;
    my $pid = open2(my $out, my $in, @command);
    $in->autoflush(1);
    return bless { pid => $pid, out => $out, in => $in, text => '' }, $class;
}

# The next line that matches; undef when none arrives in time.
sub line {
    my ($self, $pattern, $seconds) = @_;
    my $deadline = now() + patience($seconds // 60);
    while (1) {
        while ($self->{text} =~ s/\A(.*)\n//) {
            my $line = $1;
            push @{ $self->{lines} }, $line;
            return $line if $line =~ $pattern;
        }
        my $left = $deadline - now();
        return unless $left > 0 and IO::Select->new($self->{out})->can_read($left);
        sysread $self->{out}, $self->{text}, 65536, length $self->{text} or return;
    }
}

sub say { my ($self, $command) = @_; print { $self->{in} } "$command\n" }

# All lines so far, to explain a failure
sub received { join "\n", @{ $_[0]{lines} || [] }, $_[0]{text} }

# Closes its input; the program ends then.
sub end {
    my $self = shift;
    my $pid = delete $self->{pid} or return;
    local $SIG{ALRM} = sub { kill KILL => $pid };
    alarm patience(20);
    close $self->{in};
    waitpid $pid, 0;
    alarm 0;
    return $?;
}

sub DESTROY { local ($?, $@); $_[0]->end }

1;
