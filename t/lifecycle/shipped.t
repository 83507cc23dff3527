# The shipped files, glance.conf and glance-site.conf, fit together: as they are, with bots of the site
# alone, and on a machine that has the site's name.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

sub shipped {
    my $name = shift;
    open my $in, '<', "$ENV{GLANCE_CONF}/$name" or die "$name: $!";
    local $/;
    return scalar <$in>;
}

# A server with both files; paths and ports are this test's. Options: name, the site's ServerName; edit,
# which changes the text of both.
sub server {
    my %o = @_;
    my $httpd = Glance::Httpd->new;
    my $root = $httpd->folder;
    my $text = shipped('glance.conf') . shipped('glance-site.conf');
    $text =~ s{/usr/share/mod_glance/htdocs}{$ENV{GLANCE_HTDOCS}}g;
    $text =~ s{\$\{APACHE_LOG_DIR\}}{$root}g;
    $text =~ s{/var/lib/mod_glance}{$root}g;
    $text =~ s{/etc/mod_glance/passphrase}{$root/passphrase}g;
    $text =~ s{^(#?)<VirtualHost \*:80>}{"$1<VirtualHost 127.0.0.1:" . $httpd->port('site') . '>'}gem;
    $text =~ s/status\.example\.org/$o{name}/g if $o{name};
    local $_ = $text;
    $o{edit}->() if $o{edit};
    $httpd->file('passphrase', "alpha\n", 0600);
    my $port = $httpd->port('site');
    return $httpd->configure("LogFormat \"%h %t\" combined\nListen 127.0.0.1:$port\n$_", no_paths => 1);
}

# Uncomments the lines of glance-site.conf for bots of its own.
sub own_bots {
    s/^(    )#(GlanceBots main:360)$/$1$2/m or die 'no GlanceBots in glance-site.conf';
    s/^(    )#(GlancePassphraseFile .*)$/$1$2/m or die 'no GlancePassphraseFile in glance-site.conf';
    s/^(    )#(GlanceBoard .*)$/$1$2/m;
}

# The name that httpd finds for this machine where no ServerName is written: it says so, unless the
# machine has a full name.
sub guessed_name {
    my ($code, $text) = without_name(Glance::Httpd->new->configure(''))->configtest;
    return $1 if $text =~ /using (\S+)\. Set the 'ServerName'/;
    chomp(my $name = `hostname -f`);
    return $name;
}

# Takes the ServerName of the main server out of a configuration.
sub without_name {
    my $httpd = shift;
    my $file = $httpd->folder . '/httpd.conf';
    open my $in, '<', $file or die "$file: $!";
    my $text = do { local $/; <$in> };
    $httpd->file('httpd.conf', $text =~ s/^ServerName private\.test\n//mr);
    return $httpd;
}

# Test: httpd accepts it.
sub accepted {
    my ($httpd, $name) = @_;
    my ($code, $text) = $httpd->configtest;
    is($code, 0, $name) or diag($text);
}

my $guessed = guessed_name();
ok($guessed, 'httpd has a name for this machine') and note($guessed);

subtest 'as they are' => sub {
    my $httpd = server();
    accepted($httpd, 'configtest');
    accepted(without_name($httpd), 'without a ServerName of the main server');
    accepted(without_name(server(name => $guessed)), 'on a machine that has the site\'s name');
};

subtest 'with bots of the site alone' => sub {
    my $httpd = server(edit => \&own_bots);
    accepted($httpd, 'configtest');
    $httpd->start;
    my @site = (port => $httpd->port('site'));
    answers($httpd->post('/api/status/main/300/3', @site, headers => { Authorization => 'alpha' }), 204,
        'a shard of the site');
    answers($httpd->post('/api/status/main/300/3'), 400, 'which the main server does not have');
    is($httpd->http('GET', '/api/status', @site)->json->{clusters}[0]{shards}, 360, 'the site\'s board');
    is($httpd->http('GET', '/api/status')->json->{clusters}[0]{shards}, 60, 'the main server\'s');
    like($httpd->http('GET', '/', @site)->body, qr/<html/, 'the page');
    $httpd->stop;
};

subtest 'with bots of the site alone, where the main server has the site\'s name' => sub {
    my ($code, $text) = server(name => 'private.test', edit => \&own_bots)->configtest;
    isnt($code, 0, 'refused');
    like($text, qr/GlanceBots differs .*GlanceBoard/, 'which says what to do');
    accepted(server(name => 'private.test', edit => sub {
        own_bots();
        s/^GlanceBots .*\n//m;
    }), 'without the GlanceBots of glance.conf');
};

subtest 'with bots of the site alone, on a machine that has the site\'s name' => sub {
    accepted(without_name(server(name => $guessed, edit => \&own_bots)), 'configtest');
};

done_testing;
