# What counts as a number in a path.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# Shards 30 to 39 of main are this file's.

subtest 'ids' => sub {
    my %answer = (
        '30'    => 204, '030' => 204, '00000000000000000000000000000030' => 204,
        '007'   => 204, '0' => 204, '00' => 204,
        '-1'    => 400, '-30' => 400, '60' => 400, '61' => 400, '4294967295' => 400,
        '4294967326' => 400,                     # 2^32 + 30
        '2147483648' => 400, '2147483678' => 400,
        '18446744073709551616' => 400,           # 2^64
        '18446744073709551646' => 400,           # 2^64 + 30
        '-18446744073709551586' => 400,          # 30 - 2^64
        '9' x 200 => 400,
        '+3'    => 404, '1e1' => 404, '0x1' => 404, '3.0' => 404, '3,0' => 404, '1_0' => 404,
        '%203'  => 404, '3%20' => 404, '3%0A' => 404, '%093' => 404, '-' => 404, '--1' => 404,
        '-x'    => 404, '30x' => 404, 'x30' => 404, '%D9%A3' => 404, '%EF%BC%93' => 404,
        '3%3F'  => 404, '3;x' => 404, 'NaN' => 404, 'inf' => 404,
    );
    for my $id (sort keys %answer) {
        answers(post("/api/status/main/$id/3"), $answer{$id}, "id $id");
    }
};

subtest '007 is 7' => sub {
    post('/api/status/main/7/3');
    post('/api/status/main/007/5');
    is(shard('main', 7)->{state}, 5, 'as an id');
    post('/api/status/main/31/005');
    is(shard('main', 31)->{state}, 5, '005 is state 5');
};

subtest 'states' => sub {
    my %answer = (
        '3' => 204, '003' => 204, '6' => 204, '0' => 204,
        '7' => 400, '10' => 400, '-1' => 400, '256' => 400, '259' => 400, '4294967299' => 400,
        '18446744073709551619' => 400, '9' x 200 => 400,
        '+3' => 404, '3.0' => 404, '3e0' => 404, '0x3' => 404, '%203' => 404, 'online' => 404,
        '-' => 404, '3x' => 404,
    );
    for my $state (sort keys %answer) {
        answers(post("/api/status/main/32/$state"), $answer{$state}, "state $state");
    }
};

subtest 'the same for health and GET' => sub {
    post('/api/status/main/33/3');
    my %answer = ('033' => 204, '-1' => 400, '18446744073709551649' => 400, '+33' => 404,
        '0x21' => 404, '3.3e1' => 404);
    for my $id (sort keys %answer) {
        answers(post("/api/health/main/$id"), $answer{$id}, "health $id");
        my $status = $answer{$id} == 204 ? 200 : $answer{$id};
        answers(http('GET', "/api/status/main/$id"), $status, "GET $id");
    }
};

subtest 'slashes' => sub {
    my %answer = (
        '/api/status/main/34/3/'      => 204,    # one at the end is accepted
        '/api/status/main/34/3//'     => 204,    # httpd itself folds several into one
        '/api/status//main///34//3'   => 204,
        '//api/status/main/34/3'      => 204,
        '/api/status/main//3'         => 404,    # a segment is missing
        '/api/status/main/34/'        => 404,
        '/api/status/main/34/3/./'    => 204,    # httpd resolves dots first
        '/api/status/main/9/../34/3'  => 204,
        '/api/status/main%2F34/3'     => 404,
        '/api/statusx/main/34/3'      => 404,
    );
    for my $path (sort keys %answer) {
        answers(post($path), $answer{$path}, $path);
    }
    answers(post('/api/health/main/34/'), 204, 'health with a slash at the end');
    answers(http('GET', "/api/status$_"), 200, "GET /api/status$_") for '/', '/main/', '/main/34/';
    answers(http('GET', '/plain/'), 200, 'GET /plain/');
};

subtest 'a query changes nothing' => sub {
    answers(post('/api/status/main/35/4?x=/1/2'), 204, 'POST');
    is(shard('main', 35)->{state}, 4, 'the state of the path');
    answers(http('GET', '/api/status?_=123'), 200, 'GET');
};

done_testing;
