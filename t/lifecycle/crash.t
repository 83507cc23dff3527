# Every process of the server is killed at once: what the next start finds.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use File::Temp ();
use Glance::Httpd;
use Glance::Test;

my $LINES = "GlanceBots main:200\nGlanceHealthTimeout 600\n";

# A folder on tmpfs, as /run is.
my $memory = File::Temp->newdir('glance-crash-XXXXXX', DIR => '/dev/shm');
chmod 0755, "$memory" or die;
my @shared = (runtime => "$memory");

sub boards { my @files = glob "$memory/glance-*.board*"; return @files }
sub epoch { $_[0]{id} =~ s/-.*//r }

# POSTs on several connections at once, and kills the server meanwhile. Returns the answered and the
# unanswered requests: state by shard.
sub storm {
    my ($httpd) = @_;
    my (%done, %sent);
    my @posters = map { Glance::Http->new(port => $httpd->port) } 1 .. 3;
    pipe my $answered, my $answer_came or die "pipe: $!";
    my $fork = fork // die "fork: $!";
    if (!$fork) {
        close $answer_came;
        sysread $answered, my $byte, 1;
        pause(rand 0.3);
        POSIX::_exit(eval { $httpd->kill_all } ? 0 : 1);
    }
    my $n = 0;
    POST: while (1) {
        for my $i (0 .. $#posters) {
            my $shard = $n++ % 60 * 3 + $i;
            my $state = 2 + int rand 5;
            $sent{$shard} = $state;
            my $answer = eval { $posters[$i]->request('POST', "/api/status/main/$shard/$state", seconds => 5) };
            last POST unless $answer and $answer->status == 204;
            $done{$shard} = delete $sent{$shard};
            undef $answer_came;
        }
    }
    waitpid $fork, 0;
    $? == 0 or die 'the server was not killed';
    return (\%done, \%sent);
}

my $httpd = Glance::Httpd->new->configure($LINES, @shared)->start;

subtest 'nothing is lost where the runtime folder is in memory' => sub {
    is(scalar boards(), 1, 'the board has a file there');
    is((stat((boards())[0]))[2] & 07777, 0600, 'that nobody else may open');
    my %ledger;
    my $hello = $httpd->viewer->next_of('hello');
    for my $round (1 .. 4) {
        my ($done, $sent) = storm($httpd);
        cmp_ok(scalar keys %$done, '>', 0, "round $round: POSTs were answered");
        %ledger = (%ledger, %$done);
        my $log = $httpd->log;
        $httpd->start;
        ok($log->lines(qr/GL0013: .*taken over from a server that was killed/), 'the log says so');
        my @states = split //, $httpd->states_of('main');
        # An unanswered request may have arrived or not.
        my @wrong = grep { $states[$_] ne $ledger{$_} and ($sent->{$_} // '') ne $states[$_] } sort keys %ledger;
        is_deeply(\@wrong, [], 'every answered POST is there');
        $ledger{$_} = $states[$_] for keys %$sent;
        my $update = $httpd->viewer(last => $hello->{id})->next_event;
        is($update->{event}, 'update', 'viewers go on');
        is(Glance::Picture->new->apply($hello)->apply($update)->states('main'), join('', @states),
            'and are told all they missed');
    }
};

subtest 'a killed server, and other clusters' => sub {
    my $before = $httpd->states_of('main');
    ok($httpd->kill_all, 'killed');
    $httpd->configure("GlanceBots new:2 main:100\nGlanceHealthTimeout 600\n", @shared)->start;
    is($httpd->states_of('main'), substr($before, 0, 100), 'what fits is carried over');
    is(scalar boards(), 1, 'in one file still');
    ok($httpd->kill_all, 'killed again');
    $httpd->start;
    is($httpd->states_of('main'), substr($before, 0, 100), 'the new board is the one that is found');
};

subtest 'a board older than the last clean stop' => sub {
    $httpd->post('/api/status/main/1/4');
    ok($httpd->kill_all, 'killed');
    my ($file) = boards();
    rename $file, "$memory/old" or die "rename: $!";
    $httpd->start;
    $httpd->post('/api/status/main/1/6');
    ok($httpd->stop, 'a clean stop');
    rename "$memory/old", $file or die "rename: $!";
    my $log = $httpd->log;
    $httpd->start;
    is(substr($httpd->states_of('main'), 1, 1), 6, 'does not come back');
    ok($log->lines(qr/GL0110: .*the state file is newer/), 'and the log says so');
    is(scalar boards(), 1, 'the new one has taken its place');
};

subtest 'a board older than a start that keeps nothing' => sub {
    my $lines = "GlanceBots new:2 main:100\nGlanceHealthTimeout 600\n";
    $httpd->post('/api/status/main/1/4');
    ok($httpd->kill_all, 'killed');
    my $log = $httpd->log;
    $httpd->configure($lines . "GlanceStateFile none\n", @shared)->start;
    is($httpd->states_of('main'), '0' x 100, 'is not used');
    is_deeply([boards()], [], 'and goes');
    ok($log->lines(qr/GL0110: .*GlanceStateFile is none/), 'as the log says');
    $httpd->configure($lines, @shared)->graceful;
    $httpd->post('/api/status/main/1/6');
    ok((await { slurp("$memory/glance-state.json") =~ /"0600/ } 25, 0.1), 'what is newer is saved');
    ok($httpd->kill_all, 'killed again');
    $httpd->start;
    is(substr($httpd->states_of('main'), 1, 1), 6, 'the older one does not come back');
};

subtest 'a board that is gone from the configuration' => sub {
    my $vhost = 'Listen 127.0.0.1:' . $httpd->port('b') . "\n<VirtualHost *:" . $httpd->port('b')
        . ">\nServerName b.test\nGlanceBots main:3\n</VirtualHost>\n";
    my $lines = "GlanceBots new:2 main:100\nGlanceHealthTimeout 600\n";
    $httpd->configure($lines . $vhost, @shared)->graceful;
    is(scalar boards(), 2, 'two boards, two files');
    answers($httpd->post('/api/status/main/2/3', port => $httpd->port('b')), 204, 'the other one works');
    $httpd->configure($lines, @shared)->graceful;
    is(scalar boards(), 1, 'goes with its memory');
    $httpd->configure($lines . $vhost, @shared)->graceful;
    is($httpd->states_of('main', port => $httpd->port('b')), '000', 'and begins anew when it comes back');
    $httpd->configure($lines, @shared)->graceful;
};

subtest 'after a clean stop the state file alone counts' => sub {
    my $before = $httpd->states_of('main');
    ok($httpd->stop, 'stopped');
    is_deeply([boards()], [], 'no memory is left');
    $httpd->start;
    is($httpd->states_of('main'), $before, 'and nothing is lost');
};

subtest 'memory that is not what it should be' => sub {
    $httpd->post('/api/status/main/0/6');
    my ($file) = boards();
    my @damage = (
        ['cut short'       => sub { truncate $file, (-s $file) - 4096 }],
        ['empty'           => sub { truncate $file, 0 }],
        ['of another kind' => sub { overwrite($file, 0, "\xff" x 8) }],
        ['with a wild offset' => sub { overwrite($file, 24, "\xff" x 8) }],
        ['of noise'        => sub { overwrite($file, 0, join '', map { chr rand 256 } 1 .. -s $file) }],
        ['readable by others' => sub { chmod 0644, $file }],
        ['a link'          => sub { rename $file, "$file.x"; symlink "$file.x", $file }],
    );
    for my $case (@damage) {
        my ($name, $do) = @$case;
        ok($httpd->kill_all, "$name: killed");
        $do->();
        my $log = $httpd->log;
        $httpd->start;
        my @lines = $log->lines(qr/:warn\].*GL011[012]/);
        is(scalar @lines, 1, '... one line in the log') or diag(@lines);
        like($httpd->states_of('main'), qr/\A[0-6]{100}\z/, '... and the state file takes its place');
        $httpd->stop;
        unlink glob "$memory/glance-*";
        $httpd->start;
    }
    $httpd->stop;
};

sub overwrite {
    my ($file, $at, $bytes) = @_;
    open my $out, '+<', $file or die "$file: $!";
    seek $out, $at, 0;
    print $out $bytes;
    close $out or die "$file: $!";
}

subtest 'memory that something writes over while the server runs' => sub {
    $httpd->start;
    $httpd->post('/api/status/main/0/6');
    my ($file) = boards();
    overwrite($file, 8, "\xff" x 8);    # its size
    overwrite($file, index(slurp($file), "new\0") + 68, "\xff" x 8);    # where the shards of a cluster lie
    is($httpd->states_of('main'), '6' . '0' x 99, 'does not lead its readers astray');
    my $log = $httpd->log;
    $httpd->graceful;
    ok($log->lines(qr/:warn\].*GL0113: board private.test: cannot use its memory/), 'a reload notices');
    is($httpd->states_of('main'), '0' x 100, 'and begins anew');
    answers($httpd->post('/api/status/main/1/3'), 204, 'which works');
    ok($httpd->stop, 'to the end');
};

subtest 'a server that still lives keeps its board' => sub {
    $httpd->start;
    $httpd->post('/api/status/main/5/5');
    my $other = Glance::Httpd->new;
    $other->configure($LINES . qq(GlanceStateFile "$other->{root}/state.json"\n), @shared);
    my $log = $other->log;
    $other->start;
    ok($log->lines(qr/GL0111/), 'the other one says that it keeps away');
    is($other->states_of('main'), '0' x 200, 'and has a board of its own');
    answers($other->post('/api/status/main/1/3'), 204, 'which works');
    ok($other->stop, 'it stops');
    is(scalar boards(), 1, 'without taking the file along');
    ok($httpd->kill_all, 'the first one is killed');
    $httpd->start;
    is(substr($httpd->states_of('main'), 5, 1), '5', 'and finds its board');
    $httpd->stop;
};

subtest 'elsewhere, what the last look of the parent saw is kept' => sub {
    my $folder = $httpd->{root};
    my $state = "$folder/glance-state.json";
    unlink $state;
    $httpd->configure($LINES)->start;
    is_deeply([glob "$folder/glance-*.board"], [], 'no memory in a folder on a disk')
        unless on_tmpfs($folder);
    $httpd->post('/api/status/main/0/3');
    my $hello = $httpd->viewer->next_of('hello');
    ok((await { my $text = slurp($state); $text =~ /"states":"30/ } 25, 0.1), 'saved within the interval of the monitor hook');
    ok($httpd->kill_all, 'killed');
    unlink glob "$folder/glance-*.board";
    $httpd->start;
    is($httpd->states_of('main'), '3' . '0' x 199, 'it is there');
    my $event = $httpd->viewer(last => $hello->{id})->next_event;
    is($event->{event}, 'hello', 'viewers may have seen more, so they get hello');
    isnt(epoch($event), epoch($hello), 'in a new epoch');
    $httpd->stop;
};

subtest 'no room for memory that is kept' => sub {
    my $cramped = Glance::Httpd->new->configure("GlanceBots main:100000\n", @shared);
    $cramped->limit_files(4096);
    my $log = $cramped->log;
    $cramped->start;
    $cramped->limit_files(undef);
    my @lines = $log->lines(qr/:warn\].*GL0112: board private.test: cannot keep it/);
    is(scalar @lines, 1, 'one line says so');
    is_deeply([boards()], [], 'nothing is left of the attempt');
    answers($cramped->post('/api/status/main/99999/3'), 204, 'the board works all the same');
    ok($cramped->stop, 'and the server stops');
};

sub on_tmpfs { (qx(stat -f -c %T '$_[0]') // '') =~ /tmpfs|ramfs/ }

sub slurp {
    my $file = shift;
    open my $in, '<', $file or return '';
    local $/;
    return scalar <$in> // '';
}

done_testing;
