# The memory of a large board comes back: in the parent after it has read and written the state file, in
# a child after many readers have had many versions of the documents.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Http;
use Glance::Httpd;
use Glance::Test;

my $SHARDS  = 1_000_000;
my $READERS = mpm() eq 'prefork' ? 1 : 6;    # at once
my $ROUNDS  = 5;
my $REST    = 4 << 10;     # KB that a process may keep: a snapshot alone takes 12 MB
my $MOST    = 100 << 10;   # KB by which a child may grow
my $IDLE    = 25;          # seconds until a child frees what it keeps for the next reader
$REST *= 20 if patience(1) > 1;    # sanitizers keep freed memory

my $one_child = mpm() eq 'prefork'
    ? "StartServers 1\nMinSpareServers 1\nMaxSpareServers 1\nMaxRequestWorkers 1\n"
    : "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 8\n";

# The private memory of a process, in KB
sub memory {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/status" or die "process $pid is gone: $!";
    while (<$in>) { return $1 if /^RssAnon:\s+(\d+)/ }
}

sub start {
    my ($state_file) = @_;
    my $httpd = Glance::Httpd->new;
    my $states = substr '3334' x ($SHARDS / 4 + 1), 0, $SHARDS;
    $httpd->file('glance-state.json', '{"mod_glance":1,"saved":1732428000.123,"clean":false,"boards":[{"name":'
        . '"private.test","epoch":"00c0ffee00c0ffee","changes":4711,"clusters":[{"name":"main","shards":'
        . qq($SHARDS,"states":"$states","reported":"$states"}]}]}), 0600);
    $httpd->configure("${one_child}KeepAlive Off\nGlanceBots main:$SHARDS\nGlanceHealthTimeout 1h\n"
        . "GlanceStateFile $state_file\n")->start;
    return $httpd;
}

my $empty = start('none');
my $usual = memory($empty->pid);
$empty->stop;

my $httpd = start('glance-state.json');
my ($child) = $httpd->children;
cmp_ok(memory($httpd->pid), '<', $usual + $REST, 'the parent keeps little of a state file that it has read');
my $before = memory($child);

my $most = 0;
for my $round (1 .. $ROUNDS) {
    my @open;
    for my $reader (1 .. $READERS) {
        $httpd->post("/api/status/main/$reader/" . (2 + $round % 2));
        my $http = Glance::Http->new(port => $httpd->{port});
        $http->send_request('GET', $reader % 3 ? '/plain' : '/api/stream?pulse=0', close => 1);
        push @open, $http;
    }
    for my $http (@open) {
        1 while length $http->{in} < 100_000 and $http->fill(now() + patience(10));
        $most = memory($child) if memory($child) > $most;
        $http->close;
    }
}
cmp_ok($most, '<', $before + $MOST, 'a child grows by few versions of a document') if patience(1) == 1;
my $is_back = await { memory($child) < $before + $REST } $IDLE;
ok($is_back, 'and returns their memory')
    or diag(sprintf 'KB before %d, at most %d, now %d', $before, $most, memory($child));
cmp_ok(memory($httpd->pid), '<', $usual + $REST, 'so does the parent after it has saved the states');
note(sprintf 'KB: usual %d, child before %d, at most %d, now %d', $usual, $before, $most, memory($child));

$httpd->stop;
done_testing;
