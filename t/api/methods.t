# HEAD and OPTIONS.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

my %ALLOW = (
    '/api/status'           => 'GET, HEAD, POST, OPTIONS',
    '/api/status/main/48/3' => 'GET, HEAD, POST, OPTIONS',
    '/api/health/main/48'   => 'POST, OPTIONS',
    '/api/stream'           => 'GET, HEAD, OPTIONS',
    '/api/feed'             => 'GET, HEAD, OPTIONS',
    '/plain'                => 'GET, HEAD, OPTIONS',
);

subtest 'OPTIONS answers 204 with Allow' => sub {
    for my $path (sort keys %ALLOW) {
        my $answer = http('OPTIONS', $path);
        answers($answer, 204, "OPTIONS $path");
        is($answer->header('allow'), $ALLOW{$path}, "Allow of $path");
        is($answer->body, '', 'no body');
    }
};

subtest 'OPTIONS needs no passphrase' => sub {
    for my $path (qw(/api/status/main/0/3 /api/health/main/0)) {
        answers(http('OPTIONS', $path, port => port('auth')), 204, $path);
    }
};

subtest 'OPTIONS sets nothing' => sub {
    post('/api/status/main/48/4');
    http('OPTIONS', '/api/status/main/48/3');
    is(shard('main', 48)->{state}, 4, 'the state stays');
};

subtest 'HEAD answers as GET, without a body' => sub {
    my @to = (port => port('own'));    # where no shard falls silent between the two
    for my $path (qw(/api/status /api/status/main /api/status/main/1 /plain /api/status/nosuch)) {
        my $get  = http('GET', $path, @to);
        my $http = Glance::Http->new(@to);
        my $head = $http->request('HEAD', $path);
        is($head->status, $get->status, "status of $path");
        is($head->header($_), $get->header($_), "$_ of $path")
            for qw(content-type cache-control etag);
        # Had there been a body, what follows on the connection would not parse.
        if ($head->status == 400) {
            ok($http->closed(5), 'closed');
            is($http->{in}, '', 'without a further byte');
        }
        else {
            answers($http->request('HEAD', $path), $get->status, 'the connection goes on');
        }
        $http->close;
    }
};

subtest 'HEAD of the stream is never held open' => sub {
    my $http = Glance::Http->new(port => port());
    my $head = $http->request('HEAD', '/api/stream');
    answers($head, 200, 'status');
    is($head->header('content-type'), 'text/event-stream', 'Content-Type');
    is($head->header('cache-control'), 'no-store', 'Cache-Control');
    answers($http->request('GET', '/api/status/main/48'), 200, 'the connection goes on as usual');
};

done_testing;
