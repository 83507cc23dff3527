# Virtual hosts: the settings they inherit, the boards they share, and servers without GlanceBots.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

subtest 'without GlanceBots the handlers say what is missing' => sub {
    my $httpd = Glance::Httpd->new->configure('')->start;
    for my $request (['GET', '/api/status'], ['GET', '/api/status/main'], ['GET', '/plain'],
                     ['GET', '/api/stream'], ['POST', '/api/status/main/0/3'],
                     ['POST', '/api/health/main/0']) {
        refuses($httpd->http(@$request), 500, qr/GlanceBots/, "@$request");
    }
    refuses($httpd->http('GET', '/api/feed', headers => Glance::Ws::handshake()), 500,
        qr/GlanceBots/, 'GET /api/feed');
};

subtest 'each fault of the configuration has lines of its own in the log' => sub {
    my $one_child = mpm() eq 'prefork'
        ? "StartServers 1\nMinSpareServers 1\nMaxSpareServers 1\nMaxRequestWorkers 1\n"
        : "ServerLimit 1\nStartServers 1\nMaxRequestWorkers 8\n";
    my $elsewhere = "<Location /elsewhere>\nSetHandler glance-status\n</Location>\n";
    my $httpd = Glance::Httpd->new->configure($one_child . $elsewhere)->start;
    for my $path (qw(/elsewhere /elsewhere /api/status /api/status)) {
        answers($httpd->http('GET', $path), 500, $path);
    }
    my @lines = $httpd->log_text =~ /GL0050: cannot serve (.*)/g;
    is(scalar @lines, 2, 'one line for each') or diag(@lines);
    like($lines[0], qr{\A/elsewhere: SetHandler .*GlanceEndpoint}, 'the path');
    like($lines[1], qr{\A/api/status: .*GlanceBots}, 'the board');
};

subtest 'a virtual host inherits the passphrase, or replaces it' => sub {
    my $httpd = Glance::Httpd->new;
    my %port = map { $_ => $httpd->port($_) } qw(inherits replaces opens);
    $httpd->configure(<<"CONF")->start;
GlanceBots main:4
GlancePassphrase outer "outer too"
Listen 127.0.0.1:$port{inherits}
Listen 127.0.0.1:$port{replaces}
Listen 127.0.0.1:$port{opens}
<VirtualHost 127.0.0.1:$port{inherits}>
    ServerName inherits.test
</VirtualHost>
<VirtualHost 127.0.0.1:$port{replaces}>
    ServerName replaces.test
    GlancePassphrase inner
</VirtualHost>
<VirtualHost 127.0.0.1:$port{opens}>
    ServerName opens.test
    GlancePassphrase ""
</VirtualHost>
CONF
    my %answer = (
        ''       => { outer => 204, 'outer too' => 204, inner => 401, none => 401 },
        inherits => { outer => 204, 'outer too' => 204, inner => 401, none => 401 },
        replaces => { outer => 401, 'outer too' => 401, inner => 204, none => 401 },
        opens    => { outer => 204, 'outer too' => 204, inner => 204, none => 204 },
    );
    for my $vhost (sort keys %answer) {
        for my $secret (sort keys %{ $answer{$vhost} }) {
            my %headers = $secret eq 'none' ? () : (Authorization => $secret);
            my $answer = $httpd->post('/api/status/main/0/3', headers => \%headers,
                port => $httpd->port($vhost || undef));
            answers($answer, $answer{$vhost}{$secret}, ($vhost || 'main server') . " with $secret");
        }
    }
    like($httpd->log_text, qr/\[glance:warn\].*GL\d{4}: .*GlancePassphrase/,
        'the open one is warned of at start');
};

