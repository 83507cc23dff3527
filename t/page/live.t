# The page in a browser against the real module: each test of live.mjs is a line here.
# SPDX-License-Identifier: ISC
use strict;
use warnings;

use Apache::Test qw(-withtestmore);
use Apache::TestRequest ();
use FindBin ();
use lib $FindBin::Bin;
use Node ();

plan tests => 26;

Apache::TestRequest::module('page');
Node::run('live.mjs', Apache::TestRequest::hostport());
