# GET /plain: the same for people without JavaScript.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The board of the virtual host own (main:3) is this file's for as long as it runs.
my @own = (port => port('own'));

sub plain { http('GET', '/plain', @_) }

post("/api/status/main/$_/3", @own) for 0 .. 2;

subtest 'headers' => sub {
    my $answer = plain(@own);
    answers($answer, 200, 'status');
    like($answer->header('content-type'), qr{\Atext/plain;\s*charset=utf-8\z}i, 'Content-Type');
    is($answer->header('cache-control'), 'no-cache', 'Cache-Control');
};

subtest 'its first line says when it was written' => sub {
    my ($first) = plain(@own)->body =~ /\A(.*)\n/;
    like($first, qr/\AAs of \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\z/, 'in RFC 3339, UTC');
};

subtest 'all online' => sub {
    my $text = plain(@own)->body;
    like($text, qr/^main: 3 of 3 online$/m, 'counts');
    like($text, qr/^  online\s+0-2$/m, 'one range');
    is(scalar(() = $text =~ /^  \w/mg), 1, 'and no line for states that do not occur');
};

subtest 'several states, in ranges' => sub {
    my %state = (0 => 2, 1 => 3, 2 => 2);
    post("/api/status/main/$_/$state{$_}", @own) for sort keys %state;
    my $text = plain(@own)->body;
    like($text, qr/^main: 1 of 3 online$/m, 'counts');
    like($text, qr/^  offline\s+0, 2$/m, 'shards apart');
    like($text, qr/^  online\s+1$/m, 'a single one');
    like($text, qr/^  offline.*\n  online/m, 'in the order of the states');
};

subtest 'several clusters' => sub {
    my $text = plain()->body;
    my @names = $text =~ /^(\S.*): \d+ of \d+ online$/mg;
    is_deeply([@names[0 .. 4]], ['main', 'patron', 'two words', "Gr\xc3\xbc\xc3\x9fe", 'lone'],
        'in the configured order');
    like($text, qr/\n\npatron: /, 'with a blank line between them');
    like($text, qr/\S\n\z/, 'and one line end at the end');
};

subtest 'a change shows at once' => sub {
    for my $state (3, 4, 3) {
        post("/api/status/main/0/$state", @own);
        my $online = $state == 3 ? 2 : 1;
        like(plain(@own)->body, qr/^main: $online of 3 online$/m, "after POST of $state");
    }
};

done_testing;
