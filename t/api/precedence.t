# When several errors apply, the first of 405, 401, 404, 413, 400, 503, 409 is answered.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The 503 of this order is in t/lifecycle/reload.t, since it takes a reload.

my @to   = (port => port('auth'));
my %good = (Authorization => 'alpha');
my $big  = 'x' x 65537;

refuses(http('PUT', '/api/status/nosuch/x/9', @to, body => $big), 405, qr/\w/,
    '405 before 401, 404, 413 and 400');
refuses(http('PUT', '/api/health/nosuch', @to, headers => \%good, body => $big), 405, qr/\w/,
    '405 before 404 with the passphrase, too');

refuses(post('/api/status/main', @to, body => $big), 401, qr/\w/, '401 before 404 and 413');
refuses(post('/api/status/nosuch/99/9', @to, body => $big), 401, qr/\w/, '401 before 413 and 400');
refuses(post('/api/health/main/7', @to), 401, qr/\w/, '401 before 409');

refuses(post('/api/status/nosuch/x/3', @to, headers => \%good, body => $big), 404, qr/\w/,
    '404 before 413 and 400');
refuses(post('/api/health/nosuch/99/3', @to, headers => \%good, body => $big), 404, qr/\w/,
    'the same for health');

refuses(post('/api/status/nosuch/99/9', @to, headers => \%good, body => $big), 413, qr/\w/,
    '413 before 400');
refuses(post('/api/health/main/7', @to, headers => \%good, body => $big), 413, qr/\w/,
    '413 before 409');

refuses(post('/api/health/nosuch/7', @to, headers => \%good), 400, qr/nosuch/, '400 before 409');
refuses(post('/api/health/main/8', @to, headers => \%good), 400, qr/\b7\b/, '400 before 409: id');
refuses(post('/api/health/main/7', @to, headers => \%good), 409, qr/status/, '409 last');

subtest 'without the passphrase nothing else about the request is told' => sub {
    my @paths = qw(/api/status/main/0/3 /api/status/nosuch/0/3 /api/status/main/99/3
        /api/status/main/0/9 /api/status/main /api/status/x/y/z/a);
    my %bodies = map { my $answer = post($_, @to); ($answer->status . $answer->body => $_) } @paths;
    is(scalar keys %bodies, 1, 'one and the same answer for every path') or diag(explain \%bodies);
};

done_testing;
