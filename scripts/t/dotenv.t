#!/usr/bin/perl
# What scripts/dotenv reads from a .env file, line by line.
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Temp qw(tempfile);
use Test::More;

my $dotenv = dirname(__FILE__) . '/../dotenv';

# Runs dotenv on a text: its settings as pairs, its exit status and what it complained of
sub read_text {
    my ($text) = @_;
    my ($out, $name) = tempfile(UNLINK => 1);
    binmode $out;
    print $out $text;
    close $out;
    my $answer = `$dotenv $name 2>$name.err`;
    my $status = $? >> 8;
    open my $err, '<', "$name.err" or die "$name.err: $!";
    my $complaint = join '', <$err>;
    unlink "$name.err";
    return ([split /\0/, $answer, -1], $status, $complaint);
}

sub reads {
    my ($line, $value, $what) = @_;
    my ($pairs, $status) = read_text("$line\n");
    is_deeply([@$pairs, $status], ['GLANCE_X', $value, '', 0], $what);
}

reads('GLANCE_X=main:60;patron:6', 'main:60;patron:6', 'a semicolon is a character');
reads('GLANCE_X=', '', 'an empty value');
reads('GLANCE_X=  a b ', 'a b', 'blanks inside stay, those around go');
reads('export GLANCE_X=1', '1', 'export');
reads('  GLANCE_X = 1', '1', 'blanks around name and equals sign');
reads("GLANCE_X=1\r", '1', 'CRLF');
reads("\xEF\xBB\xBFGLANCE_X=1", '1', 'byte order mark');
reads('GLANCE_X=a # b', 'a', 'a comment behind a value');
reads('GLANCE_X= # b', '', 'a comment in place of a value');
reads('GLANCE_X=a#b', 'a#b', 'a # without a blank before it is a character');
reads(q(GLANCE_X='a "$b" # \n'), 'a "$b" # \n', 'single quotes keep everything');
reads(q(GLANCE_X="a \"b\" \\\\ \$c # d" # e), 'a "b" \\ $c # d', 'double quotes know escapes');
reads(q(GLANCE_X="a\nb"), "a\nb", 'a line feed');
reads('GLANCE_X=$HOME ${HOME} `id` $(id) %{x}', '$HOME ${HOME} `id` $(id) %{x}', 'nothing is expanded');
reads("# GLANCE_X=1\n\nOTHER=2\nGLANCE_X=3", '3', 'comments, empty lines and other names are skipped');

is_deeply((read_text("GLANCE_X=1\nGLANCE_X=2\n"))[0], ['GLANCE_X', 1, 'GLANCE_X', 2, ''],
    'both of a pair, in order: the reader takes the last');

for my $wrong (['GLANCE_X="1', 'quote'], [q(GLANCE_X='1), 'quote'], ['GLANCE_X="1" 2', 'quote'],
    ['GLANCE_X', 'KEY=value'], ['=1', 'KEY=value'], ["GLANCE_X=\0", 'NUL']) {
    my ($text, $word) = @$wrong;
    my (undef, $status, $complaint) = read_text("A=1\n$text\n");
    is($status, 1, 'refused: ' . ($text =~ s/\0/NUL/r));
    like($complaint, qr/line 2.*\Q$word\E/, '... naming line and fault');
}

done_testing;
