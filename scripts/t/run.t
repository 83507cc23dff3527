#!/usr/bin/perl
# What make -f Makefile.apxs run does: settings, the demo bot, errors, and a clean end.
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use POSIX qw(setsid WNOHANG);
use Test::More;
use Time::HiRes qw(sleep time);

my $top = abs_path(dirname(__FILE__) . '/../..');
-f "$top/build/release/mod_glance.so" or die "build/release/mod_glance.so is not built\n";

# A copy whose name has a blank, with its own .env; everybody may enter it, as httpd's user must
# be able to enter the folder of temporary files.
my $area = tempdir(CLEANUP => 1);
chmod 0755, $area;
my $tree = "$area/a clone";
my $temporary = "$area/tmp";
make_path("$tree/build/release", $temporary);
system('cp', '-R', map({ "$top/$_" } qw(scripts conf htdocs)), $tree) == 0 or die 'cp';
system('cp', "$top/build/release/mod_glance.so", "$tree/build/release/") == 0 or die 'cp';
my $http = HTTP::Tiny->new(timeout => 5, proxy => undef, http_proxy => undef);
my ($run, $port);    # the process of scripts/run, and its server's port
END { kill 'KILL', -$run if $run }

# Starts scripts/run in a session of its own, with these settings and no others.
sub start {
    my (%settings) = @_;
    $settings{GLANCE_PORT} //= $port = free_port();
    unlink "$area/output";
    $run = fork // die "fork: $!";
    if (!$run) {
        setsid();
        delete @ENV{ grep { /^GLANCE_/ } keys %ENV };
        %ENV = (%ENV, TMPDIR => $temporary, %settings);
        chdir '/' or die;
        open STDOUT, '>', "$area/output" or die;
        open STDERR, '>&', \*STDOUT or die;
        exec { "$tree/scripts/run" } "$tree/scripts/run" or POSIX::_exit(127);
    }
    return;
}

sub output {
    open my $in, '<', "$area/output" or return '';
    local $/;
    return scalar <$in> // '';
}

# Waits until a condition holds; false when it does not within some seconds
sub await {
    my ($condition) = @_;
    my $end = time + 20;
    while (time < $end) {
        return 1 if $condition->();
        sleep 0.05;
    }
    return 0;
}

sub ended {
    return 1 unless defined $run;
    return 0 if waitpid($run, WNOHANG) == 0;
    $run = undef;
    return 1;
}

# Waits for the end: the exit status, or undef if there was none in time
sub end_of_run {
    return await(\&ended) ? $? >> 8 : undef;
}

