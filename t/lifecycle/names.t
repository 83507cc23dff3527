# The names of boards: by GlanceBoard, by a ServerName that is written, never by one that httpd guessed.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $LINES = "GlanceBots main:4\nGlanceHealthTimeout 600\n";

# configure() writes a ServerName; this takes it away.
sub unname {
    my $httpd = shift;
    my $text = slurp("$httpd->{root}/httpd.conf") =~ s/^ServerName private\.test\n//mr;
    $httpd->file('httpd.conf', $text);
    return $httpd;
}

sub slurp {
    my $file = shift;
    open my $in, '<', $file or return '';
    local $/;
    return scalar <$in> // '';
}

sub name_of { slurp("$_[0]{root}/glance-state.json") =~ /"boards":\[\{"name":"([^"]*)"/ ? $1 : undef }

subtest 'a name that httpd guessed' => sub {
    my $httpd = unname(Glance::Httpd->new->configure($LINES))->start;
    $httpd->post('/api/status/main/0/3');
    $httpd->graceful;
    is(name_of($httpd), 'default', 'is not the board\'s');
    is($httpd->states_of('main'), '3000', 'which stays over a reload');
    $httpd->stop;
    my $file = "$httpd->{root}/glance-state.json";
    my ($guessed) = ($httpd->run('-t', '-D', 'DUMP_VHOSTS'))[1] =~ /domain name, using (\S+?)\. Set/;
    ok($guessed, 'httpd says what it guessed') or return;
    $httpd->file('glance-state.json', slurp($file) =~ s/"name":"default"/"name":"$guessed"/r, 0600);
    $httpd->start;
    is($httpd->states_of('main'), '3000', 'a board of that name in the state file is carried over');
    is(name_of($httpd), 'default', 'to the fixed name');
    $httpd->stop;
};

subtest 'GlanceBoard' => sub {
    my $httpd = Glance::Httpd->new->configure("GlanceBoard Bots\n$LINES")->start;
    $httpd->post('/api/status/main/0/3');
    $httpd->graceful;
    is(name_of($httpd), 'bots', 'names the board, in any case');
    unname($httpd);
    $httpd->graceful;
    is($httpd->states_of('main'), '3000', 'whatever the server\'s name');
    $httpd->stop;
};

subtest 'a virtual host' => sub {
    my $httpd = Glance::Httpd->new;
    my $port = $httpd->port('b');
    my $vhost = sub { "Listen 127.0.0.1:$port\n<VirtualHost 127.0.0.1:$port>\n$_[0]</VirtualHost>\n" };
    my ($code, $text) = unname($httpd->configure($LINES . $vhost->("GlanceBots other:2\n")))->configtest;
    isnt($code, 0, 'without a name, and with another list, is refused');
    like($text, qr/GlanceBots differs between .*share one board.*name default.*GlanceBoard/, 'with the way out');
    ($code, $text) = $httpd->configure($LINES . $vhost->("GlanceBoard x\n"))->configtest;
    isnt($code, 0, 'GlanceBoard without GlanceBots is refused');
    like($text, qr/GlanceBoard.*GlanceBots/, 'and why');
    ($code, $text) = $httpd->configure($LINES . $vhost->("GlanceBoard x\nGlanceBots other:2\n"))->configtest;
    is($code, 0, 'with a name it is accepted') or diag($text);
    ($code) = $httpd->configure("GlanceBoard \"\"\n$LINES")->configtest;
    isnt($code, 0, 'an empty name is refused');
};

done_testing;
