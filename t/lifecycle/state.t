# The state file: when it is written, and what happens if it is damaged or cannot be read or written.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;
use JSON::PP ();

my $httpd = Glance::Httpd->new;
my $FILE = "$httpd->{root}/glance-state.json";

sub configure {
    my ($lines, @more) = @_;
    return $httpd->configure("GlanceBots main:4\nGlanceHealthTimeout 600\n" . ($lines // ''), @more);
}

sub text {
    my $file = shift // $FILE;
    open my $in, '<', $file or return '';
    local $/;
    return scalar <$in> // '';
}

sub saved { scalar eval { JSON::PP->new->utf8->decode(text(@_)) } }
sub states { my $saved = saved(@_); $saved && $saved->{boards}[0]{clusters}[0]{states} }

sub put {
    my ($text) = @_;
    unlink $FILE, "$FILE.damaged";
    open my $out, '>', $FILE or die "$FILE: $!";
    print $out $text;
    close $out or die "$FILE: $!";
}

# The lines about the state file that a start logs.
sub start {
    my $log = $httpd->log;
    $httpd->start;
    return $log->lines(qr/GlanceStateFile/);
}

subtest 'the first start' => sub {
    configure();
    my @lines = start();
    is(scalar @lines, 1, 'one line in the log');
    like($lines[0], qr/:info\].*GL0104: .*\Q$FILE\E does not exist yet/, 'which says what there is to say');
    my $saved = saved();
    is($saved->{mod_glance}, 1, 'the file is there at once, with its version');
    ok(!$saved->{clean}, 'not marked as clean while the server runs');
    is((stat $FILE)[2] & 07777, 0600, 'nobody else may read it');
    is((stat $FILE)[4], $>, 'and it is the parent\'s');
};

subtest 'it is written when a state changes, and only then' => sub {
    $httpd->post('/api/status/main/0/3');
    ok((await { states() eq '3000' } 25, 0.1), 'a change is saved by the monitor hook');
    my @before = (stat $FILE)[1, 9];
    my $end = now() + 12;
    while (now() < $end) {
        $httpd->post('/api/health/main/0');
        pause(0.5);
    }
    is_deeply([(stat $FILE)[1, 9]], \@before, 'heartbeats alone write nothing');
    $httpd->stop;
    ok(saved()->{clean}, 'a stop marks it as clean');
    is(states(), '3000', 'with the last states');
    is_deeply([glob "$FILE.*"], [], 'and nothing else lies beside it');
};

subtest 'a graceful restart saves, and does not mark it as clean' => sub {
    $httpd->start;
    ok(!saved()->{clean}, 'a start takes the mark away');
    $httpd->post('/api/status/main/1/4');
    $httpd->graceful;
    is(states(), '3400', 'what was new is in it');
    ok(!saved()->{clean}, 'without the mark');
    $httpd->stop;
};

subtest 'it holds the boards of the configuration, and no others' => sub {
    my $port = $httpd->port('b');
    my $vhost = "Listen 127.0.0.1:$port\n<VirtualHost 127.0.0.1:$port>\nServerName b.test\nGlanceBots main:2\n</VirtualHost>\n";
    my $names = sub { join ' ', sort map { $_->{name} } @{ saved()->{boards} } };
    configure($vhost);
    $httpd->start;
    $httpd->post('/api/status/main/1/3', port => $port);
    $httpd->stop;
    is($names->(), 'b.test private.test', 'both');
    configure();
    $httpd->start;
    is($names->(), 'private.test', 'one that is gone is gone at once');
    is(states(), '3400', 'the other one stays');
    $httpd->stop;
};

my $GOOD = text();

subtest 'files that cannot be used' => sub {
    my $twice = $GOOD =~ s/(\{"name":"main")/$1,"name":"main"/r;
    my @cases = (
        [empty           => '',                                   'empty'],
        [truncated       => substr($GOOD, 0, length($GOOD) - 20), 'invalid JSON at byte'],
        ['half of it'    => substr($GOOD, 0, length($GOOD) / 2),  'invalid JSON at byte'],
        [zeroes          => "\0" x 4096,                          'invalid JSON at byte'],
        ['other JSON'    => '{"hello": "world"}',                 'not a state file'],
        ['a list'        => '[]',                                 'not a state file'],
        ['deep'          => '[' x 100_000,                        'invalid JSON at byte'],
        ['a later one'   => $GOOD =~ s/"mod_glance":1/"mod_glance":2/r, 'version 2, not 1'],
        ['bad digits'    => $GOOD =~ s/"3400"/"3900"/r,           'does not have a state for each'],
        ['too few'       => $GOOD =~ s/"3400"/"340"/r,            'does not have a state for each'],
        ['huge'          => $GOOD =~ s/"shards":4/"shards":99999999999/r, 'does not have a state for each'],
        ['negative'      => $GOOD =~ s/"shards":4/"shards":-4/r,  'does not have a state for each'],
        ['no such epoch' => $GOOD =~ s/"epoch":"/"epoch":"x/r,    'a board lacks a part'],
        ['not UTF-8'     => $GOOD =~ s/"main"/"m\xff"/r,          'invalid JSON at byte'],
        ['a name twice'  => $twice,                               'invalid JSON at byte'],
    );
    for my $case (@cases) {
        my ($name, $text, $fault) = @$case;
        put($text);
        my @lines = start();
        is(scalar @lines, 1, "$name: one line in the log") or diag(@lines);
        like($lines[0] // '', qr/:warn\].*GL0101: .*\Q$FILE\E cannot be used: [^;]*\Q$fault\E[^;]*; it is now \Q$FILE\E\.damaged/,
            '... which says what and where');
        is($httpd->states_of('main'), '0000', '... the server starts and serves');
        is(text("$FILE.damaged"), $text, '... and the file is kept aside');
        is(states(), '0000', '... with a new one in its place');
        $httpd->stop;
    }
};

subtest 'a file that is none' => sub {
    unlink $FILE, "$FILE.damaged";
    mkdir $FILE or die;
    my @lines = start();
    like(join('', @lines), qr/Is a directory.*GL0105: .*cannot be read/, 'a folder is not read');
    like(join('', @lines), qr/GL0106: .*cannot rename to/, 'nor replaced');
    is(scalar @lines, 2, 'and has a line for each');
    answers($httpd->post('/api/status/main/0/3'), 204, 'the server serves');
    $httpd->stop;
    rmdir $FILE or die;

    my $victim = $httpd->file('victim', 'precious');
    symlink $victim, $FILE or die;
    @lines = start();
    like(join('', @lines), qr/GL0105: .*cannot be read/, 'a link is not followed');
    $httpd->stop;
    is(text($victim), 'precious', 'nor written through');
    ok(!-l $FILE, 'but replaced');

    unlink $FILE;
    symlink $victim, "$FILE.new" or die;
    $httpd->start;
    $httpd->stop;
    is(text($victim), 'precious', 'the same for the file that becomes it');
    ok(!-e "$FILE.new", 'which is gone');
    ok(saved()->{clean}, 'and written all the same');

    unlink $FILE;
    require POSIX;
    POSIX::mkfifo($FILE, 0600) or die;
    @lines = start();
    like(join('', @lines), qr/GL0105: .*cannot be read/, 'a pipe that nobody writes to is not waited for');
    $httpd->stop;
};

subtest 'a file that cannot be read' => sub {
    # Root can read any file, so one that is too large stands for all unreadable ones.
    my $unreadable = sub {
        put($GOOD);
        truncate $FILE, 257 << 20 or die "$FILE: $!";
    };
    configure();
    $unreadable->();
    my @lines = start();
    is(scalar @lines, 1, 'one line');
    like($lines[0], qr/:warn\].*GL0108: .*\Q$FILE\E cannot be read.*; it is now \Q$FILE\E\.unread/, 'says so, and where it is');
    is(-s "$FILE.unread", 257 << 20, 'it is set aside');
    is(states(), '0000', 'with a new one in its place');
    $httpd->stop;

    $unreadable->();
    @lines = start();
    is(scalar @lines, 1, 'where there is one already: one line');
    like($lines[0], qr/:error\].*GL0109: .*\Q$FILE\E cannot be read.*; move it away/, 'says what to do');
    $httpd->post('/api/status/main/2/5');
    $httpd->graceful;
    is(-s $FILE, 257 << 20, 'it is not written over, after a reload neither');
    is(-s "$FILE.unread", 257 << 20, 'nor is the other');
    configure("GlanceStateFile elsewhere.json\n");
    $httpd->graceful;
    is(states("$httpd->{root}/elsewhere.json"), '0050', 'a reload may name another file');
    configure();
    $httpd->graceful;
    is(-s $FILE, 257 << 20, 'and name it again, which is still not written over');
    my $log = $httpd->log;
    rename $FILE, "$FILE.mine" or die;
    ok($log->await_line(qr/:notice\].*GL0107: .*is written again/, 25), 'once it is moved away, saving goes on');
    is(states(), '0050', 'with the states as they are');
    $httpd->stop;
    unlink "$FILE.mine", "$FILE.unread";
};

