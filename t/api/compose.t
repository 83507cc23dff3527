# What other modules of httpd add: CORS by mod_headers, Require, compression.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

my @to = (port => port('composed'));
my %good = (Authorization => 'alpha');

subtest 'a header set by the configuration is on every answer' => sub {
    my @answers = (
        [204, post('/api/status/main/0/3', @to, headers => \%good)],
        [400, post('/api/status/nosuch/0/3', @to, headers => \%good)],
        [401, post('/api/status/main/0/3', @to)],
        [404, post('/api/status/main', @to, headers => \%good)],
        [405, http('PUT', '/api/status/main/0/3', @to)],
        [413, post('/api/status/main/0/3', @to, headers => \%good, body => 'x' x 70000)],
        [204, http('OPTIONS', '/api/status', @to)],
        [200, http('GET', '/api/status', @to)],
        [200, http('GET', '/plain', @to)],
        [200, http('HEAD', '/api/stream', @to)],
    );
    for my $case (@answers) {
        my ($status, $answer) = @$case;
        answers($answer, $status, "status $status");
        is($answer->header('access-control-allow-origin'), '*', "on $status");
    }
    my $viewer = viewer(@to);
    is($viewer->header('access-control-allow-origin'), '*', 'and on the stream');
    ok($viewer->next_of('hello'), 'which flows');
};

subtest 'Require decides before the module does' => sub {
    answers(post('/api/health/main/0', @to, headers => \%good), 403, 'denied');
    answers(post('/api/health/main/0', @to), 403, 'denied, and not asked for the passphrase');
};

subtest 'the snapshot may be compressed' => sub {
    my $answer = http('GET', '/api/status', @to, headers => { 'Accept-Encoding' => 'gzip' });
    answers($answer, 200, 'status');
    is($answer->header('content-encoding'), 'gzip', 'Content-Encoding');
    is(substr($answer->body, 0, 2), "\x1f\x8b", 'gzip it is');
};

subtest 'the stream is not' => sub {
    my $viewer = viewer(@to, headers => { 'Accept-Encoding' => 'gzip' });
    is($viewer->header('content-encoding'), undef, 'no Content-Encoding');
    ok($viewer->next_of('hello', 5), 'and its first event is here at once, in plain text');
};

done_testing;
