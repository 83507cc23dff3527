#!/usr/bin/perl
# Every benchmark runs with its smallest sizes, prints its figures and exits with 0, so that it does not
# rot. What it measures here means nothing. A benchmark itself says what it leaves out when the machine
# lacks a program.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Test::More;

# Arguments, and what the output must contain
my @SMALL_FAN = qw(--viewers 10 --rates 10 --rounds 1 --seconds 1);
my %SIZES = (
    cables   => [[qw(--viewers 1 --seconds 1)], qr/^streams +clear +1 of 1 held/m],
    crowd    => [[qw(--viewers 10 --seconds 1)], qr/^ +\d+ +10 +10 /m],
    fan      => [[@SMALL_FAN, '--servers', 'glance,bare,nchan'], qr/^glance +10 .*^bare +10 /ms],
    feed     => [[@SMALL_FAN], qr/^glance +10 .*^feed +10 .*^events +10 /ms],
    guesses  => [[qw(--seconds 1 --connections 4)], qr/^right ones in the flood +10, /m],
    overload => [[qw(--viewers 10 --rate 10 --seconds 1)], qr/^viewers 10 of 10, lost events 0;/m],
    readers  => [[qw(--shards 1000 --seconds 1)], qr/^ +1000  nobody .*^ +1000  hello /ms],
    restarts => [[qw(--restarts 1 --viewers 5 --tls 5 --posters 1)], qr/^ +1 restarts in /m],
    return   => [[@SMALL_FAN, '--servers', 'glance'], qr/^ +all back in .*^ +meanwhile: 0 lost/ms],
    run      => [[], qr/sweep.*POST null +[1-9].*POST status +[1-9].*^POST to first byte at a viewer +median/ms,
        { ROUNDS => 1, SECONDS_EACH => 1, BOARD_RUNS => 1, POSTS => 5 }],
    silent   => [[qw(--feeds 3 --shards 1000 --seconds 1)], qr/^ +\d+ +3 .*^at most /ms],
    soak     => [[qw(--streams 20 --restarts 1)], qr/^after 20 streams .*^after 1 graceful restart/ms],
    timing   => [[1000], qr/^timing: /m],
    torture  => [[1, 1], qr/^torture: 1 runs passed/m, { MPMS => 'event' }],
);
my $PART = qr/\A(?:latency|post\.lua|.*\.(?:c|so))\z/;    # of another one: run, guesses, fan, overload
my $LEFT_OUT = qr/^(?:\w+: )?left out: /m;

opendir my $dir, 'bench' or die "bench: $!\n";
my @names = sort grep { -f "bench/$_" and !/$PART|\.mjs\z/ } readdir $dir;
plan tests => @names + 1;
is_deeply(\@names, [sort keys %SIZES], 'every benchmark is here');
runs($_, @{ $SIZES{$_} || [[], qr/\z/] }) for @names;

sub runs {
    my ($name, $arguments, $figures, $environment) = @_;
    local %ENV = (%ENV, %{ $environment || {} });
    my $text = qx{bench/$name @$arguments 2>&1 </dev/null};
    my $passed = $? == 0 && ($text =~ $figures || $text =~ $LEFT_OUT);
    ok($passed, $name) or diag("exit $?\n$text");
    note($text =~ /($LEFT_OUT.*)/m) if $text =~ $LEFT_OUT;
}
