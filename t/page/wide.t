# The page with 20,000 shards, in a browser against the real module.
# SPDX-License-Identifier: ISC
use strict;
use warnings;

use Apache::Test qw(-withtestmore);
use Apache::TestRequest ();
use FindBin ();
use lib $FindBin::Bin;
use Node ();

plan tests => 11;

Apache::TestRequest::module('wide');
Node::run('wide.mjs', Apache::TestRequest::hostport());