subtest 'a passphrase for a cluster belongs to the board where it is written' => sub {
    my $httpd = Glance::Httpd->new;
    my %port = map { $_ => $httpd->port($_) } qw(shares general alone);
    my $listen = join '', map { "Listen 127.0.0.1:$_\n" } @port{qw(shares general alone)};
    my $lines = <<"CONF";
GlanceBots main:4 patron:2
GlanceClusterPassphrase main outer-main
<VirtualHost 127.0.0.1:$port{shares}>
    ServerName shares.test
</VirtualHost>
<VirtualHost 127.0.0.1:$port{general}>
    ServerName general.test
    GlanceBots main:4
</VirtualHost>
<VirtualHost 127.0.0.1:$port{alone}>
    ServerName alone.test
    GlanceBots main:4
    GlanceClusterPassphrase main inner-main
</VirtualHost>
CONF
    my $ask = sub {
        my ($vhost, $secret, $status, $name) = @_;
        answers($httpd->post('/api/status/main/0/3', headers => { Authorization => $secret },
            port => $httpd->port($vhost)), $status, $name);
    };
    $httpd->configure($listen . "GlancePassphrase outer\n" . $lines)->start;
    $ask->(undef,   'outer-main', 204, 'it opens the main server\'s');
    $ask->(shares  => 'outer-main', 204, 'and the same board in a virtual host');
    $ask->(general => 'outer-main', 401, 'but no cluster of that name on another board');
    $ask->(general => 'outer',      204, 'which the passphrase for all opens');
    $ask->(alone   => 'outer-main', 401, 'nor one with a passphrase of its own');
    $ask->(alone   => 'inner-main', 204, 'which that opens');
    $ask->(undef,   'inner-main', 401, 'and nothing else');

    my $log = $httpd->log;
    $httpd->configure($listen . $lines)->graceful;
    $ask->(general => 'outer-main', 401, 'without one for all, nothing opens the other board');
    answers($httpd->post('/api/status/main/0/3', port => $port{general}), 401, 'no passphrase neither');
    ok($log->lines(qr/GL0121: board general.test: nobody can write cluster 'main'/), 'which the log says');
};

subtest 'and the timeout, for a board of its own' => sub {
    my $httpd = Glance::Httpd->new;
    my %port = map { $_ => $httpd->port($_) } qw(inherits replaces);
    $httpd->configure(<<"CONF")->start;
GlanceBots main:4
GlanceHealthTimeout 90
Listen 127.0.0.1:$port{inherits}
Listen 127.0.0.1:$port{replaces}
<VirtualHost 127.0.0.1:$port{inherits}>
    ServerName inherits.test
    GlanceBots other:4
</VirtualHost>
<VirtualHost 127.0.0.1:$port{replaces}>
    ServerName replaces.test
    GlanceBots other:4
    GlanceHealthTimeout 1500ms
</VirtualHost>
CONF
    my %timeout = ('' => 90, inherits => 90, replaces => 1.5);
    for my $vhost (sort keys %timeout) {
        my $hello = $httpd->viewer(port => $httpd->port($vhost || undef))->next_event;
        is($hello->{json}{timeout}, $timeout{$vhost}, $vhost || 'main server');
    }
};

subtest 'the old settings\' list works from the environment' => sub {
    local $ENV{GLANCE_BOTS} = 'main:60;patron:6';
    my $httpd = Glance::Httpd->new->configure('GlanceBots ${GLANCE_BOTS}')->start;
    is(length $httpd->states_of('main'),   60, 'main');
    is(length $httpd->states_of('patron'),  6, 'patron');
};

subtest 'a graceful restart that adds the first board' => sub {
    my $httpd = Glance::Httpd->new->configure('')->start;
    answers($httpd->http('GET', '/api/status'), 500, 'none yet');
    $httpd->configure('GlanceBots main:4')->graceful;
    answers($httpd->post('/api/status/main/0/3'), 204, 'there it is');
    is($httpd->states_of('main'), '3000', 'and it works');
};

subtest 'a new passphrase applies after a graceful restart' => sub {
    my $httpd = Glance::Httpd->new->configure("GlanceBots main:4\nGlancePassphrase old")->start;
    my @old = (headers => { Authorization => 'old' });
    my @new = (headers => { Authorization => 'new' });
    answers($httpd->post('/api/status/main/0/3', @old), 204, 'the old one');
    $httpd->configure("GlanceBots main:4\nGlancePassphrase old new")->graceful;
    answers($httpd->post('/api/status/main/0/3', @$_), 204, 'both, while bots move over')
        for \@old, \@new;
    $httpd->configure("GlanceBots main:4\nGlancePassphrase new")->graceful;
    answers($httpd->post('/api/status/main/0/3', @old), 401, 'the old one no more');
    answers($httpd->post('/api/status/main/0/3', @new), 204, 'the new one');
};

subtest 'a board of 1,000,000 shards' => sub {
    my $httpd = Glance::Httpd->new->configure("GlanceBots main:1000000")->start;
    answers($httpd->post('/api/status/main/999999/3'), 204, 'its last shard');
    like($httpd->http('GET', '/plain', seconds => 20)->body, qr/^main: 1 of 1000000 online$/m,
        'plain text of it');
    my $hello = $httpd->viewer->next_of('hello', 20);
    is(length $hello->{json}{clusters}[0]{states}, 1_000_000, 'hello of it');
};

done_testing;
