# GlanceEndpoint: the admin chooses the paths.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

my @to = (port => port('endpoint'));

subtest 'each endpoint at its path' => sub {
    answers(post('/bots/state/main/1/3', @to), 204, 'status');
    answers(post('/bots/pulse/main/1', @to), 204, 'health');
    is(http('GET', '/bots/state/main/1', @to)->json->{state}, 3, 'GET of a shard');
    is(http('GET', '/bots/state', @to)->json->{clusters}[0]{name}, 'main', 'GET of all');
    like(http('GET', '/list.txt', @to)->body, qr/^main: 1 of 8 online$/m, 'plain');
    my $viewer = viewer(@to, path => '/live');
    is($viewer->header('content-type'), 'text/event-stream', 'stream');
    is($viewer->next_event->{event}, 'hello', 'and its first event');
    is(feed(@to, path => '/socket')->next_message->{op}, 'hello', 'feed, and its first message');
};

subtest 'the rest of the path is the argument' => sub {
    refuses(post('/bots/state/main/1', @to), 404, qr/\w/, 'too short');
    refuses(post('/bots/state/nosuch/1/3', @to), 400, qr/nosuch/, 'no such cluster');
    refuses(post('/bots/pulse/main/2', @to), 409, qr/status/, 'not reported yet');
    answers(post('/bots/state/main/1/3/', @to), 204, 'a slash at the end');
};

subtest 'a path that only begins alike is another path' => sub {
    answers(post('/bots/stately/main/1/3', @to), 404, 'httpd\'s own 404');
    answers(post('/bots/main/1/3', @to), 404, 'the parent');
};

subtest 'a section whose path ends in a slash' => sub {
    answers(post('/slash/main/3/4', @to), 204, 'POST');
    is(http('GET', '/slash/main/3', @to)->json->{state}, 4, 'GET');
};

subtest 'handler and prefix survive the merge with other sections' => sub {
    my $inner = http('GET', '/bots/state/main', @to);
    answers($inner, 200, 'below a section inside the endpoint\'s');
    is($inner->header('x-inner'), 'yes', 'that section applies');
    is($inner->header('x-outer'), 'yes', 'and so does the one around');
    is($inner->json->{clusters}[0]{name}, 'main', 'with the cluster as argument');
    answers(post('/bots/state/main/2/3', @to), 204, 'POST there');
};

subtest 'an endpoint inside another one\'s path' => sub {
    answers(post('/bots/state/main/4/3', @to), 204, 'status outside');
    answers(post('/bots/state/pulse/main/4', @to), 204, 'health inside');
    answers(post('/bots/state/pulse/main/4/3', @to), 404, 'and there only health');
};

subtest 'the default paths are only those of SetHandler' => sub {
    answers(post('/api/status/main/1/3', @to), 404, 'not served on a server that chose its own');
    answers(http('GET', '/plain', @to), 404, 'nor is plain');
    answers(http('GET', '/api/feed', @to, headers => Glance::Ws::handshake()), 404, 'nor the feed');
};

subtest 'SetHandler works at the default paths and nowhere else' => sub {
    my $answer = post('/elsewhere/main/0/3');
    like($answer->status, qr/\A(?:404|500)\z/, 'an error, since the prefix is not known');
    answers(post('/elsewhere/api/status/main/0/3'), $answer->status, 'whatever follows');
};

done_testing;
