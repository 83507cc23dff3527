# The keepalive: a comment every 15 s. No timeout of httpd ends a stream.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# All tests share one wait of 31 s: three viewers of a board without changes.
my @to = (port => port('quiet'));

my $opened = now();
my %viewer = (
    ordinary => viewer(@to),
    quiet    => viewer(@to, path => '/api/stream?pulse=0'),
    'HTTP/1.0' => viewer(@to, version => 'HTTP/1.0'),
);
$_->next_of('hello') for values %viewer;

# The server's Timeout of 10 s would end the streams if it applied to them.
while (now() < $opened + 31.5) {
    Glance::Sse::pump_all([grep { !$_->{ended} } values %viewer], sub { 0 }, 0.2);
}

for my $name (sort keys %viewer) {
    subtest $name => sub {
        my $viewer = $viewer{$name};
        ok(!$viewer->{ended}, 'open for all the time');
        my @comments = grep { exists $_->{comment} } @{ $viewer->{blocks} };
        is(scalar @comments, 2, 'two comments in 31 s');
        is(scalar(grep { $_->{event} } @{ $viewer->{blocks} }), 0, 'and no event');
        my $at = $opened;
        for my $comment (@comments) {
            my $gap = $comment->{at} - $at;
            cmp_ok($gap, '>', 13, 'not too early');
            cmp_ok($gap, '<', 15 + patience(1.5), 'after 15 s');
            $at = $comment->{at};
        }
    };
}

subtest 'and they are live after it' => sub {
    post('/api/status/quiet/1/3', @to);
    for my $name (sort keys %viewer) {
        my $update = $viewer{$name}->next_of('update');
        is_deeply($update ? $update->{json}{clusters} : undef, { quiet => { 3 => '1' } }, $name);
    }
};

done_testing;
