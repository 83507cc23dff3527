# The error table of the contract, row by row: status, headers and one JSON sentence.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# Shards 20 to 29 of main are this file's; 29 never reports.

subtest '400: no such cluster' => sub {
    refuses(post('/api/status/nosuch/0/3'), 400, qr/nosuch.*main|main.*nosuch/s,
        'status: names the word and what is valid');
    refuses(post('/api/health/nosuch/0'), 400, qr/nosuch/, 'health');
    refuses(post('/api/status/MAIN/0/3'), 400, qr/MAIN/, 'names are case-sensitive');
    refuses(post('/api/status/mai/0/3'),  400, qr/mai/,  'the beginning of a name is no name');
    refuses(post('/api/status/mainn/0/3'), 400, qr/mainn/, 'nor is a longer one');
    refuses(http('GET', '/api/status/nosuch'),   400, qr/nosuch/, 'GET of a cluster');
    refuses(http('GET', '/api/status/nosuch/0'), 400, qr/nosuch/, 'GET of a shard');
};

subtest '400: id outside the cluster' => sub {
    refuses(post('/api/status/main/60/3'),  400, qr/\b59\b/, 'status: says the last id');
    refuses(post('/api/health/main/60'),    400, qr/\b59\b/, 'health');
    refuses(post('/api/status/patron/6/3'), 400, qr/\b5\b/,  'of the cluster asked for');
    refuses(post('/api/status/main/-1/3'),  400, qr/\b59\b/, 'below zero');
    refuses(http('GET', '/api/status/main/60'), 400, qr/\b59\b/, 'GET');
};

subtest '400: state outside 0 to 6' => sub {
    refuses(post('/api/status/main/20/7'),  400, qr/\b6\b/, 'too large: says the last state');
    refuses(post('/api/status/main/20/-1'), 400, qr/\b6\b/, 'below zero');
};

subtest '401: passphrase missing or wrong' => sub {
    my @to = (port => port('auth'));
    for my $case (['missing'], ['wrong', 'Authorization', 'wrong']) {
        my ($name, %headers) = @$case;
        my $answer = post('/api/status/main/0/3', @to, headers => \%headers);
        refuses($answer, 401, qr/passphrase/i, $name);
        is($answer->header('www-authenticate'), 'Bearer realm="glance"', 'WWW-Authenticate');
    }
};

subtest '404: a path of another shape' => sub {
    my @status = qw(
        /api/status /api/status/ /api/status/main /api/status/main/20 /api/status/main/20/3/4
        /api/status/main/20/3/x /api/status/main/x/3 /api/status/main/20/x
        /api/status/main/20/online /api/status/main/20/3.0
    );
    refuses(post($_), 404, qr/\w/, "POST $_") for @status;
    my @health = qw(
        /api/health /api/health/ /api/health/main /api/health/main/20/3 /api/health/main/x
        /api/health/main/20/3/4
    );
    refuses(post($_), 404, qr/\w/, "POST $_") for @health;
    refuses(http('GET', $_), 404, qr/\w/, "GET $_")
        for qw(/api/status/main/20/3 /api/status/main/20/3/4 /api/status/main/x);
    refuses(http('GET', "/plain/$_"), 404, qr/\w/, "GET /plain/$_") for qw(main x/y);
    refuses(http('GET', '/api/stream/main'), 404, qr/\w/, 'GET /api/stream/main');
};

subtest '405: other methods' => sub {
    my %allow = (
        '/api/status/main/20/3' => 'GET, HEAD, POST, OPTIONS',
        '/api/health/main/20'   => 'POST, OPTIONS',
        '/api/stream'           => 'GET, HEAD, OPTIONS',
        '/plain'                => 'GET, HEAD, OPTIONS',
    );
    my %wrong = (
        '/api/status/main/20/3' => [qw(PUT DELETE PATCH BREW)],
        '/api/health/main/20'   => [qw(GET PUT DELETE PATCH BREW)],
        '/api/stream'           => [qw(POST PUT DELETE BREW)],
        '/plain'                => [qw(POST PUT DELETE BREW)],
    );
    for my $path (sort keys %allow) {
        for my $method (@{ $wrong{$path} }) {
            my $answer = http($method, $path);
            refuses($answer, 405, qr/\w/, "$method $path");
            is($answer->header('allow'), $allow{$path}, "Allow for $method $path");
        }
    }
    my $head = http('HEAD', '/api/health/main/20');
    answers($head, 405, 'HEAD of health');
    is($head->header('allow'), 'POST, OPTIONS', 'its Allow');
};

subtest '409: health before the first status' => sub {
    refuses(post('/api/health/main/29'), 409, qr/POST.*status/is, 'says to POST the status first');
};

subtest '413: a body over 64 KiB' => sub {
    refuses(post('/api/status/main/20/3', body => 'x' x 65537), 413, qr/\b(?:64|65536|65,536)\b/,
        'status: says how much is accepted');
    refuses(post('/api/health/main/20', body => 'x' x 65537), 413, qr/\b(?:64|65536|65,536)\b/,
        'health');
};

subtest 'a refused request changes nothing' => sub {
    post('/api/status/main/21/4');
    my $before = shard('main', 21);
    post($_) for qw(/api/status/main/21/7 /api/status/main/21/-1 /api/status/main/21/3/4
        /api/status/main/21/x /api/health/main/21/3);
    post('/api/status/main/21/3', body => 'x' x 70000);
    http('PUT', '/api/status/main/21/3');
    is(shard('main', 21)->{state}, 4, 'the state is as it was');
};

done_testing;
