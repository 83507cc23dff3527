# Runs a script of node:test tests and passes each of them on as a TAP line.
# SPDX-License-Identifier: ISC
package Node;

use strict;
use warnings;

use Test::Builder ();

# The folder of this file, where the scripts and their node_modules are.
my ($here) = __FILE__ =~ m{^(.*)/} or die 'no folder in ' . __FILE__;

# Runs a script with its arguments. Whatever keeps node from telling the results
# (no node, no browser, no modules, a hang) fails the test that reports it here.
sub run {
    my ($script, @arguments) = @_;
    my $test = Test::Builder->new;

    my $node = open(my $tap, '-|', 'node', '--test-reporter=tap', "$here/$script", @arguments);
    return $test->ok(0, "$script: node starts ($!)") unless $node;

    local $SIG{ALRM} = sub { kill 'KILL', $node };
    alarm 600 * ($ENV{GLANCE_PATIENCE} || 1);
    my $failed = 0;
    while (my $line = <$tap>) {
        if ($line =~ /^(not )?ok \d+ - (.*?)( # (?:SKIP|TODO).*)?$/) {
            $failed = $1 || $3;
            $test->ok(!$failed, $2 . ($3 // ''));
        }
        elsif ($line =~ /^ / && $failed) {
            $test->diag($line);
        }
    }
    alarm 0;
    close $tap;
    return $test->ok($? == 0, "$script: node ends well") || $test->diag("wait status $?");
}

1;
