# ETag and 304: nothing is sent again while no state has changed.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

# The board of the virtual host own (main:3) is this file's for as long as it runs.
my @own = (port => port('own'));

sub get {
    my ($path, $tag, $method) = @_;
    return http($method || 'GET', $path, @own, headers => { 'If-None-Match' => $tag });
}

post('/api/status/main/0/3', @own);
post('/api/status/main/1/3', @own);

for my $path (qw(/api/status /api/status/main /api/status/main/0)) {
    subtest $path => sub {
        my $tag = http('GET', $path, @own)->header('etag');
        like($tag, qr{\AW/"[^"]+"\z}, 'a weak ETag');
        is(http('GET', $path, @own)->header('etag'), $tag, 'the same as long as nothing changes');

        my $same = get($path, $tag);
        answers($same, 304, 'If-None-Match with it');
        is($same->body, '', 'no body');
        is($same->header('etag'), $tag, 'its ETag');
        is($same->header('cache-control'), 'no-cache', 'its Cache-Control');
        answers(get($path, $tag, 'HEAD'), 304, 'HEAD');
        answers(get($path, '*'), 304, 'the asterisk');
        answers(get($path, qq("x", $tag, W/"y")), 304, 'one of several');
        (my $strong = $tag) =~ s{\AW/}{};
        answers(get($path, $strong), 304, 'compared weakly');

        answers(get($path, 'W/"other"'), 200, 'another tag');
        answers(get($path, 'garbage'),   200, 'garbage');
        answers(get($path, 'W/""'),      200, 'the empty tag');
    };
}

subtest 'a sign of life keeps it' => sub {
    my $tag = http('GET', '/api/status', @own)->header('etag');
    answers(post('/api/health/main/0', @own), 204, 'health');
    answers(get('/api/status', $tag), 304, 'after a ping');
    answers(post('/api/status/main/0/3', @own), 204, 'the state that it has already');
    answers(get('/api/status', $tag), 304, 'after a report without a change');
};

subtest 'a change of state breaks it' => sub {
    my $tag = http('GET', '/api/status', @own)->header('etag');
    post('/api/status/main/0/4', @own);
    my $changed = get('/api/status', $tag);
    answers($changed, 200, 'the whole document');
    isnt($changed->header('etag'), $tag, 'under another ETag');
    answers(get('/api/status', $tag), 200, 'the old one stays broken');
    post('/api/status/main/0/3', @own);
    answers(get('/api/status', $tag), 200, 'also when the state is as it was');
};

subtest 'an unhealthy shard that is heard of breaks it' => sub {
    post('/api/status/main/0/1', @own);
    my $tag = http('GET', '/api/status', @own)->header('etag');
    post('/api/health/main/0', @own);
    answers(get('/api/status', $tag), 200, 'since its state has changed');
};

subtest 'errors have none' => sub {
    is(http('GET', '/api/status/nosuch', @own)->header('etag'), undef, 'no ETag');
    answers(get('/api/status/nosuch', '*'), 400, 'and no 304');
    my $httpd = Glance::Httpd->new;
    my $folder = "$httpd->{root}/locks";
    mkdir $folder, 0700 or die "$folder: $!";
    SKIP: {
        skip 'only root can start children that cannot open the lock', 1 if $>;
        $httpd->configure("Mutex flock:$folder glance\nGlanceBots main:6")->start;
        for my $path (qw(/api/status /api/status/main /api/status/main/0)) {
            my $answer = $httpd->http('GET', $path);
            refuses($answer, 500, qr/error log/, "$path without a lock");
            is($answer->header('etag'), undef, 'no ETag');
            is($answer->header('cache-control'), 'no-store', 'and not to be stored');
        }
    }
};

done_testing;
