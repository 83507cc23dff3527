# Connections stay in step: after an error, with or without a body, the next request is answered.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# Shards 49 to 51 of main are this file's; 51 never reports.

my $http = Glance::Http->new(port => port());

# httpd itself closes a connection after some errors, 400 among them; an error whose request has a
# body may close it as well, rather than read on. Both announce it. Everything else stays open.
sub next_one {
    my ($status, $name, @request) = @_;
    my $answer = $http->request(@request);
    answers($answer, $status, $name);
    my $closes = $answer && ($answer->header('connection') // '') =~ /close/i;
    my $may_close = $status == 400 || ($status > 400 && grep { $_ eq 'body' } @request);
    ok(!$closes, "$name: the connection stays") unless $may_close;
    return unless $closes;
    ok($http->closed(5), "$name: closed as announced");
    is($http->{in}, '', "$name: without a further byte");
    $http = Glance::Http->new(port => port());
}

next_one(204, 'POST', 'POST', '/api/status/main/49/3');
next_one(204, 'health', 'POST', '/api/health/main/49');
next_one(400, 'no such cluster', 'POST', '/api/status/nosuch/49/3');
next_one(400, 'the same with a body', 'POST', '/api/status/nosuch/49/3', body => 'x' x 5000);
next_one(404, 'another shape', 'POST', '/api/status/main');
next_one(404, 'the same with a body', 'POST', '/api/status/main', body => 'GET / HTTP/1.1');
next_one(405, 'another method', 'DELETE', '/api/status/main/49/3');
next_one(405, 'the same with a body', 'PUT', '/api/status/main/49/3', body => 'x' x 5000);
next_one(409, 'never reported', 'POST', '/api/health/main/51');
next_one(409, 'the same with a body', 'POST', '/api/health/main/51', body => 'x' x 5000);
next_one(200, 'GET', 'GET', '/api/status/main/49');
next_one(200, 'GET with a body', 'GET', '/api/status/main/49', body => 'hello');
next_one(204, 'POST with a body', 'POST', '/api/status/main/49/4', body => 'x' x 65536);
is(shard('main', 49)->{state}, 4, 'and each went where it should');

subtest '401 and the passphrase after it, on one connection' => sub {
    my $auth = Glance::Http->new(port => port('auth'));
    answers($auth->request('POST', '/api/status/main/1/3'), 401, 'without');
    answers($auth->request('POST', '/api/status/main/1/3', headers => { Authorization => 'alpha' }),
        204, 'with');
    answers($auth->request('POST', '/api/status/main/1/3'), 401, 'without again');
};

subtest 'after 413 the connection is closed, or goes on in step' => sub {
    my $large = Glance::Http->new(port => port());
    my $answer = $large->request('POST', '/api/status/main/49/3', body => 'x' x 70000);
    answers($answer, 413, 'too large');
    my $next = $large->request('GET', '/api/status/main/49', seconds => 5);
    if ($next) { answers($next, 200, 'in step') }
    else       { ok($large->closed(5), 'closed') }
};

subtest 'requests sent ahead are answered in their order' => sub {
    my $ahead = Glance::Http->new(port => port());
    my $text = join '', map { Glance::Http::compose('POST', "/api/status/main/50/$_") } 0 .. 6;
    $text .= Glance::Http::compose('GET', '/api/status/main/50');
    $ahead->send_raw($text);
    answers($ahead->answer, 204, "request $_") for 0 .. 6;
    is($ahead->answer->json->{state}, 6, 'the last of them counts');
};

subtest 'HTTP/1.0' => sub {
    answers(post('/api/status/main/50/3', version => 'HTTP/1.0'), 204, 'POST');
    my $answer = http('GET', '/api/status/main/50', version => 'HTTP/1.0');
    answers($answer, 200, 'GET');
    is($answer->json->{state}, 3, 'its body');
};

done_testing;
