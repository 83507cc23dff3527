# A filter that keeps an answer back until it is complete, as mod_security with SecResponseBodyAccess: a
# held stream would never begin. And a filter that changes the body, as mod_ext_filter may: the hub's
# bytes would bypass it. Both get the polling fallback.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $httpd = Glance::Httpd->new;
my $load = qq(LoadModule holdback_module "$ENV{GLANCE_TOOLS}/mod_holdback.so"\n);
sub filter { "<Location /api/stream>\n    SetOutputFilter $_[0]\n</Location>\n" }
my $late = $httpd->port('late');
my $end = $httpd->port('end');
$httpd->configure($load . "GlanceBots main:40\nGlanceHealthTimeout 600\n" . filter('HOLDBACK')
    . "Listen 127.0.0.1:$late\n<VirtualHost 127.0.0.1:$late>\n" . filter('HOLDBACK_LATE') . "</VirtualHost>\n"
    . "Listen 127.0.0.1:$end\n<VirtualHost 127.0.0.1:$end>\n" . filter('ADD_END') . "</VirtualHost>\n"
    . $httpd->tls_host('tls', filter('HOLDBACK')) . $httpd->tls_host('tls late', filter('HOLDBACK_LATE')))->start;

my @kinds = (
    ['a filter for content'                => port => $httpd->port],
    ['a later filter'                      => port => $late],
    ['a filter that lets the head pass'    => port => $end],
    ['a filter for content, over TLS'      => $httpd->to('tls')],
    ['a later filter, over TLS'            => $httpd->to('tls late')],
);

# A complete answer with one event, which is returned
sub complete {
    my ($answer, $kind) = @_;
    answers($answer, 200, 'status, and the answer ends') or return {};
    is($answer->header('content-type'), 'text/event-stream', 'Content-Type');
    my ($blocks, $rest) = Glance::Sse::parse($answer->body);
    is($rest, '', 'no block is cut');
    cmp_ok((grep { defined } map { $_->{retry} } @$blocks)[-1] // 0, '>=', 3000, 'it says when to come back');
    my @events = grep { $_->{event} } @$blocks;
    is(join(' ', map { $_->{event} } @events), $kind, "one event: $kind");
    return $events[0] || {};
}

for my $case (@kinds) {
    my ($name, @to) = @$case;
    subtest $name => sub {
        my $http = Glance::Http->new(@to);
        my $hello = complete($http->request('GET', '/api/stream'), 'hello');
        is(length($hello->{json}{clusters}[0]{states} // ''), 40, 'with all states') or return;
        $httpd->post("/api/status/main/1/$_") for 2, 3;
        is($http->{in}, '', 'nothing comes behind it');
        my $next = eval { $http->request('GET', '/api/status/main/1', seconds => 5) };
        if ($next) { is($next->json->{state}, 3, 'the connection serves another request') }
        else       { ok($http->closed(5) && $http->{in} eq '', 'the connection is closed') }

        my $update = complete(http('GET', '/api/stream', @to, headers => { 'Last-Event-ID' => $hello->{id} }), 'update');
        is_deeply($update->{json}{clusters}, { main => { 3 => '1' } }, 'with what changed');
    };
}

subtest 'the filter has its say' => sub {
    like(http("GET", "/api/stream", port => $end)->body, qr/\n\n:\n\n\z/, "behind the last event");
};

subtest 'the server is none the worse' => sub {
    answers($httpd->post('/api/status/main/2/3'), 204, 'a POST is answered');
    my @children = $httpd->children;
    ok((await { !grep { sockets_of($_) > 3 } $httpd->children } 30), 'no connection is left over')
        or diag(join ' ', map { sockets_of($_) } @children);
};

$httpd->stop;
done_testing;
