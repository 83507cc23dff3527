# The page over TLS and HTTP/2, in a browser against the real module: stream by polling, and
# feed.
# SPDX-License-Identifier: ISC
use strict;
use warnings;

use Apache::Test qw(-withtestmore);
use Apache::TestRequest ();
use FindBin ();
use lib $FindBin::Bin;
use Node ();

plan tests => 5;

Apache::TestRequest::module('secure');
Node::run('secure.mjs', Apache::TestRequest::hostport(), $ENV{TEST_MPM} || 'event');
