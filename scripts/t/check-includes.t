#!/usr/bin/perl
# What scripts/check-includes lets pass, and what it refuses, in a small tree of its own.
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $script = dirname(__FILE__) . '/../check-includes';

# Runs the check on files, each with its text: its exit status and what it printed
sub check {
    my %text = ('core/a.h' => '', 'boards/b.h' => '', 'http/h.h' => '', 'private.h' => '', @_);
    my $tree = tempdir(CLEANUP => 1);
    for my $file (keys %text) {
        make_path(dirname("$tree/mod_glance/$file"));
        open my $out, '>', "$tree/mod_glance/$file" or die "$file: $!";
        print $out $text{$file};
        close $out or die "$file: $!";
    }
    make_path("$tree/scripts");
    copy($script, "$tree/scripts/check-includes") or die "copy: $!";
    my $said = qx($^X $tree/scripts/check-includes);
    return ($? >> 8, $said);
}

sub passes {
    my ($what, %text) = @_;
    my ($status, $said) = check(%text);
    is($status, 0, $what) or diag($said);
}

sub refuses {
    my ($what, $want, %text) = @_;
    my ($status, $said) = check(%text);
    is($status, 1, "refused: $what");
    like($said, $want, '... naming the line');
}

passes('its own folder, and those before it',
    'http/x.c' => qq(#include "http/h.h"\n#include "boards/b.h"\n#include "core/a.h"\n#include "private.h"\n));
passes('what others have, in core/', 'core/x.c' => qq(#include <string.h>\n#include "apr_hash.h"\n#include <jansson.h>\n));
passes('httpd, behind core/', 'boards/x.c' => qq(#include "httpd.h"\n));
passes('anything, in mod_glance.c', 'mod_glance.c' => qq(#include "http/h.h"\n#include "core/a.h"\n));

refuses('a folder behind', qr{^check-includes: mod_glance/boards/x\.c:2: boards/ cannot include http/h\.h: }m,
    'boards/x.c' => qq(#include "core/a.h"\n#include "http/h.h"\n));
refuses('a folder, from beside them', qr{mod_glance/private\.h:1: .* cannot include boards/b\.h},
    'private.h' => qq(#include "boards/b.h"\n));
refuses('what stands beside the folders, in core/', qr{mod_glance/core/x\.c:1: .* private\.h},
    'core/x.c' => qq(#include "private.h"\n));
refuses("httpd's header, in core/", qr{mod_glance/core/x\.c:1: .* http_core\.h}, 'core/x.c' => qq(#include "http_core.h"\n));
refuses('the same in angle brackets', qr{mod_glance/core/x\.c:1: .* httpd\.h}, 'core/x.c' => qq(#include <httpd.h>\n));
refuses('a header without its folder', qr{mod_glance/core/x\.c:1: .*folder}, 'core/x.c' => qq(#include "a.h"\n));
refuses('a way round', qr{mod_glance/http/x\.c:1: .*folder}, 'http/x.c' => qq(#include "../core/a.h"\n));
refuses('a folder that is not in the order', qr{mod_glance/nodes/x\.c: nodes/ has no place}, 'nodes/x.c' => qq(#include "core/a.h"\n));
refuses('a cycle through a .c file', qr{mod_glance/core/c\.h:1: a cycle: core/a -> core/c -> core/a$}m,
    'core/a.c' => qq(#include "core/c.h"\n), 'core/c.h' => qq(#include "core/a.h"\n));

done_testing;
