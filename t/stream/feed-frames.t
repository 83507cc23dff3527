# The frames that clients of the feed may send. The server answers each violation of RFC 6455 with a close
# frame with its code, and closes.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

use Socket ();

my @to = (port => port('feed'));

sub frame { Glance::Ws::frame(@_) }
sub text  { frame(Glance::Ws::TEXT, @_) }
sub more  { frame(Glance::Ws::CONTINUATION, @_) }
sub ping  { frame(Glance::Ws::PING, @_) }
sub closing { Glance::Ws::close_frame(@_) }

# The beginning of a text frame that announces this length
sub announced { text('abc', announce => $_[0]) }

# name => [bytes to send, code of the close frame]
my @OFFENCES = (
    'an unmasked text'                  => [text('x', masked => 0), 1002],
    'an unmasked ping'                  => [ping('x', masked => 0), 1002],
    'an unmasked close'                 => [closing(1000, '', masked => 0), 1002],
    (map {; "reserved bit $_->[0] in a text" => [text('x', rsv => $_->[1]), 1002] }
        [1 => 4], [2 => 2], [3 => 1]),
    'all reserved bits'                 => [text('x', rsv => 7), 1002],
    'a reserved bit in a ping'          => [ping('x', rsv => 4), 1002],
    'a reserved bit in a continuation'  => [text('x', fin => 0) . more('x', rsv => 4), 1002],
    (map {; "opcode $_" => [frame($_, 'x'), 1002] } 3 .. 7, 11 .. 15),
    'a fragmented ping'                 => [ping('x', fin => 0), 1002],
    'a fragmented pong'                 => [frame(Glance::Ws::PONG, 'x', fin => 0), 1002],
    'a fragmented close'                => [closing(1000, '', fin => 0), 1002],
    'a ping of 126 bytes'               => [ping('x' x 126), 1002],
    'a pong of 126 bytes'               => [frame(Glance::Ws::PONG, 'x' x 126), 1002],
    'a close of 126 bytes'              => [closing(1000, 'x' x 124), 1002],
    'a ping of 70000 bytes'             => [ping('x' x 70_000), 1002],

    'a continuation of nothing'         => [more('x'), 1002],
    'a continuation after the last'     => [text('x', fin => 0) . more('y') . more('z'), 1002],
    'a text within a fragmented one'    => [text('x', fin => 0) . text('y'), 1002],
    'a binary within a fragmented text' => [text('x', fin => 0) . frame(Glance::Ws::BINARY, 'y'), 1002],

    '5 as a length of two bytes'        => [text('abcde', size => 4), 1002],
    '125 as a length of two bytes'      => [text('x' x 125, size => 4), 1002],
    '5 as a length of eight bytes'      => [text('abcde', size => 10), 1002],
    '300 as a length of eight bytes'    => [text('x' x 300, size => 10), 1002],
    'a ping with a length of two bytes' => [ping('abc', size => 4), 1002],
    'a length of 2^63'                  => [announced(1 << 63), 1002],
    'a length of 2^64 - 1'              => [announced(~0), 1002],

    'a message of 4097 bytes'           => [text('x' x 4097), 1009],
    'a binary of 4097 bytes'            => [frame(Glance::Ws::BINARY, 'x' x 4097), 1009],
    'a message of 4097 in fragments'    => [text('x' x 4000, fin => 0) . more('x' x 97), 1009],
    'a message of 4097 in many'         => [text('', fin => 0) . more('x', fin => 0) x 4096 . more('x'), 1009],
    '4097 announced'                    => [announced(4097), 1009],
    '65535 announced'                   => [announced(65_535), 1009],
    '2^31 announced'                    => [announced(1 << 31), 1009],
    '2^32 announced'                    => [announced(1 << 32), 1009],
    '2^63 - 1 announced'                => [announced((1 << 63) - 1), 1009],
    '4097 announced by a fragment'      => [text('x' x 10, fin => 0) . more('x', announce => 4087), 1009],

    'a byte that is no UTF-8'           => [text("\xff"), 1007],
    'a lone continuation byte'          => [text("ab\x80"), 1007],
    'an overlong slash'                 => [text("\xc0\xaf"), 1007],
    'an overlong NUL'                   => [text("\xe0\x80\x80"), 1007],
    'a surrogate'                       => [text("\xed\xa0\x80"), 1007],
    'beyond U+10FFFF'                   => [text("\xf4\x90\x80\x80"), 1007],
    'a character cut short'             => [text("\xe2\x82"), 1007],
    'a character cut by another'        => [text("\xe2\x82a"), 1007],
    'bad UTF-8 in a later fragment'     => [text('abc', fin => 0) . more("\xff"), 1007],
    'bad UTF-8 across two fragments'    => [text("\xe2", fin => 0) . more("\x28\xa1"), 1007],
    'cut short in the last fragment'    => [text('abc', fin => 0) . more("\xe2\x82"), 1007],
    'cut short before an empty one'     => [text("\xe2", fin => 0) . more(''), 1007],
    'bad UTF-8 in a close\'s reason'    => [closing(1000, "\xff"), 1007],
    'a close\'s reason cut short'       => [closing(1000, "ab\xe2\x82"), 1007],

    'a close of one byte'               => [frame(Glance::Ws::CLOSE, "\x03"), 1002],
    (map {; "close code $_" => [closing($_), 1002] }
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535),
    'close code 999 with a reason'      => [closing(999, 'why'), 1002],
);

