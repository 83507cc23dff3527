# The semantics of the original Glance, message by message: the feed must send what session.txt says. A
# second client with ?pulse=0 gets the same without heartbeats that change nothing.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;
use JSON::PP ();

my $BOARD = "GlanceBots main:4 \"two words:2\"\n";

# The sessions of the file: {name, timeout, lines}.
sub sessions_of {
    my $file = shift;
    open my $in, '<', $file or die "$file: $!";
    my @sessions;
    while (my $line = <$in>) {
        chomp $line;
        next if $line eq '' or $line =~ /\A#/;
        if    ($line =~ /\Asession (.+)\z/)   { push @sessions, { name => $1, timeout => 600, lines => [] } }
        elsif ($line =~ /\Atimeout ([\d.]+)\z/)  { $sessions[-1]{timeout} = $1 }
        else                                  { push @{ $sessions[-1]{lines} }, "$.: $line" }
    }
    return @sessions;
}

# A message in which * replaces every time of about now
sub plain {
    my $frame = shift or return 'no message';
    my $message = JSON::PP->new->utf8->decode($frame->{payload});
    if ($message->{op} eq 'hello') {
        for my $shard (grep { ref } map { values %$_ } values %{ $message->{payload} }) {
            $shard->{last_healthy} = '*' if abs($shard->{last_healthy} - time) < 60;
        }
    }
    return $message;
}

# Whether a client with ?pulse=0 receives this, too.
sub is_told_to_all {
    my $message = shift;
    return $message->{op} ne 'health_ping' || exists $message->{payload}{state};
}

sub expect {
    my ($clients, $text, $name) = @_;
    my $want = JSON::PP->new->utf8->decode($text);
    for my $client (sort keys %$clients) {
        next if $client eq 'quiet' and not is_told_to_all($want);
        my $frame = $clients->{$client}->next_message(5);
        is_deeply(plain($frame), $want, "$name, $client") and next;
        diag($frame ? $frame->{payload} : 'nothing came');
        return 0;
    }
    return 1;
}

# Executes one line; false when the session cannot continue.
sub play {
    my ($httpd, $clients, $line) = @_;
    if ($line =~ /\A\d+: > (\S+) (\S+) (\d+)\z/) {
        return answers($httpd->http($1, $2), $3, $line);
    }
    if ($line =~ /\A\d+: < (.+)\z/) {
        return expect($clients, $1, $line);
    }
    if ($line =~ /\A\d+: ~ ([\d.]+)\z/) {
        my @more = map { $clients->{$_}->messages_within($1) } sort keys %$clients;
        return is_deeply([map { $_->{payload} } @more], [], $line);
    }
    if ($line =~ /\A\d+: open\z/) {
        %$clients = (all => $httpd->feed, quiet => $httpd->feed(path => '/api/feed?pulse=0'));
        return 1;
    }
    die "session.txt: what is '$line'?";
}

my @sessions = sessions_of('t/stream/session.txt');
cmp_ok(scalar @sessions, '>=', 5, 'there are sessions');
for my $session (@sessions) {
    subtest $session->{name} => sub {
        my $timeout = 1000 * patience($session->{timeout});
        my $httpd = Glance::Httpd->new->configure($BOARD . "GlanceHealthTimeout ${timeout}ms\n")->start;
        my %clients;
        for my $line (@{ $session->{lines} }) {
            play($httpd, \%clients, $line) or last;
        }
        $httpd->stop;
    };
}

done_testing;
