# Passphrases.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The virtual host auth takes alpha, "beta gamma" and, from a file, two more.
my @to = (port => port('auth'));

sub with {
    my ($value, $path) = @_;
    return post($path || '/api/status/main/0/3', @to, headers => { Authorization => $value });
}

subtest 'each secret is accepted, raw and as Bearer' => sub {
    for my $secret ('alpha', 'beta gamma', 'from-file', 'second from file') {
        answers(with($secret), 204, $secret);
        answers(with("Bearer $secret"), 204, "Bearer $secret");
        answers(with("bearer $secret"), 204, 'a scheme in any case');
        answers(with($secret, '/api/health/main/0'), 204, "health with $secret");
        answers(with("Bearer $secret", '/api/health/main/0'), 204, "health with Bearer $secret");
    }
};

subtest 'nothing else is' => sub {
    my @wrong = (
        '', 'Bearer', 'Bearer ', 'alph', 'alphaa', 'lpha', 'ALPHA', 'Alpha', 'alpha beta',
        'beta', 'beta  gamma', 'betagamma', 'gamma', 'alpha, beta gamma', 'alpha;',
        'Basic alpha', 'Basic YWxwaGE6', 'Bearer Bearer alpha', 'Bearer alph', 'Bearer alphaa',
        'Digest alpha', 'Bearer=alpha', '"alpha"', "alph\xe1", 'x' x 4000,
        '#not-a-secret', 'not-a-secret', '# Passphrases of the virtual host auth: comments and '
        . 'blank lines do not count.', 'from-file second from file', 'from',
    );
    for my $value (@wrong) {
        my $name = length $value > 40 ? substr($value, 0, 40) . '…' : $value;
        my $answer = with($value);
        answers($answer, 401, "'$name'");
        is($answer->header('www-authenticate'), 'Bearer realm="glance"', 'WWW-Authenticate');
    }
};

subtest 'a request without the header' => sub {
    for my $path (qw(/api/status/main/0/2 /api/health/main/0)) {
        my $answer = post($path, @to);
        refuses($answer, 401, qr/passphrase/i, $path);
        is($answer->header('www-authenticate'), 'Bearer realm="glance"', 'WWW-Authenticate');
    }
};

subtest 'the secret is told nowhere' => sub {
    my $text = with('alphaa')->body . post('/api/status/main/0/3', @to)->body;
    unlike($text, qr/alpha|beta|from-file/, 'not in an answer');
};

subtest 'the secret is no secret in another place' => sub {
    answers(post('/api/status/main/0/3?passphrase=alpha', @to), 401, 'not in the query');
    answers(post('/api/status/main/0/3', @to, body => 'alpha'), 401, 'not in the body');
    answers(post('/api/status/main/0/3', @to, headers => { 'X-Authorization' => 'alpha' }), 401,
        'not in another header');
};

subtest 'two Authorization headers' => sub {
    my $answer = post('/api/status/main/0/3', @to,
        headers => [Authorization => 'wrong', Authorization => 'alpha']);
    like($answer->status, qr/\A40[01]\z/, 'are no way in');
};

subtest 'a refused request changes nothing' => sub {
    with('alpha', '/api/status/main/1/4');
    with('wrong', '/api/status/main/1/3');
    is(shard('main', 1, @to)->{state}, 4, 'the state stays');
};

subtest 'reading is public' => sub {
    answers(http('GET', $_, @to), 200, "GET $_")
        for qw(/api/status /api/status/main /api/status/main/0 /plain);
    answers(http('HEAD', '/api/stream', @to), 200, 'HEAD /api/stream');
};

subtest 'a server without a passphrase asks for none' => sub {
    answers(post('/api/status/main/0/3', port => port('pair_a')), 400, 'another board');
    answers(post('/api/status/pair/0/3', port => port('pair_a')), 204, 'without a header');
    answers(post('/api/status/pair/0/3', port => port('pair_a'),
        headers => { Authorization => 'whatever' }), 204, 'with one all the same');
};

subtest 'the empty passphrase turns the check off, and warns' => sub {
    answers(post('/api/status/main/0/3', port => port('open')), 204, 'without a header');
    my $log = error_log();
    $log->{from} = 0;
    like(join('', $log->lines(qr/GlancePassphrase/)), qr/\[glance:warn\].*GL\d{4}: /,
        'in the log at start');
};

done_testing;
