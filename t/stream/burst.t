# Many viewers open streams over TLS at once: a child that is busy with handshakes does not shed viewers.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Crowd;
use Glance::Httpd;
use Glance::Test;

# Debian's settings, but httpd ends no spare child during the test.
my $keep = mpm() eq 'prefork' ? "MaxSpareServers 150\n" : "MaxSpareThreads 150\n";
my $httpd = Glance::Httpd->new;
$httpd->configure("GlanceBots main:100\nGlanceHealthTimeout 600\n$keep" . $httpd->STATUS_LINES
    . $httpd->tls_host('tls'), stock => 1)->start;

my $crowd = Glance::Crowd->new($httpd->to('tls'), at_once => 24);
$crowd->open(100);
ok($crowd->await_report(sub { $_[0]{held} == 100 }, 60), 'a hundred viewers are held') or diag($crowd->told);
my $report = $crowd->report;
is($report->{polls}, 0, 'all of them at once');
is($report->{attempts}, 100, 'by their first request');
is($report->{ended}, 0, 'none was sent away');
is($httpd->status->{GlanceShed}, 0, 'as mod_status has it');
is($httpd->viewer_count, 100, 'it counts all of them');
answers($httpd->post('/api/status/main/1/3'), 204, 'a POST is answered');
ok($crowd->await_report(sub { $_[0]{updates} == 100 }, 20), 'and all hear of it') or diag($crowd->told);
$crowd->leave;
ok((await { $httpd->viewer_count == 0 } 20), 'and all may leave') if defined $httpd->viewer_count;
$httpd->stop;
done_testing;