# A feed that has received its hello
sub opened {
    my $feed = feed(@to, path => '/api/feed?pulse=0', @_);
    $feed->next_of('hello') or die 'no hello';
    return $feed;
}

# Test: the feed gets a close frame with this code, or without one, and ends in order.
sub is_closed {
    my ($feed, $code, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $closed = $feed->close_within(10);
    is($closed ? $closed->{code} // 'none' : 'no close frame', $code, $name);
    ok($feed->ends_within(10) && $feed->ended_well, '... and ends in order');
}

my @table = @OFFENCES;
while (my ($name, $case) = splice @table, 0, 2) {
    my $feed = opened();
    $feed->send_raw($case->[0]);
    is_closed($feed, $case->[1], "$name: $case->[1]");
}

subtest 'the same, a few bytes at a time' => sub {
    my @table = @OFFENCES;
    while (my ($name, $case) = splice @table, 0, 2) {
        my $bytes = $case->[0];
        next if length $bytes > 200;
        my $feed = opened();
        setsockopt($feed->socket, Socket::IPPROTO_TCP(), Socket::TCP_NODELAY(), 1) or die $!;
        # The server may close before all is sent.
        $feed->send_raw($_) or last for $bytes =~ /.{1,3}/gs;
        is_closed($feed, $case->[1], "$name: $case->[1]");
    }
};

subtest 'what follows an offence, or a close, is discarded' => sub {
    my $junk = join '', map { text('x' x 4000) } 1 .. 100;
    my $feed = opened();
    $feed->send_raw(text("\xff") . $junk);
    is_closed($feed, 1007, 'an offence');
    $feed = opened();
    $feed->send_raw(closing(1000) . ping('x') x 50 . text("\xff") . $junk);
    is_closed($feed, 1000, 'a close');
    $feed = opened();
    $feed->send_raw(text('x', masked => 0));
    is_closed($feed, 1002, 'an offence, and later');
    my $taken = grep { $feed->send_raw('x' x 1000) } 1 .. 50;
    cmp_ok($taken, '>', 0, 'more than the server wants to hear is no error for it');
};

subtest 'an offence does not stop the others' => sub {
    my $good = opened();
    opened()->send_raw(text('x', masked => 0)) for 1 .. 10;
    post('/api/status/main/1/2', @to);
    post('/api/status/main/1/3', @to);
    ok($good->next_of('state_update'), 'another feed goes on');
};

# The feed is open: the server answers a ping after all other frames, and nothing before it.
sub is_live {
    my ($feed, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $feed->send_raw(ping('live?'));
    my $frame = $feed->next_frame(10);
    return is($frame ? "$frame->{opcode} $frame->{payload}" : 'nothing', Glance::Ws::PONG . ' live?',
        "$name: no answer, and it goes on");
}

my @WELCOME = (
    'a text'                       => text('hello'),
    'an empty text'                => text(''),
    'an empty binary'              => frame(Glance::Ws::BINARY, ''),
    'a binary with any bytes'      => frame(Glance::Ws::BINARY, join '', map { chr } 0 .. 255),
    'a text of 125 bytes'          => text('x' x 125),
    'a text of 126 bytes'          => text('x' x 126),
    'a text of 4096 bytes'         => text('x' x 4096),
    'a binary of 4096 bytes'       => frame(Glance::Ws::BINARY, "\xff" x 4096),
    '4096 bytes in two fragments'  => text('x' x 4000, fin => 0) . more('x' x 96),
    '4096 bytes in 4096 fragments' => text('x', fin => 0) . more('x', fin => 0) x 4094 . more('x'),
    'empty fragments'              => text('', fin => 0) . more('', fin => 0) x 5000 . more(''),
    'UTF-8 of all lengths'         => text("a\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\x8a\xf4\x8f\xbf\xbf"),
    'a NUL and control characters' => text("\0\x01\x1b"),
    'a character in two fragments' => text("\xe2", fin => 0) . more("\x82\xac"),
    'in three, one of them empty'  => text("\xe2", fin => 0) . more('', fin => 0) . more("\x82\xac"),
    'bad UTF-8 in a binary'        => frame(Glance::Ws::BINARY, "\xff", fin => 0) . more("\xc0"),
    'a mask of zeroes'             => text('x', mask => "\0\0\0\0"),
    'a pong that nobody asked for' => frame(Glance::Ws::PONG, ''),
    'a pong of 125 bytes'          => frame(Glance::Ws::PONG, 'x' x 125),
    'a hundred messages'           => text('x' x 4096) x 100,
    'JSON like that of others'     => text('{"op":"subscribe","payload":{}}'),
);

subtest 'messages are taken and ignored' => sub {
    my $feed = opened();
    my @table = @WELCOME;
    while (my ($name, $bytes) = splice @table, 0, 2) {
        $feed->send_raw($bytes);
        is_live($feed, $name) or last;
    }
};

subtest 'byte by byte' => sub {
    my $feed = opened();
    setsockopt($feed->socket, Socket::IPPROTO_TCP(), Socket::TCP_NODELAY(), 1) or die $!;
    my $bytes = text('hello') . text("\xe2", fin => 0) . ping('') . more("\x82\xac")
        . text('x' x 300);
    $feed->send_raw($_) for split //, $bytes;
    is($feed->next_frame->{payload}, '', 'a pong for the ping among them');
    is_live($feed, 'the rest');
};

subtest 'pings' => sub {
    my $feed = opened();
    for my $payload ('', 'x', "\0\xff\x80", 'y' x 125) {
        $feed->send_raw(ping($payload));
        is($feed->next_pong->{payload}, $payload, length($payload) . ' bytes come back');
    }
    my @payloads = map { "ping $_" } 1 .. 300;
    $feed->send_raw(join '', map { ping($_) } @payloads);
    is_deeply([map { $_->{payload} } map { $feed->next_pong // () } @payloads], \@payloads,
        'many in one go, each in its turn');
    $feed->send_raw(text('a', fin => 0) . ping('within') . more('b'));
    is($feed->next_pong->{payload}, 'within', 'one within a fragmented message');
    is_live($feed, 'that message');
};

subtest 'pings while much is sent' => sub {
    my $feed = feed(@to);
    my $bot = Glance::Http->new(@to);
    for my $round (1 .. 20) {
        $bot->send_raw(join '', map { Glance::Http::compose('POST', "/api/status/main/$_/" . (2 + $round % 5)) }
            0 .. 19);
        $feed->send_raw(ping("round $round"));
        $bot->answer for 0 .. 19;
    }
    # The parser dies if a pong interrupts a message.
    my @pongs = map { $feed->next_pong // () } 1 .. 20;
    is_deeply([map { $_->{payload} } @pongs], [map { "round $_" } 1 .. 20], 'all come back');
};

subtest 'a close is echoed, then the end' => sub {
    for my $code (1000, 1001, 1002, 1003, 1007 .. 1011, 3000, 3999, 4000, 4999) {
        my $feed = opened();
        $feed->send_raw(closing($code));
        is_closed($feed, $code, "code $code");
    }
    my $feed = opened();
    $feed->send_raw(closing());
    is_closed($feed, 'none', 'without a code');
    $feed = opened();
    $feed->send_raw(closing(1000, "good\xc2\xa0bye"));
    is_closed($feed, 1000, 'with a reason');
    $feed = opened();
    $feed->send_raw(closing(1000, 'x' x 123));
    is_closed($feed, 1000, 'with the longest reason');
    $feed = opened();
    $feed->send_raw(text('x', fin => 0) . closing(1000));
    is_closed($feed, 1000, 'within a fragmented message');
    $feed = opened();
    $feed->send_raw(ping('one') . closing(1000));
    is($feed->next_frame->{payload}, 'one', 'behind a ping: that is answered');
    is_closed($feed, 1000, '... and the close');
};

done_testing;
