# Every view of the page, in a browser against the real module: each test of views.mjs is a
# line here.
# SPDX-License-Identifier: ISC
use strict;
use warnings;

use Apache::Test qw(-withtestmore);
use Apache::TestRequest ();
use FindBin ();
use lib $FindBin::Bin;
use Node ();

plan tests => 80;

Apache::TestRequest::module('views');
Node::run('views.mjs', Apache::TestRequest::hostport());
