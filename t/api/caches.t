# mod_cache in front of the documents: clients get them whole, and 304 only if they ask for it.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use File::Path qw(make_path);
use Glance::Httpd;
use Glance::Test;

chomp(my $modules = `/usr/bin/apxs -q LIBEXECDIR`);
my $load = join '', map { qq(LoadModule ${_}_module "$modules/mod_$_.so"\n) } qw(cache cache_disk);

my $httpd = Glance::Httpd->new;
my $vhosts = '';
for my $quick (qw(on off)) {
    my $port = $httpd->port($quick);
    my $folder = $httpd->folder . "/cache-$quick";
    make_path($folder);
    chmod 0777, $folder;
    $vhosts .= <<"LINES";
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    ServerName $quick.test
    GlanceBots main:8
    GlancePassphrase ""
    CacheQuickHandler $quick
    CacheRoot "$folder"
    CacheEnable disk /
    CacheHeader on
    CacheDetailHeader on
</VirtualHost>
LINES
}
$httpd->configure("$load$vhosts")->start;

for my $quick (qw(on off)) {
    my @to = (port => $httpd->port($quick));
    for my $path (qw(/api/status /api/status/main /api/status/main/0)) {
        subtest "CacheQuickHandler $quick: $path" => sub {
            $httpd->post('/api/status/main/0/3', @to);
            my $tag;
            my %outcomes;
            for my $time (1 .. 5) {
                my $answer = $httpd->http('GET', $path, @to);
                answers($answer, 200, "GET $time");
                ok(eval { $answer->json->{now} }, 'has the document');
                $tag //= $answer->header('etag');
                $outcomes{ $answer->header('x-cache') =~ /\A(\w+)/ ? $1 : '' } = 1;
            }
            ok($outcomes{REVALIDATE} || $outcomes{HIT}, 'from the cache') or diag(join ' ', %outcomes);

            my $same = $httpd->http('GET', $path, @to, headers => { 'If-None-Match' => $tag });
            answers($same, 304, 'GET with If-None-Match');
            is($same->body, '', 'without a body');
            answers($httpd->http('GET', $path, @to), 200, 'GET after it');
            answers($httpd->http('HEAD', $path, @to), 200, 'HEAD');
            answers($httpd->http('HEAD', $path, @to, headers => { 'If-None-Match' => $tag }), 304,
                'HEAD with If-None-Match');
            my $answer = $httpd->http('GET', $path, @to);
            answers($answer, 200, 'GET after HEAD');
            ok(eval { $answer->json->{now} }, 'has the document');

            $httpd->post('/api/status/main/0/4', @to);
            $answer = $httpd->http('GET', $path, @to, headers => { 'If-None-Match' => $tag });
            answers($answer, 200, 'GET with the old tag after a change');
            isnt($answer->header('etag'), $tag, 'has another tag');
            answers($httpd->http('GET', $path, @to), 200, 'GET then');
        };
    }
    subtest "CacheQuickHandler $quick: what is never kept" => sub {
        for my $time (1 .. 2) {
            answers($httpd->post('/api/status/main/1/3', @to), 204, 'POST');
            is(eval { $httpd->viewer(@to)->next_event->{event} }, 'hello', 'the stream');
            is(eval { $httpd->feed(@to)->next_message->{op} }, 'hello', 'the feed');
            refuses($httpd->http('GET', '/api/status/nosuch', @to), 400, qr/nosuch/, 'an error');
        }
        $httpd->post('/api/status/main/1/3', @to);
        like($httpd->http('GET', '/plain', @to)->body, qr/^  online     (?:0-)?1/m, 'the text');
        $httpd->post('/api/status/main/1/4', @to);
        unlike($httpd->http('GET', '/plain', @to)->body, qr/^  online     (?:0-)?1/m, 'the text after a change');
    };
}

done_testing;
