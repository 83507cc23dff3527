# Feeds of a large board that read nothing: their output buffers are limited, and freed.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $SHARDS = 100_000;
my $SILENT = 60;
my $MOST   = 150 << 10;    # KB by which the child may grow
my $REST   = 64 << 10;     # and KB that it may keep for the viewers that stay
$MOST *= 4 if patience(1) > 1;    # sanitizers keep freed memory, and add to each block

# One child, so that its memory can be measured. Its board has reports of all shards, so that a hello of
# the original's protocol has some megabytes.
my $one_child = mpm() eq 'prefork'
    ? "StartServers 1\nMinSpareServers 1\nMaxSpareServers 1\nMaxRequestWorkers 1\n"
    : "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 8\n";
my $httpd = Glance::Httpd->new;
$httpd->file('glance-state.json', '{"mod_glance":1,"saved":1732428000.123,"clean":true,"boards":[{"name":'
    . '"private.test","epoch":"00c0ffee00c0ffee","changes":4711,"clusters":[{"name":"main","shards":'
    . qq($SHARDS,"states":") . '3' x $SHARDS . '","reported":"' . '3' x $SHARDS . '"}]}]}', 0600);
$httpd->configure("${one_child}KeepAlive Off\nGlanceBots main:$SHARDS\nGlanceHealthTimeout 600\nGlanceMaxViewers 200\n"
    . $httpd->tls_host('tls'))->start;
my ($child) = $httpd->children;

# The private memory of the child, in KB
sub memory {
    open my $in, '<', "/proc/$child/status" or die "the child is gone: $!";
    while (<$in>) { return $1 if /^RssAnon:\s+(\d+)/ }
}

for my $kind ('clear connections', 'TLS') {
    my @to = $httpd->to($kind eq 'TLS' ? 'tls' : ());
    my $state = $kind eq 'TLS' ? 5 : 4;    # differs from the current state

    subtest "over $kind" => sub {
        my $viewer = $httpd->viewer(@to);
        ok($viewer->next_of('hello', 20), 'a viewer reads');
        my $before = memory();
        my ($most, $updates, $failed) = ($before, 0, 0);
        my @silent;
        # States change between them, so each gets a hello of its own.
        for my $n (1 .. $SILENT) {
            push @silent, $httpd->feed(@to, later => 1, rcvbuf => 16384);
            my $answer = $httpd->post("/api/status/main/$n/$state", seconds => 30);
            $failed++ unless $answer and $answer->status == 204;
            my $update = $viewer->next_of('update', 30) or last;
            $updates++;
            my $now = memory();
            $most = $now if $now > $most;
        }
        is($failed, 0, 'bots push beside feeds that read nothing');
        is($updates, $SILENT, 'and the viewer hears of every change');
        cmp_ok($most - $before, '<', $MOST, sprintf 'the child grows by %d MB', ($most - $before) >> 10);
        ok(!gone($child), 'and lives');
        $_->close for @silent;
        return if patience(1) > 1;
        ok((await { memory() < $before + $REST } 30), 'when they have gone, their memory is given back')
            or diag('KB: ' . join ' ', $before, $most, memory());
    };
}

$httpd->stop;
done_testing;