sub processes {
    my @found;
    for my $file (glob '/proc/[0-9]*/cmdline') {
        open my $in, '<', $file or next;
        local $/;
        push @found, $file if (<$in> // '') =~ /\Q$area\E/;
    }
    return @found;
}

sub nothing_is_left {
    my ($what) = @_;
    is_deeply([glob "$temporary/*"], [], "$what: no file is left");
    ok(await(sub { !processes() }), "$what: no process is left");
}

sub started { return await(sub { output() =~ /Ctrl-C/ || ended() }) && defined $run }

sub stop {
    my ($signal, $what) = @_;
    kill $signal, $run;
    is(end_of_run(), 0, "$what: $signal ends it");
    nothing_is_left($what);
}

sub free_port {
    return IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport;
}

sub url { return "http://127.0.0.1:$port$_[0]" }
sub status { return decode_json($http->get(url('/api/status'))->{content}) }
sub names { return [map { "$_->{name}:$_->{shards}" } @{ status()->{clusters} }] }

# What the server answers to the handshake of a WebSocket
sub feed_status {
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 5) or return 0;
    print $socket "GET /api/feed HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n";
    my ($status) = (<$socket> // '') =~ m{^HTTP/1\.1 (\d+)};
    return $status;
}

sub env_file {
    my ($text) = @_;
    unlink "$tree/.env";
    return unless defined $text;
    open my $out, '>', "$tree/.env" or die;
    print $out $text;
    close $out;
}

subtest 'without settings: page, API and a demo bot that brings shards online' => sub {
    start();
    ok(started(), 'starts') or diag(output());
    is($http->get(url('/'))->{status}, 200, 'page');
    my $script = $http->get(url('/assets/config.js'));
    is($script->{headers}{'cache-control'}, 'no-cache', 'Cache-Control of the page');
    like($script->{headers}{'content-security-policy'}, qr/default-src 'none'/, 'its policy');
    is(feed_status(), 101, 'the feed');
    is_deeply(names(), ['demo:60'], 'the demo cluster');
    ok(await(sub { (status()->{clusters}[0]{counts}{online} // 0) > 1 }), 'shards come online');
    like(output(), qr{http://localhost:$port/.*curl -X POST http://localhost:$port/api/status/demo/0/3}s,
        'says where, and how to push');
    stop('TERM', 'with the demo bot');
};

subtest 'hostile settings arrive as they are' => sub {
    my $name = q(a "b" \\ $x ${HOME} %{y} `id` 'c' # <d>);
    my $secret = q(s"e\\c ${HOME} 'r' # $(id));
    start(GLANCE_BOTS => "$name:2; main:60;two words:3;", GLANCE_PASSPHRASE => $secret, GLANCE_DEMO => 'no',
        GLANCE_HEALTH_TIMEOUT => '45', GLANCE_HEALTH_TIMER_INTERVAL => '10s');
    ok(started(), 'starts') or diag(output());
    is_deeply(names(), ["$name:2", 'main:60', 'two words:3'], 'names of clusters');
    is($http->post(url('/api/status/main/0/3'))->{status}, 401, 'the passphrase is asked for');
    is($http->post(url('/api/status/main/0/3'), { headers => { Authorization => $secret } })->{status}, 204,
        '... and accepted');
    unlike(output(), qr/\Q$secret\E/, '... and not shown');
    stop('INT', 'without the demo bot');
};

subtest '.env, and the environment above it' => sub {
    env_file("GLANCE_BOTS=main:6;patron:7\r\nGLANCE_PASSPHRASE=\r\nGLANCE_DEMO=no\r\nGLANCE_HOST=0.0.0.0\r\n");
    start();
    ok(started(), 'starts') or diag(output());
    is_deeply(names(), ['main:6', 'patron:7'], 'from .env');
    is($http->post(url('/api/status/main/0/3'))->{status}, 204, 'an empty passphrase is none');
    stop('TERM', '.env');
    start(GLANCE_BOTS => 'other:8 another:9');
    ok(started(), 'starts again') or diag(output());
    is_deeply(names(), ['other:8', 'another:9'], 'from the environment');
    stop('HUP', 'environment');
    env_file(undef);
};

subtest 'a cluster called demo that is not ours is left alone' => sub {
    start(GLANCE_BOTS => 'demo:3');
    ok(started(), 'starts') or diag(output());
    is_deeply(names(), ['demo:3'], 'as configured');
    like(output(), qr/no demo bot/, 'says so');
    stop('TERM', 'own demo');
};

subtest 'IPv6' => sub {
    start(GLANCE_HOST => '::1', GLANCE_DEMO => 'no');
    ok(started(), 'starts') or diag(output());
    is($http->get("http://[::1]:$port/plain")->{status}, 200, 'answers');
    like(output(), qr{http://\[::1\]:$port/}, 'says so');
    stop('TERM', 'IPv6');
};

subtest 'errors: one sentence, no success, nothing left' => sub {
    my $taken = IO::Socket::INET->new(Listen => 1, LocalAddr => '0.0.0.0') or die;
    my @cases = (
        [{ GLANCE_PORT => $taken->sockport }, qr/cannot listen on 0\.0\.0\.0:\d+/],
        [{ GLANCE_PORT => '0' }, qr/GLANCE_PORT is 1 to 65535/],
        [{ GLANCE_PORT => 'x' }, qr/GLANCE_PORT is 1 to 65535/],
        [{ GLANCE_HOST => 'a b' }, qr/GLANCE_HOST/],
        [{ GLANCE_BOTS => 'garbage', GLANCE_DEMO => 'no' }, qr/GlanceBots.*garbage/],
        [{ GLANCE_BOTS => "a:1\nInclude /etc/passwd" }, qr/GLANCE_BOTS holds a control character/],
        [{ GLANCE_HEALTH_TIMEOUT => 'soon" "x' }, qr/GlanceHealthTimeout/],
        [{ GLANCE_HEALTH_TIMER_INTERVAL => '0' }, qr/GlanceHealthTimerInterval/],
        [{ GLANCE_PASSPHRASE => '#x' }, qr/GLANCE_PASSPHRASE/],
        [{ GLANCE_PASSPHRASE => ' x' }, qr/GLANCE_PASSPHRASE/],
    );
    for my $case (@cases) {
        my ($settings, $expected) = @$case;
        my $name = join ' ', map { "$_=$settings->{$_}" } sort keys %$settings;
        start(%$settings);
        is(end_of_run(), 1, "$name: fails");
        like(output(), $expected, '... and says why');
        unlike(output(), qr/Ctrl-C/, '... and does not say that it serves');
    }
    nothing_is_left('errors');
    env_file("GLANCE_BOTS\n");
    start();
    is(end_of_run(), 1, 'a broken .env fails');
    like(output(), qr/\.env, line 1/, '... and says where');
    env_file(undef);
};

subtest 'an httpd that dies takes run with it' => sub {
    start(GLANCE_DEMO => 'no');
    ok(started(), 'starts') or diag(output());
    my ($file) = glob "$temporary/glance.*/run/httpd.pid";
    open my $in, '<', $file or die "$file: $!";
    kill 'KILL', <$in> + 0;
    is(end_of_run(), 1, 'fails');
    like(output(), qr/httpd has ended/, 'says so');
    nothing_is_left('death');
};

subtest 'run is replaced while it runs' => sub {
    start(GLANCE_DEMO => 'no');
    ok(started(), 'starts') or diag(output());
    open my $out, '+<', "$tree/scripts/run" or die;
    print $out "#!/bin/bash\nkill -STOP \$\$\n" x 500;
    close $out;
    stop('TERM', 'replaced');
};

done_testing;
