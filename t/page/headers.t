# How the shipped example site serves the page: headers, validation, compression.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Apache::TestRequest ();
use LWP::UserAgent ();

Apache::TestRequest::module('page');
my $base  = 'http://' . Apache::TestRequest::hostport();
my $agent = LWP::UserAgent->new(keep_alive => 1);
my @files = ('/', map { "/assets/$_" } qw(app.js config.js main.css favicon.svg));

sub get { return $agent->get($base . shift, @_) }

for my $path (@files) {
    subtest $path => sub {
        my $answer = get($path);
        is($answer->code, 200, 'is there');
        is($answer->header('X-Content-Type-Options'), 'nosniff', 'nosniff');
        is($answer->header('Referrer-Policy'), 'no-referrer', 'no referrer');
        is($answer->header('Cache-Control'), 'no-cache', 'kept, and asked about each time');
        my $policy = $answer->header('Content-Security-Policy');
        like($policy, qr/default-src 'none'/, 'nothing is allowed that is not named');
        unlike($policy, qr/unsafe|\*|https?:|data:/, 'nothing inline, nothing from elsewhere');

        is(get($path, 'If-Modified-Since' => $answer->header('Last-Modified'))->code, 304, 'unchanged: 304');
        for my $coding (qw(gzip br)) {
            my $packed = get($path, 'Accept-Encoding' => $coding);
            is($packed->header('Content-Encoding'), $coding, "$coding for those who take it");
            like($packed->header('Vary'), qr/Accept-Encoding/, 'and caches know');
            is(get($path, 'Accept-Encoding' => $coding, 'If-Modified-Since' => $packed->header('Last-Modified'))->code,
                304, 'unchanged: 304');
        }
    };
}

subtest 'the API keeps its own' => sub {
    my $answer = get('/api/status/main/0', 'Accept-Encoding' => 'gzip, br');
    is($answer->code, 200, 'a shard');
    is($answer->header('Content-Encoding'), undef, 'is not compressed');
    ok($answer->header('ETag'), 'has its ETag');
    is($answer->header('X-Content-Type-Options'), 'nosniff', 'and the site\'s headers');
};

done_testing;
