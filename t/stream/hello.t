# The beginning of a stream: headers, retry, hello.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

subtest 'headers' => sub {
    my $viewer = viewer();
    is($viewer->status, 200, 'status');
    is($viewer->header('content-type'), 'text/event-stream', 'Content-Type');
    is($viewer->header('cache-control'), 'no-store', 'Cache-Control');
    is($viewer->header('x-accel-buffering'), 'no', 'X-Accel-Buffering');
    is($viewer->header('connection'), 'close', 'Connection');
    is($viewer->header('content-length'), undef, 'no Content-Length');
    is($viewer->header('transfer-encoding'), undef, 'no chunks');
    is($viewer->header('etag'), undef, 'no ETag');
};

subtest 'the first bytes' => sub {
    my $http = Glance::Http->new(port => port());
    $http->send_request('GET', '/api/stream');
    $http->head;
    ok((await { $http->fill(now() + 0.2); $http->{in} =~ /\n\n.*\n\n/s } 5), 'two blocks');
    like($http->{in}, qr/\Aretry: 3000\n\nevent: hello\n|\Aretry: 3000\n\nid: \S+\nevent: hello\n/,
        'retry, a blank line, hello');
};

subtest 'hello' => sub {
    my $hello = viewer()->next_event;
    is($hello->{event}, 'hello', 'the first event');
    like($hello->{id}, qr/\A[0-9A-Za-z]+-\d+\z/, 'id: <epoch>-<seq>');
    my $json = $hello->{json};
    is_deeply([sort keys %$json], [qw(clusters now timeout)], 'members');
    cmp_ok(abs($json->{now} - time), '<', patience(10), 'now');
    is($json->{timeout}, 30, 'timeout: the default');
    is_deeply([map { $_->{name} } @{ $json->{clusters} }[0 .. 4]],
        ['main', 'patron', 'two words', "Gr\x{fc}\x{df}e", 'lone'], 'clusters in their order');
    is_deeply([sort keys %{ $json->{clusters}[0] }], [qw(name states)], 'members of a cluster');
    is_deeply([map { length $_->{states} } @{ $json->{clusters} }], [60, 6, 3, 4, 1, 2],
        'one digit a shard');
};

subtest 'hello tells the states as they are' => sub {
    my @to = (port => port('live'));
    my %state = (0 => 3, 1 => 2, 50 => 6, 99 => 4);
    post("/api/status/main/$_/$state{$_}", @to) for sort keys %state;
    my $picture = Glance::Picture->new->apply(viewer(@to)->next_event);
    is($picture->states('main'), states_of('main', @to), 'as GET does');
    is(substr($picture->states('main'), $_, 1), $state{$_}, "shard $_") for sort keys %state;
};

subtest 'timeout is that of the server' => sub {
    is(viewer(port => port('fast'))->next_event->{json}{timeout}, 1, 'a second');
    is(viewer(port => port('live'))->next_event->{json}{timeout}, 3600, 'an hour');
};

subtest 'a large board' => sub {
    my $hello = viewer(port => port('big'))->next_event(20);
    is(length $hello->{json}{clusters}[0]{states}, 100_000, 'all its shards');
};

subtest 'HTTP/1.0' => sub {
    my $viewer = viewer(version => 'HTTP/1.0', port => port('live'));
    is($viewer->status, 200, 'status');
    is($viewer->next_event->{event}, 'hello', 'hello');
    post('/api/status/main/60/3', port => port('live'));
    post('/api/status/main/60/2', port => port('live'));
    ok($viewer->next_of('update'), 'and what follows');
};

subtest 'the access log has the stream from its opening on' => sub {
    my $log = access_log();
    my $viewer = viewer(path => '/api/stream?opening');
    $viewer->next_event;
    ok($log->await_line(qr{\A200 GET /api/stream\?opening$}m, 5), 'status 200, while it is open');
    $viewer->close;
    pause(0.5);
    is(scalar(my @lines = $log->lines(qr{/api/stream\?opening})), 1, 'one line, also after its end');
};

subtest 'the error log says at the end how it went' => sub {
    my $log = error_log();
    my $viewer = viewer();
    $viewer->next_event;
    $viewer->close;
    ok($log->await_line(qr/\[glance:info\].*GL\d{4}: .*(?:viewer|stream)/i, 10), 'an info line');
};

done_testing;
