# How the endpoints live with modules that rewrite URLs, name types and guard folders, and with
# requests that httpd itself would answer.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

my @to = (port => port('neighbours'));

subtest 'a URL rewritten to an endpoint is that endpoint' => sub {
    answers(post('/shards/main/0/3', @to), 204, 'to a usual path');
    answers(post('/push/main/1/4', @to), 204, 'to that of a GlanceEndpoint');
    my $answer = http('GET', '/shards/main', @to);
    answers($answer, 200, 'to the snapshot');
    is($answer->json->{clusters}[0]{counts}{online}, 1, 'which is the board');
};

subtest 'what guards the DocumentRoot guards the endpoints' => sub {
    my @closed = (port => port('closed'));
    answers(http('GET', '/server.crt', @closed), 403, 'a file');
    answers(http('GET', '/api/status', @closed), 403, 'the snapshot');
    answers(post('/api/status/main/0/3', @closed), 403, 'a POST');
    answers(http('GET', '/api/stream', @closed), 403, 'the stream');
};

subtest 'the name of a cluster is no file name' => sub {
    my $answer = http('GET', '/api/status/bot.gz', @to);
    answers($answer, 200, 'a cluster called bot.gz');
    is($answer->header('content-encoding'), undef, 'is not taken for a compressed file');
    is($answer->json->{clusters}[0]{name}, 'bot.gz', 'and is what it is');
};

subtest 'an ErrorDocument ends, even if it is the stream' => sub {
    my $answer = http('GET', '/nothing-here', @to);
    answers($answer, 404, 'the status of the error');
    like($answer->body, qr/^event: hello$/m, 'the polling fallback');
};

subtest 'a refusal does not wait for the body' => sub {
    for my $case (['PUT', '/api/status/main/0/3', 405], ['OPTIONS', '/api/status', 204],
                  ['POST', '/api/status/nosuch', 404]) {
        my ($method, $path, $status) = @$case;
        my $http = Glance::Http->new(port => port('neighbours'));
        $http->send_request($method, $path, headers => { 'Content-Length' => 300 });
        answers($http->answer, $status, "$method $path, no byte of 300 sent");
    }
};

subtest 'a limit of the configuration counts as ours' => sub {
    refuses(post('/api/status/main/2/3', @to, body => 'x' x 1001), 413, qr/too large|larger/,
        'over LimitRequestBody');
    answers(post('/api/status/main/2/3', @to, body => 'x' x 1000), 204, 'just within');
};

subtest 'TRACE is a method like others' => sub {
    my $answer = http('TRACE', '/api/status', @to);
    refuses($answer, 405, qr/TRACE/, 'refused');
    is($answer->header('allow'), 'GET, HEAD, POST, OPTIONS', 'with what is allowed');
};

subtest 'only If-None-Match makes an answer conditional' => sub {
    my $date = http('GET', '/api/status', @to)->header('date');
    my %conditions = (
        'If-Modified-Since'   => $date,
        'If-Unmodified-Since' => 'Thu, 01 Jan 1970 00:00:00 GMT',
        'If-Match'            => '"x"',
    );
    for my $name (sort keys %conditions) {
        answers(http('GET', '/api/status', @to, headers => { $name => $conditions{$name} }), 200,
            "$name: $conditions{$name}");
    }
};

done_testing;
