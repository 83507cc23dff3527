# Many viewers in one process, which reconnect as browsers do: t/lib/crowd.mjs.
# SPDX-License-Identifier: ISC
package Glance::Crowd;

use strict;
use warnings FATAL => 'all';

use File::Basename qw(dirname);
use Glance::Await;
use Glance::Program;
use JSON::PP ();

our @ISA = ('Glance::Program');

my $PROGRAM = dirname(dirname(__FILE__)) . '/crowd.mjs';

# Options: port, host, path, at_once (24), and 1 for tls, feed, close; inside: a command that runs
# a program in another network namespace.
sub new {
    my ($class, %o) = @_;
    my @options = map { ("--$_", $o{$_}) } grep { defined $o{$_} } qw(port host path);
    push @options, map { "--$_" } grep { $o{$_} } qw(tls feed close);
    push @options, '--at-once', $o{at_once} if $o{at_once};
    return $class->start(@{ $o{inside} || [] }, 'node', $PROGRAM, @options);
}

# Adds viewers.
sub open { my ($self, $count) = @_; $self->say("open $count"); return $self }

# No viewer reconnects any more.
sub stay { $_[0]->say('stay') }

# All of them leave.
sub leave { $_[0]->say('close') }

# The counts of t/lib/crowd.mjs
sub report {
    my $self = shift;
    $self->say('report');
    my $line = $self->line(qr/\A\{/, 60) or die 'the crowd does not report: ' . $self->received;
    @{ $self->{lines} } = ();
    return $self->{report} = JSON::PP->new->decode($line);
}

# Waits until the condition, given a report, holds; returns whether it did.
sub await_report {
    my ($self, $condition, $seconds) = @_;
    return await { $condition->($self->report) } $seconds, 0.1;
}

# True once every viewer has had an event.
sub all_served {
    my ($self, $seconds) = @_;
    return $self->await_report(sub { $_[0]{served} == $_[0]{viewers} }, $seconds);
}

sub told {
    my $report = $_[0]{report} || {};
    return join ', ', map { "$_ " . (ref $report->{$_} ? JSON::PP->new->canonical->encode($report->{$_}) : $report->{$_}) }
        sort keys %$report;
}

1;
