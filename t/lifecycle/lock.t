# The lock: one that the children cannot open, and one that a process never releases.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $httpd  = Glance::Httpd->new;
my $folder = "$httpd->{root}/locks";
mkdir $folder or die "$folder: $!";
# Only root may enter it, and children do not run as root.
chmod 0700, $folder or die "$folder: $!";
my $locked_out = $> == 0;
$httpd->configure("Mutex flock:$folder glance\nGlanceBots main:6")->start;

is($httpd->post('/api/status/main/0/3')->status, $locked_out ? 500 : 204, 'a POST');
is($httpd->http('GET', '/plain')->status, $locked_out ? 500 : 200, 'a look at the board');
is(scalar($httpd->log_text =~ /GL0017: .*cannot open the lock.*\n.*GL0018: .*Mutex pthread glance/) ? 1 : 0,
    $locked_out ? 1 : 0, 'the log says what to change');
$httpd->stop;

# flock, since a test can take it as well, like a child that is stopped inside the lock.
subtest 'a lock that is held for ever stops neither the parent nor the end' => sub {
    my $held = Glance::Httpd->new;
    chmod 0777, $held->{root} or die;
    $held->configure("Mutex flock:$held->{root} glance\nGlanceBots main:6\nGlanceHealthTimeout 600")->start;
    answers($held->post('/api/status/main/0/3'), 204, 'a POST before');
    my $parent = $held->pid;
    my ($file) = grep { m{\A\Q$held->{root}\E/glance} } map { readlink($_) // '' } glob "/proc/$parent/fd/*";
    ok($file, 'the lock has a file') or return;
    open my $lock, '+<', $file or die "$file: $!";
    flock $lock, 2 or die "flock: $!";
    my $blocked = Glance::Http->new(port => $held->port);
    $blocked->send_request('POST', '/api/status/main/0/5');
    # The monitor hook runs every ten seconds, with a sweep and a save: the parent must keep managing its
    # children meanwhile.
    my $end = now() + 13;
    my $cared = 1;
    while ($cared and now() < $end) {
        my ($victim) = $held->children;
        kill KILL => $victim;
        $cared = await {
            my @children = $held->children;
            @children > 1 and !grep { $_ == $victim } @children;
        } 10;
    }
    ok($cared, 'the parent starts new children');
    $held->graceful(busy => 64);
    ok((await { my @children = $held->children; @children > 1 } 10), 'and restarts');
    flock $lock, 8;
    answers($held->post('/api/status/main/1/4'), 204, 'then all is well again');
    flock $lock, 2;
    ok($held->stop, 'a stop does not wait for it, either');
    close $lock;
};

done_testing;
