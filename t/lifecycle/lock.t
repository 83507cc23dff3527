# A lock that the children cannot open: nothing is written without it.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $httpd  = Glance::Httpd->new;
my $folder = "$httpd->{root}/locks";
mkdir $folder or die "$folder: $!";
# Only root may enter it, and a server that root started has given that up.
chmod 0700, $folder or die "$folder: $!";
my $locked_out = $> == 0;
$httpd->configure("Mutex flock:$folder glance\nGlanceBots main:6")->start;

is($httpd->post('/api/status/main/0/3')->status, $locked_out ? 500 : 204, 'a POST');
is($httpd->http('GET', '/plain')->status, $locked_out ? 500 : 200, 'a look at the board');
is(scalar($httpd->log_text =~ /GL0017: .*cannot open the lock.*\n.*GL0018: .*Mutex pthread glance/) ? 1 : 0,
    $locked_out ? 1 : 0, 'the log says what to change');
$httpd->stop;
done_testing;
