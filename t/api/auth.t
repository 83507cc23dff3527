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

subtest 'a passphrase for one cluster' => sub {
    my @keys = (port => port('keys'));
    my @case = (
        # secret, path, answer
        [master      => 'status/main/0/3',        204],
        [master      => 'status/patron/0/3',      204],
        [master      => 'health/patron/0',        204],
        ['patron-a'  => 'status/patron/1/3',      204],
        ['patron-b'  => 'status/patron/1/4',      204],
        ['patron-a'  => 'health/patron/1',        204],
        ['patron-a'  => 'status/main/0/3',        401],
        ['patron-a'  => 'health/main/0',          401],
        ['patron-a'  => 'status/two%20words/0/3', 401],
        ['its own'   => 'status/two%20words/0/3', 204],
        ['its own'   => 'status/patron/0/3',      401],
        # Nothing is told of what the key does not open, not even whether it is there.
        ['patron-a'  => 'status/nosuch/0/3',      401],
        ['patron-a'  => 'status',                 401],
        ['patron-a'  => 'status/',                401],
        ['patron-a'  => 'status/patro/0/3',       401],
        ['patron-a'  => 'status/patrons/0/3',     401],
        ['patron-a'  => 'status/Patron/0/3',      401],
        ['patron-a'  => 'status/main/99/3',       401],
        ['patron-a'  => 'status/main/x',          401],
        # Of what it opens, all is told as usual.
        ['patron-a'  => 'status/patron/9/3',      400],
        ['patron-a'  => 'status/patron/0/9',      400],
        ['patron-a'  => 'status/patron',          404],
        ['patron-a'  => 'status/patron/x/3',      404],
        ['patron-a'  => 'health/patron/3',        409],
        [master      => 'status/nosuch/0/3',      400],
    );
    for my $case (@case) {
        my ($secret, $path, $status) = @$case;
        answers(post("/api/$path", @keys, headers => { Authorization => "Bearer $secret" }), $status,
            "$secret: $path");
    }
    my $over = post('/api/status/patron/../main/0/5', @keys, headers => { Authorization => 'patron-a' });
    answers($over, 401, 'a path that leads out of the cluster');
    is(shard('main', 0, @keys)->{state}, 3, 'and the other cluster is as it was');
};

subtest 'the passphrases of a virtual host replace the inherited ones, all of them' => sub {
    my @inside = (port => port('keys_inside'));
    answers(post('/api/status/patron/2/3', @inside, headers => { Authorization => 'patron-c' }), 204,
        'its own');
    answers(post('/api/status/patron/2/3', @inside, headers => { Authorization => $_ }), 401, $_)
        for qw(patron-a master);
    answers(post('/api/status/main/2/3', @inside, headers => { Authorization => 'patron-c' }), 401,
        'a cluster without a passphrase cannot be written');
    answers(post('/api/status/main/2/3', @inside), 401, 'without one neither');
    my $log = error_log();
    $log->{from} = 0;
    is(scalar(my @lines = $log->lines(qr/GL0121: board keys.test: nobody can write cluster '(?:main|two words)'/)),
        2, 'which the log says at start');
};

subtest 'wrong passphrases have a line in the log, but not each of them' => sub {
    my $log = error_log();
    $log->{from} = 0;
    with('wrong-for-the-log') for 1 .. 300;
    my @lines = $log->lines(qr/GL0120: /);
    cmp_ok(scalar @lines, '>', 0, 'there is a line');
    cmp_ok(scalar @lines, '<', 100, 'not one for each');
    unlike(join('', @lines), qr/wrong-for-the-log/, 'and it does not show what was sent');
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
