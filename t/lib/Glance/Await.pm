# Waits for a condition, with a deadline.
# SPDX-License-Identifier: ISC
package Glance::Await;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Time::HiRes ();

our @EXPORT = qw(await patience now pause);

# Sanitizers slow the server down: GLANCE_PATIENCE multiplies every deadline, and every time that the
# suite gives the server.
sub patience { $_[0] * ($ENV{GLANCE_PATIENCE} || 1) }

sub now { Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) }

# For what has no condition, such as a timeout that must not fire early
sub pause { Time::HiRes::sleep($_[0]) }

# await { condition } seconds, interval: returns the condition's value once it is true, else its last,
# false value. Seconds default to 10, the interval to 0.02 s.
sub await (&;$$) {
    my ($condition, $seconds, $every) = @_;
    my $deadline = now() + patience($seconds // 10);
    while (1) {
        my $value = $condition->();
        return $value if $value or now() > $deadline;
        Time::HiRes::sleep($every || 0.02);
    }
}

1;
