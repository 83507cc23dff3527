# A passphrase that is not ASCII: clients send it in UTF-8 or in ISO 8859-1.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $httpd = Glance::Httpd->new;
my $file = $httpd->file('passphrases', "\xc3\xa4 in a file\n", 0600);
my $latin1 = $httpd->port('latin1');
$httpd->configure(<<"CONF")->start;
GlanceBots main:8 patron:2
GlancePassphrase "schl\xc3\xbcssel" "\xe2\x82\xac uro"
GlancePassphraseFile "$file"
GlanceClusterPassphrase patron "caf\xc3\xa9"
Listen 127.0.0.1:$latin1
<VirtualHost 127.0.0.1:$latin1>
    ServerName latin1.test
    GlancePassphrase "schl\xfcssel"
</VirtualHost>
CONF

sub push_with {
    my ($secret, $cluster, @to) = @_;
    return $httpd->post("/api/status/$cluster/0/3", @to, headers => { Authorization => $secret });
}

my @cases = (
    ["schl\xc3\xbcssel",  main   => 204, 'UTF-8'],
    ["schl\xfcssel",      main   => 204, 'ISO 8859-1'],
    ["\xc3\xa4 in a file", main  => 204, 'UTF-8, from a file'],
    ["\xe4 in a file",    main   => 204, 'ISO 8859-1, from a file'],
    ["caf\xc3\xa9",       patron => 204, 'UTF-8, for a cluster'],
    ["caf\xe9",           patron => 204, 'ISO 8859-1, for a cluster'],
    ["caf\xe9",           main   => 401, 'for another one'],
    ["\xe2\x82\xac uro",  main   => 204, 'what ISO 8859-1 lacks, in UTF-8'],
    ["\xac uro",          main   => 401, 'cut down to a byte'],
    ['schlussel',         main   => 401, 'without the dots'],
    ["schlu\xcc\x88ssel", main   => 401, 'composed in another way'],
    ["schl\xc3\x83\xc2\xbcssel", main => 401, 'encoded twice'],
);
for my $case (@cases) {
    my ($secret, $cluster, $status, $name) = @$case;
    answers(push_with($_, $cluster), $status, $name) for $secret, "Bearer $secret";
}
answers(push_with("schl\xfcssel", 'main', port => $latin1), 204, 'a configuration in ISO 8859-1, as it is');
answers(push_with("schl\xc3\xbcssel", 'main', port => $latin1), 401, 'which nothing tells');

done_testing;