subtest 'a damaged file that cannot be set aside' => sub {
    put('damaged');
    mkdir "$FILE.damaged" or die;
    my @lines = start();
    is(scalar @lines, 1, 'one line');
    like($lines[0], qr/GL0102: .*cannot be set aside/, 'says so');
    is($httpd->states_of('main'), '0000', 'the server serves');
    $httpd->stop;
    is(states(), '0000', 'and the file is replaced');
    rmdir "$FILE.damaged" or die;
};

subtest 'a folder that comes late' => sub {
    my $folder = "$httpd->{root}/late";
    configure(qq(GlanceStateFile "$folder/state.json"\n<Location /server-status>\nSetHandler server-status\n</Location>\n));
    my @lines = start();
    is(scalar(grep { /:error\].*GL0106: .*cannot create \Q$folder\E/ } @lines), 1, 'one line says so');
    like($httpd->http('GET', '/server-status?auto')->body // '', qr/GlanceSaveFailing: 1/, 'so does mod_status');
    $httpd->post('/api/status/main/2/5');
    my $log = $httpd->log;
    mkdir $folder, 0700 or die;
    ok($log->await_line(qr/:notice\].*GL0107: .*is written again/, 25), 'another one, once it works again');
    is(states("$folder/state.json"), '0050', 'with the states as they are');
    my $status = $httpd->http('GET', '/server-status?auto')->body;
    like($status, qr/GlanceLastSave: \d\n/, 'mod_status says when');
    like($status, qr/GlanceSaveFailing: 0/, 'and that it works');
    like($httpd->http('GET', '/server-status')->body, qr/states last saved: \d s ago</, 'to people, too');
    ok(!$log->lines(qr/GL0106/), 'and none in between');
    $httpd->stop;
};

