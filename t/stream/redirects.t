# Streams and feeds by internal redirects and subrequests: a RewriteRule of a directory, Location of a CGI
# program, an ErrorDocument, an include in another page. None of them is held.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

chomp(my $folder = `apxs -q LIBEXECDIR`);
my $httpd = Glance::Httpd->new;
my $root  = $httpd->{root};
my $rules = <<"CONF";
<Directory "$root">
    Options +Includes
    AddHandler send-as-is .asis
    AddType text/html .shtml
    AddOutputFilter INCLUDES .shtml
    RewriteEngine On
    RewriteRule "^ruled/stream" "/api/stream"
    RewriteRule "^ruled/feed" "/api/feed"
    RewriteRule "^twice/stream" "/ruled/stream"
    RewriteRule "^twice/feed" "/ruled/feed"
    ErrorDocument 404 /api/stream
</Directory>
CONF
chmod 0755, $root or die;
for my $what (qw(stream feed)) {
    $httpd->file("$what.asis", "Location: /api/$what\n\n");
    $httpd->file("$what.shtml", qq(before\n<!--#include virtual="/api/$what" -->\nbehind\n), 0644);
}
$httpd->configure(<<"CONF" . $rules . $httpd->tls_host('tls'))->start;
LoadModule asis_module "$folder/mod_asis.so"
LoadModule include_module "$folder/mod_include.so"
GlanceBots main:8
GlanceHealthTimeout 600
CONF

sub ask {
    my ($to, $path, @o) = @_;
    my $http = Glance::Http->new(@$to);
    $http->send_request('GET', $path, @o);
    return ($http, scalar $http->answer_or_switch);
}

# Nothing follows the answer, and the connection can be used again.
sub ends_there {
    my $http = shift;
    $httpd->post("/api/status/main/1/$_") for 2, 3;
    is($http->{in}, '', 'nothing comes behind it');
    my $next = eval { $http->request('GET', '/plain', seconds => 5) };
    if ($next) { answers($next, 200, 'the connection serves another request') }
    else       { ok($http->closed(5) && $http->{in} eq '', 'the connection is closed') }
}

sub has_fallback {
    my ($text) = @_;
    my ($blocks, $rest) = Glance::Sse::parse($text);
    is($rest, '', 'no block is cut');
    is(join(' ', map { $_->{event} // () } @$blocks), 'hello', 'it has a hello');
    cmp_ok((grep { defined } map { $_->{retry} } @$blocks)[-1] // 0, '>=', 3000, 'and says when to come back');
}

for my $to (['clear', $httpd->to], ['TLS', $httpd->to('tls')]) {
    my ($kind, @to) = @$to;

    for my $case (['a rule for a directory' => '/ruled/stream'], ['two rules' => '/twice/stream'],
            ['an answer that says Location, as a CGI program may' => '/stream.asis']) {
        subtest "a stream by $case->[0], $kind" => sub {
            my ($http, $answer) = ask(\@to, $case->[1]);
            answers($answer, 200, 'status, and the answer ends') or return;
            is($answer->header('content-type'), 'text/event-stream', 'Content-Type');
            has_fallback($answer->body);
            ends_there($http);
        };
    }

    for my $case (['a rule for a directory' => '/ruled/feed'], ['two rules' => '/twice/feed'],
            ['an answer that says Location, as a CGI program may' => '/feed.asis']) {
        subtest "a feed by $case->[0], $kind" => sub {
            my ($http, $answer) = ask(\@to, $case->[1], headers => Glance::Ws::handshake());
            refuses($answer, 503, qr/\w/, 'is refused') or return;
            like($answer->header('retry-after') // '', qr/\A[1-9]\d*\z/, 'Retry-After');
            is($answer->header('sec-websocket-accept'), undef, 'and nothing of a switch');
            ends_there($http);
        };
    }

    subtest "a stream as an ErrorDocument, $kind" => sub {
        my ($http, $answer) = ask(\@to, '/nosuch');
        answers($answer, 404, 'status, and the answer ends') or return;
        has_fallback($answer->body);
        ends_there($http);
    };

    subtest "a stream within a page, $kind" => sub {
        my ($http, $answer) = ask(\@to, '/stream.shtml');
        answers($answer, 200, 'status, and the answer ends') or return;
        ok($answer->body =~ /\Abefore\n(.*)\nbehind\n\z/s, 'the page is complete') or return diag($answer->body);
        has_fallback($1);
        ends_there($http);
    };

    subtest "a feed within a page, $kind" => sub {
        my ($http, $answer) = ask(\@to, '/feed.shtml', headers => Glance::Ws::handshake());
        answers($answer, 200, 'status, and the answer ends') or return;
        ok($answer->body =~ /\Abefore\n(.*)\nbehind\n\z/s, 'the page is complete') or return diag($answer->body);
        unlike($1, qr/Sec-WebSocket|"op"/i, 'with nothing of a feed in it');
        ends_there($http);
    };
}

subtest 'the server is none the worse' => sub {
    answers($httpd->post('/api/status/main/2/3'), 204, 'a POST is answered');
    ok((await { !grep { sockets_of($_) > 3 } $httpd->children } 30), 'no connection is left over')
        or diag(join ' ', map { sockets_of($_) } $httpd->children);
};

$httpd->stop;
done_testing;
