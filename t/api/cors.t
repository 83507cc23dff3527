# Pages of another host: with the lines that conf/glance.conf has for them, browsers let such a page read,
# resume the stream and push.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $PAGE = 'https://status.example.org';

# The shipped lines, uncommented
sub shipped_lines {
    open my $in, '<', "$ENV{GLANCE_CONF}/glance.conf" or die "glance.conf: $!";
    local $/;
    my ($section) = <$in> =~ /^(#<(\S+)[^\n]*\n(?:#[^\n]*\n)*?#[^\n]*Access-Control-Allow-Origin.*?^#<\/\2>\n)/ms
        or die 'no such lines';
    return $section =~ s/^#//gmr;
}

# The same as in docs/api.md
sub documented_lines {
    open my $in, '<', "$ENV{GLANCE_TOP}/docs/api.md" or die "api.md: $!";
    local $/;
    my ($section) = <$in> =~ /^```apache\n([^`]*Access-Control-Allow-Origin[^`]*)```/ms or die 'no such lines';
    return $section;
}

my $httpd = Glance::Httpd->new;
$httpd->configure("GlanceBots main:8\nGlancePassphrase alpha\n" . shipped_lines())->start;

sub names { return map { lc } split /\s*,\s*/, $_[0] // '' }

# What a browser asks before such a request of the page. Returns whether it then sends the request, as
# https://fetch.spec.whatwg.org/#cors-preflight-fetch has it.
sub may_send {
    my ($method, $path, @headers) = @_;
    my $answer = $httpd->http('OPTIONS', $path, headers => {
        Origin => $PAGE,
        'Access-Control-Request-Method' => $method,
        @headers ? ('Access-Control-Request-Headers' => join ',', sort map { lc } @headers) : (),
    });
    my %methods = map { $_ => 1 } qw(get head post), names($answer->header('access-control-allow-methods'));
    my %headers = map { $_ => 1 } names($answer->header('access-control-allow-headers'));
    return $answer->status =~ /\A2/ && ($answer->header('access-control-allow-origin') // '') eq $PAGE
        && $methods{ lc $method } && !grep { !$headers{ lc $_ } } @headers;
}

# Whether the page may read an answer
sub may_read { ($_[0]->header('access-control-allow-origin') // '') eq $PAGE }

is(documented_lines(), shipped_lines(), 'docs/api.md has the lines of conf/glance.conf');

subtest 'before it asks' => sub {
    ok(may_send('GET', '/api/status', 'If-None-Match'), 'the documents');
    ok(may_send('GET', '/api/status/main/0', 'If-None-Match'), 'one shard');
    ok(may_send('GET', '/plain', 'If-None-Match'), 'the text');
    ok(may_send('GET', '/api/stream', 'Last-Event-ID'), 'the stream, again');
    ok(may_send('POST', '/api/status/main/0/3', 'Authorization'), 'a push');
    ok(may_send('POST', '/api/health/main/0', 'Authorization'), 'a heartbeat');
    ok(!may_send('GET', '/api/status', 'X-Other'), 'and not with any header');
};

subtest 'what it may read' => sub {
    my $page = { Origin => $PAGE };
    my $documents = $httpd->http('GET', '/api/status', headers => $page);
    ok(may_read($documents), 'the documents');
    ok((grep { $_ eq 'etag' } names($documents->header('access-control-expose-headers'))), 'and their ETag');
    my $same = $httpd->http('GET', '/api/status', headers => { %$page, 'If-None-Match' => $documents->header('etag') });
    answers($same, 304, 'unchanged');
    ok(may_read($same), 'and may read that');
    ok(may_read($httpd->http('GET', '/plain', headers => $page)), 'the text');
    my $viewer = $httpd->viewer(headers => $page);
    is($viewer->header('access-control-allow-origin'), $PAGE, 'the stream');
    my $id = $viewer->next_event->{id};
    is($httpd->viewer(headers => $page, last => $id)->next_event->{event}, 'update', 'which resumes');
    my $push = $httpd->post('/api/status/main/0/3', headers => { %$page, Authorization => 'Bearer alpha' });
    answers($push, 204, 'a push');
    ok(may_read($push), 'its answer');
    for my $case ([401 => '/api/status/main/0/3'], [400 => '/api/status/main/9/3', 'alpha'], [404 => '/api/status/main', 'alpha']) {
        my ($status, $path, $secret) = @$case;
        my $answer = $httpd->post($path, headers => { %$page, $secret ? (Authorization => $secret) : () });
        answers($answer, $status, "error $status");
        ok(may_read($answer), 'may be read');
    }
};

done_testing;
