# Every directive: what configtest accepts, and how it refuses the rest.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

# Runs httpd -t on the lines and returns its exit code and what it says.
sub configtest {
    my $lines = shift;
    our $httpd ||= Glance::Httpd->new;
    return $httpd->configure($lines, no_paths => 1)->configtest;
}

sub accepted {
    my ($lines, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($code, $text) = configtest($lines);
    is($code, 0, $name // $lines) or diag($text);
}

# The refusal names the directive, and whatever else is asked for.
sub refused {
    my ($lines, $directive, $pattern, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($code, $text) = configtest($lines);
    subtest $name // $lines => sub {
        isnt($code, 0, 'refused');
        like($text, qr/\Q$directive\E/, "names $directive");
        like($text, $pattern, 'and the fault');
    };
}

my $file = Glance::Httpd->new;
my $LONG = 'n' x 64;
my $NONE = qr/no (?:secret|passphrase)|empty/i;

subtest 'GlanceBots: good' => sub {
    accepted("GlanceBots $_") for
        'main:60', 'main:1', 'main:1000000', 'main:60 patron:6', 'main:60;patron:6',
        '"main:60; patron:6"', '"two words:3"', '"two words:3;other:4" third:5', 'Grüße:4',
        "$LONG:1", 'a.b:1', '...:1', 'x-y_z:1', 'A:1 a:1', '"main:60"', '日本:2';
    accepted("GlanceBots main:60\nGlanceBots patron:6", 'twice in one server adds up');
    local $ENV{GLANCE_BOTS} = 'main:60;patron:6';
    accepted('GlanceBots ${GLANCE_BOTS}', 'from the environment');
};

subtest 'GlanceBots: bad' => sub {
    refused('GlanceBots', 'GlanceBots', qr/argument/i);
    my %fault = (
        'main'                   => 'main',
        'main:'                  => 'main:',
        'main:0'                 => 'main:0',
        'main:-1'                => 'main:-1',
        'main:+5'                => 'main:\+5',
        'main:1000001'           => '1000001|1,?000,?000',
        'main:4294967297'        => 'main:4294967297|1,?000,?000',
        'main:18446744073709551617' => 'main:18446744073709551617|1,?000,?000',
        'main:6x'                => 'main:6x',
        'main:0x10'              => 'main:0x10',
        'main:1e3'               => 'main:1e3',
        'main:1.5'               => 'main:1\.5',
        'main:sixty'             => 'main:sixty',
        ':5'                     => ':5',
        '.:5'                    => '\.:5|"\."',
        '..:5'                   => '\.\.:5|"\.\."',
        'a/b:5'                  => 'a/b',
        'a:b:5'                  => 'a:b',
        "n$LONG:5"               => '64',
        'main:60 patron'         => 'patron',
        'main:60 patron:0'       => 'patron:0',
        'main:60;patron:x'       => 'patron:x',
        'main:60 main:6'         => 'main',
        'main:60;main:60'        => 'main',
        '"main:60;other:1" main:1' => 'main',
        "\"a\x01b:5\""           => 'control',
        "\"a\x7fb:5\""           => 'control',
        "a\xffb:5"               => 'UTF-8',
        "a\xc3:5"                => 'UTF-8',
        "\xed\xa0\x80:5"         => 'UTF-8',
        "\xc0\xaf:5"             => 'UTF-8',
    );
    refused("GlanceBots $_", 'GlanceBots', qr/$fault{$_}/i) for sort keys %fault;
    refused("GlanceBots main:60\nGlanceBots main:60", 'GlanceBots', qr/main/, 'the same name again');
    refused('GlanceBots ";;"', 'GlanceBots', qr/no cluster/, 'a list of nothing');
    refused('GlanceBots "main :60"', 'GlanceBots', qr/blank/, 'a name with a blank at its end');
    refused('GlanceBots "main:60 patron:6"', 'GlanceBots', qr/outside quotes/, 'a list in quotes');
    refused("GlanceBots main\xe2\x80\x8b:60", 'GlanceBots', qr/invisible character/, 'an invisible name');
    refused('GlanceBots ' . join(' ', map { "c$_:1000000" } 1 .. 2200), 'GlanceBots', qr/more shards/,
        'more shards than a board can have');
    refused("<Location /x>\nGlanceBots main:60\n</Location>", 'GlanceBots', qr/not allowed/,
        'in a Location');
};

subtest 'times: good' => sub {
    for my $directive (qw(GlanceHealthTimeout GlanceHealthTimerInterval GlanceStreamInterval)) {
        accepted("GlanceBots main:6\n$directive $_", "$directive $_")
            for qw(1 30 30s 500ms 1500ms 60);
    }
};

subtest 'times: bad' => sub {
    for my $directive (qw(GlanceHealthTimeout GlanceHealthTimerInterval GlanceStreamInterval)) {
        refused("GlanceBots main:6\n$directive $_", $directive, qr/\Q$_\E/, "$directive $_")
            for '-1', '-5s', 'abc', '30x', '30sms', '1e3', '0x10', 's', '30ss', '3.5.1', '+',
                '99999999999999999999', '9223372036854775807';
        refused("GlanceBots main:6\n$directive", $directive, qr/argument/i, "$directive alone");
        refused("GlanceBots main:6\n$directive 30 s", $directive, qr/argument/i, "$directive 30 s");
        refused("GlanceBots main:6\n<Location /x>\n$directive 30\n</Location>", $directive,
            qr/not allowed/, "$directive in a Location");
    }
    refused("GlanceBots main:6\nGlanceHealthTimeout $_", 'GlanceHealthTimeout', qr/\Q$_\E/,
        "GlanceHealthTimeout $_: a timeout of nothing") for '0', '0s', '0ms';
    refused(<<'CONF', 'GlanceStreamInterval', qr/virtual|<VirtualHost>|main server/i, 'GlanceStreamInterval in a virtual host');
GlanceBots main:6
<VirtualHost 127.0.0.1:1>
    ServerName other.test
    GlanceBots main:6
    GlanceStreamInterval 50ms
</VirtualHost>
CONF
};

subtest 'GlanceEndpoint: good' => sub {
    accepted("GlanceBots main:6\n<Location /$_>\nGlanceEndpoint $_\n</Location>", $_)
        for qw(status health stream plain);
};

subtest 'GlanceEndpoint: bad' => sub {
    my $in = sub { "GlanceBots main:6\n$_[0]\nGlanceEndpoint $_[1]\n$_[2]\n" };
    refused($in->('<Location /x>', $_, '</Location>'), 'GlanceEndpoint', qr/\Q$_\E/, "endpoint $_")
        for qw(nonsense state glance-status status/ 1);
    refused($in->('<Location /x>', '', '</Location>'), 'GlanceEndpoint', qr/argument/i, 'no argument');
    refused($in->('<Location /x>', 'status health', '</Location>'), 'GlanceEndpoint', qr/argument/i, 'two');
    refused("GlanceBots main:6\nGlanceEndpoint status", 'GlanceEndpoint', qr/Location|not allowed/,
        'outside of a section');
    refused($in->('<LocationMatch "^/x">', 'status', '</LocationMatch>'), 'GlanceEndpoint',
        qr/<Location>|<Location "/, 'in LocationMatch');
    refused($in->('<Location ~ "^/x">', 'status', '</Location>'), 'GlanceEndpoint',
        qr/<Location>|<Location "/, 'in a Location with a regular expression');
    refused($in->('<Directory /tmp>', 'status', '</Directory>'), 'GlanceEndpoint',
        qr/Location|not allowed/, 'in a Directory');
    refused($in->('<Files x>', 'status', '</Files>'), 'GlanceEndpoint', qr/Location|not allowed/,
        'in Files');
};

subtest 'GlancePassphrase: good' => sub {
    accepted("GlanceBots main:6\nGlancePassphrase $_", $_)
        for 'alpha', 'alpha beta', '"with blanks"', '""', 'schlüssel', '"#1"', '"a:b;c"',
            'x' x 200;
    accepted("GlanceBots main:6\nGlancePassphrase alpha\nGlancePassphrase beta", 'twice');
};

subtest 'GlancePassphrase: bad' => sub {
    refused("GlanceBots main:6\nGlancePassphrase", 'GlancePassphrase', qr/argument/i, 'none');
    refused("GlanceBots main:6\nGlancePassphrase \"\" alpha", 'GlancePassphrase', qr/""|empty/i,
        'the empty one beside a real one');
    refused("GlanceBots main:6\nGlancePassphrase alpha\nGlancePassphrase \"\"", 'GlancePassphrase',
        qr/""|empty/i, 'the same on two lines');
    refused("GlanceBots main:6\nGlancePassphrase $_", 'GlancePassphrase', qr/blank/i, "blanks: $_")
        for '" alpha"', '"alpha "', '" "';
    refused("GlanceBots main:6\nGlancePassphrase \"al\x01pha\"", 'GlancePassphrase', qr/control/i,
        'a control character');
    my (undef, $text) = configtest("GlanceBots main:6\nGlancePassphrase \"hush \"");
    unlike($text, qr/hush/, 'the message does not tell the secret');
    refused("<Location /x>\nGlancePassphrase alpha\n</Location>", 'GlancePassphrase',
        qr/not allowed/, 'in a Location');
};

subtest 'GlancePassphraseFile: good' => sub {
    my %text = (
        one      => "alpha\n",
        several  => "alpha\nbeta gamma\n",
        unended  => 'alpha',
        comments => "# a comment\n\nalpha\n\n#beta\n",
        crlf     => "alpha\r\nbeta\r\n",
    );
    for my $name (sort keys %text) {
        my $path = $file->file($name, $text{$name}, 0600);
        accepted("GlanceBots main:6\nGlancePassphraseFile \"$path\"", $name);
    }
    my $path = $file->file('beside', "alpha\n", 0600);
    accepted("GlanceBots main:6\nGlancePassphrase beta\nGlancePassphraseFile \"$path\"",
        'beside GlancePassphrase');
    accepted("ServerRoot \"$file->{root}\"\nGlanceBots main:6\nGlancePassphraseFile beside",
        'relative to ServerRoot');
};

subtest 'GlancePassphraseFile: bad' => sub {
    my $lines = sub { "GlanceBots main:6\nGlancePassphraseFile \"$_[0]\"" };
    refused($lines->('/no/such/file'), 'GlancePassphraseFile', qr{/no/such/file}, 'missing');
    refused($lines->($file->{root}), 'GlancePassphraseFile', qr/\Q$file->{root}\E/, 'a folder');
    my %text = (
        empty    => ['', $NONE],
        comments => ["# only\n\n# comments\n", $NONE],
        control  => ["al\x01pha\n", qr/control/i],
        nul      => ["al\0pha\n", qr/control|NUL/i],
        large    => ["alpha\n" x 11_000, qr/64 KiB/],
    );
    for my $name (sort keys %text) {
        my $path = $file->file("bad-$name", $text{$name}[0], 0600);
        refused($lines->($path), 'GlancePassphraseFile', $text{$name}[1], $name);
    }
    refused("GlanceBots main:6\nGlancePassphraseFile", 'GlancePassphraseFile', qr/argument/i, 'none');
    my $secret = $file->file('hush', "se\x01cret\n", 0600);
    my (undef, $text) = configtest($lines->($secret));
    unlike($text, qr/se.{0,4}cret/, 'the message does not tell the secret');
};

subtest 'GlancePassphraseFile: a warning when others can read it' => sub {
    # A group's permissions count unless it is root's.
    my $group = (stat $file->file('owned', ''))[5] ? 1 : 0;
    for my $case ([0644, 1], [0640, $group], [0660, $group], [0600, 0], [0400, 0], [0604, 1], [0602, 1]) {
        my ($mode, $warns) = @$case;
        my $path = $file->file(sprintf('mode-%o', $mode), "alpha\n", $mode);
        my ($code, $text) = configtest("GlanceBots main:6\nGlancePassphraseFile \"$path\"");
        is($code, 0, sprintf 'mode %o is accepted', $mode) or diag($text);
        my $name = sprintf 'mode %o: %s', $mode, $warns ? 'a warning' : 'no warning';
        $warns ? like($text, qr/\[glance:warn\].*GlancePassphraseFile/, $name)
               : unlike($text, qr/GlancePassphraseFile/, $name);
    }
};

subtest 'GlancePassphraseFile: a warning for the group, unless it is root\'s' => sub {
    my $path = $file->file('group', "alpha\n", 0640);
    my $gid = (getgrnam('nogroup'))[2];
    chown -1, $gid, $path or ($> == 0 and die "chown: $!");
    my ($code, $text) = configtest("GlanceBots main:6\nGlancePassphraseFile \"$path\"");
    is($code, 0, 'accepted');
    like($text, qr/GlancePassphraseFile: others than its owner can read/, 'with a warning');
    chmod 0620, $path;
    (undef, $text) = configtest("GlanceBots main:6\nGlancePassphraseFile \"$path\"");
    like($text, qr/GlancePassphraseFile: others than its owner can change/, 'a group that may write, too');
};

subtest 'a passphrase that is not ASCII: a warning' => sub {
    my $path = $file->file('umlauts', "# für alle\nalpha\n\nschlüssel\n", 0600);
    my $bots = "GlanceBots main:6\n";
    my $warns = {
        'GlancePassphrase alpha'               => undef,
        'GlancePassphrase "correct horse" ~'   => undef,
        'GlancePassphrase alpha schlüssel'     => qr/GL0002: GlancePassphrase: .*ASCII.*openssl/,
        "GlancePassphrase schl\xfcssel"        => qr/GL0002: GlancePassphrase: .*ASCII/,
        'GlancePassphrase "€"'                 => qr/GL0002: GlancePassphrase: .*ASCII/,
        'GlanceClusterPassphrase main "für x"' => qr/GL0002: GlanceClusterPassphrase: .*ASCII/,
        "GlancePassphraseFile \"$path\""       => qr/GL0002: GlancePassphraseFile: .*ASCII.*line 4 of .*umlauts/,
    };
    for my $line (sort keys %$warns) {
        my ($code, $text) = configtest("$bots$line");
        is($code, 0, "$line: accepted") or diag($text);
        $warns->{$line} ? like($text, $warns->{$line}, 'with a warning') : unlike($text, qr/GL0002/, 'without a warning');
        unlike($text, qr/schl|für/, 'which does not tell the secret');
    }
};

subtest 'GlanceClusterPassphrase' => sub {
    my $bots = "GlanceBots main:6 \"two words:3\"\n";
    accepted("${bots}GlanceClusterPassphrase $_") for 'main alpha', 'main alpha beta', '"two words" "a b"';
    accepted("${bots}GlanceClusterPassphrase main a\nGlanceClusterPassphrase main b", 'twice');
    accepted("GlanceClusterPassphrase main a\n$bots", 'before GlanceBots');
    accepted($bots . vhost(1, "ServerName a.test\nGlanceClusterPassphrase main a"),
        'in a virtual host, for a cluster of the shared board');
    accepted("${bots}GlanceClusterPassphrase main a\n" . vhost(1, "ServerName a.test\nGlanceBots other:1"),
        'inherited by a virtual host with other clusters');
    refused($bots . vhost(1, "ServerName a.test\nGlanceBots other:1\nGlanceClusterPassphrase main a"),
        'GlanceClusterPassphrase', qr/virtual host.*'main'/, 'set there');
    my $faults = {
        ''          => qr/cluster.*passphrase|argument/i,
        'main'      => qr/cluster.*passphrase/,
        'main ""'   => qr/empty/,
        '"" alpha'  => qr/cluster.*passphrase/,
        'other a'   => qr/'other'/,
        'main " a"' => qr/blank/,
        "main \"a\x01b\"" => qr/control/,
    };
    refused("${bots}GlanceClusterPassphrase $_", 'GlanceClusterPassphrase', $faults->{$_})
        for sort keys %$faults;
    refused("GlanceClusterPassphrase main a", 'GlanceClusterPassphrase', qr/'main'/, 'without GlanceBots');
    refused("GlanceClusterPassphrase main a\n" . vhost(1, "ServerName a.test\nGlanceBots main:1"),
        'GlanceClusterPassphrase', qr/'main'.*beside the GlanceBots/, 'with GlanceBots in a virtual host only');
    refused("${bots}GlancePassphrase \"\"\nGlanceClusterPassphrase main a", 'GlanceClusterPassphrase',
        qr/""/, 'beside a check that is switched off');
    refused("$bots<Location /x>\nGlanceClusterPassphrase main a\n</Location>", 'GlanceClusterPassphrase',
        qr/not allowed/, 'in a Location');
    my (undef, $text) = configtest("${bots}GlanceClusterPassphrase other hush");
    unlike($text, qr/hush/, 'the message does not tell the secret');
};

sub vhost { "<VirtualHost 127.0.0.1:$_[0]>\n    $_[1]\n</VirtualHost>\n" }

subtest 'virtual hosts: good' => sub {
    accepted("GlanceBots main:6\n" . vhost(1, 'ServerName a.test'), 'one without a board of its own');
    accepted("GlanceBots main:6\n" . vhost(1, "ServerName a.test\nGlanceBots main:9\nGlanceHealthTimeout 5"),
        'one with its own');
    accepted(vhost(1, "ServerName a.test\nGlanceBots main:9"), 'boards in virtual hosts alone');
    accepted(vhost(1, "ServerName a.test\nGlanceBots main:9 b:1")
        . vhost(2, "ServerName a.test\nGlanceBots main:9;b:1"), 'the same name and list twice');
    accepted(vhost(1, "ServerName a.test\nGlanceBots main:9\nGlanceHealthTimeout 5")
        . vhost(2, "ServerName a.test\nGlanceBots main:9\nGlanceHealthTimeout 5s"),
        'with the same timeout');
    accepted("GlanceBots main:6\nGlancePassphrase a\n" . vhost(1, "ServerName a.test\nGlancePassphrase b"),
        'a passphrase of its own for the shared board');
};

subtest 'virtual hosts: bad' => sub {
    refused(vhost(1, "ServerName a.test\nGlanceBots main:9")
        . vhost(2, "ServerName a.test\nGlanceBots main:8"), 'GlanceBots', qr/a\.test/,
        'the same name with another list');
    refused(vhost(1, "ServerName a.test\nGlanceBots main:9 b:1")
        . vhost(2, "ServerName a.test\nGlanceBots b:1 main:9"), 'GlanceBots', qr/a\.test/,
        'the same name with the list in another order');
    refused("GlanceBots main:6\n<VirtualHost *:1>\nGlanceBots main:9\n</VirtualHost>", 'GlanceBots',
        qr/private\.test/, 'the main server\'s name, inherited, with another list');
    for my $directive (qw(GlanceHealthTimeout GlanceHealthTimerInterval)) {
        refused("GlanceBots main:6\n" . vhost(1, "ServerName a.test\n$directive 5"), $directive,
            qr/GlanceBots/, "$directive without a board of its own");
        refused(vhost(1, "ServerName a.test\nGlanceBots main:9\n$directive 5")
            . vhost(2, "ServerName a.test\nGlanceBots main:9\n$directive 6"), $directive,
            qr/a\.test/, "one board with two values of $directive");
    }
};

subtest 'GlanceMaxViewers' => sub {
    accepted("GlanceBots main:6\nGlanceMaxViewers $_", "GlanceMaxViewers $_") for qw(auto Auto 0 1 1000 1000000);
    refused("GlanceBots main:6\nGlanceMaxViewers $_", 'GlanceMaxViewers', qr/\Q$_\E/,
        "GlanceMaxViewers $_") for qw(-1 1000001 99999999999 1e3 many 10x);
    refused("GlanceBots main:6\nGlanceMaxViewers", 'GlanceMaxViewers', qr/argument/i, 'none');
    refused("GlanceBots main:6\n" . vhost(1, "ServerName a.test\nGlanceMaxViewers 5"),
        'GlanceMaxViewers', qr/VirtualHost/, 'in a virtual host');
};

subtest 'Mutex' => sub {
    accepted("Mutex $_\nGlanceBots main:6", "Mutex $_")
        for qw(default pthread sysvsem), "fcntl:$file->{root}", "flock:$file->{root}";
    refused("Mutex posixsem\nGlanceBots main:6", 'Mutex', qr/posixsem/, 'posixsem for all');
    refused("Mutex posixsem default\nGlanceBots main:6", 'Mutex', qr/posixsem/, 'by default');
    accepted('Mutex posixsem', 'posixsem where there is no board');
};

done_testing;
