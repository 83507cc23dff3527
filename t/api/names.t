# Names of clusters in paths: escapes, UTF-8, blanks, lengths.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

my $LONGEST = 'a' . '234567890' . '1234567890' x 5 . '1234';

subtest 'percent escapes' => sub {
    my %state = ('/api/status/m%61in/40/4' => 4, '/api/status/%6D%61%69%6e/40/5' => 5);
    for my $path (sort keys %state) {
        answers(post($path), 204, $path);
        is(shard('main', 40)->{state}, $state{$path}, 'reached main 40');
    }
    answers(post('/api/health/m%61in/40'), 204, 'health');
    answers(http('GET', '/api/status/m%61in/40'), 200, 'GET');
    answers(post('/api/status/m%2561in/40/3'), 400, 'decoded once and not twice');
};

subtest 'UTF-8' => sub {
    answers(post('/api/status/Gr%C3%BC%C3%9Fe/1/3'), 204, 'POST');
    my $shard = shard('Gr%C3%BC%C3%9Fe', 1);
    is($shard->{state}, 3, 'state');
    is($shard->{cluster}, "Gr\x{fc}\x{df}e", 'the name in JSON');
    answers(post('/api/status/Gr%FC%DFe/1/3'), 400, 'Latin-1 is another name');
    ok(defined post('/api/status/Gr%FC%DFe/1/3')->error, 'and its error is valid JSON');
    like(http('GET', '/plain')->body, qr/^Gr\xc3\xbc\xc3\x9fe: /m, 'the name in /plain');
};

subtest 'blanks' => sub {
    answers(post('/api/status/two%20words/2/3'), 204, 'POST');
    is(shard('two%20words', 2)->{cluster}, 'two words', 'the name in JSON');
    answers(post('/api/status/two+words/2/3'), 400, 'a plus is a plus');
    answers(post('/api/status/two/2/3'), 400, 'half a name is none');
};

subtest 'lengths' => sub {
    is(length $LONGEST, 64, 'the longest name has 64 bytes');
    answers(post("/api/status/$LONGEST/1/3"), 204, 'POST');
    is(shard($LONGEST, 1)->{state}, 3, 'state');
    answers(post("/api/status/${LONGEST}5/1/3"), 400, '65 bytes');
    for my $length (300, 4000) {
        my $answer = post('/api/status/' . 'x' x $length . '/1/3');
        refuses($answer, 400, qr/xxx/, "$length bytes");
    }
};

subtest 'what would break a JSON string or a log line' => sub {
    for my $name (qw(%22 %5C %3C%3E %0A %0D%0A %01 %7F %FF %C3 %ED%A0%80 %F4%90%80%80 %22%7D%5D)) {
        my $answer = post("/api/status/$name/0/3");
        refuses($answer, 400, qr/\w/, "cluster $name");
    }
};

done_testing;