subtest 'a folder that nobody can write to' => sub {
    configure("GlanceStateFile /sys/glance-state.json\n");
    my @lines = start();
    is(scalar(grep { /:error\].*GL0106/ } @lines), 1, 'one line');
    answers($httpd->post('/api/status/main/2/5'), 204, 'the server serves');
    ok($httpd->stop, 'and stops');
};

subtest 'a disk that is full' => sub {
    unlink $FILE;
    configure("GlanceBots big:200000\n");
    start();
    $httpd->post('/api/status/main/2/5');
    $httpd->stop;
    my $before = text();
    # A limit of 100 KiB for all files has the effect of a full disk.
    $httpd->limit_files(200);
    my @lines = start();
    $httpd->limit_files(undef);
    like(join('', @lines), qr/GL0106: .*cannot write/, 'one line');
    is(text(), $before, 'the file is as it was');
    ok(!-e "$FILE.new", 'and nothing is left of the new one');
    is($httpd->states_of('main'), '0050', 'the states are there');
    my $hello = $httpd->viewer->next_of('hello');
    isnt($hello->{id} =~ s/-.*//r, saved()->{boards}[0]{epoch}, 'but the epoch is not trusted');
    $httpd->stop;
};

subtest 'configtest' => sub {
    for my $good ('none', 'NONE', 'state.json', '/var/lib/x/state.json') {
        my ($code, $text) = configure("GlanceStateFile $good\n")->configtest;
        is($code, 0, $good) or diag($text);
    }
    for my $bad ('""', '/var/lib/', '') {
        my ($code, $text) = configure("GlanceStateFile $bad\n")->configtest;
        isnt($code, 0, "refused: '$bad'");
        like($text, qr/GlanceStateFile/, 'by name');
    }
    my ($code, $text) = configure("<VirtualHost *:1>\nGlanceStateFile x\n</VirtualHost>\n")->configtest;
    isnt($code, 0, 'refused in a virtual host');
    like($text, qr/GlanceStateFile/, 'by name');
};

done_testing;
