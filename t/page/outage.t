# The page while httpd stops and starts: a private server, which outage.mjs starts anew; and on
# another host.
# SPDX-License-Identifier: ISC
use strict;
use warnings;

use Apache::Test qw(-withtestmore);
use FindBin ();
use lib $FindBin::Bin;
use Glance::Httpd;
use Node ();

plan tests => 9;

my $httpd = Glance::Httpd->new->configure(<<"CONF")->start;
GlanceBots main:12
GlanceHealthTimeout 600
DocumentRoot "$ENV{GLANCE_HTDOCS}"
DirectoryIndex index.html
AddType text/html .html
AddType text/javascript .js
AddType text/css .css
AddType image/svg+xml .svg
<Location "/api/feed">
    SetHandler glance-feed
</Location>
<Location "/api/">
    Header always set Access-Control-Allow-Origin "*"
</Location>
CONF
Node::run('outage.mjs', "127.0.0.1:$httpd->{port}", Glance::Httpd::httpd(), "$httpd->{root}/httpd.conf");
