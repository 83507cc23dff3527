# GlanceStreamInterval: the shortest time between two broadcasts.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

use Glance::Httpd;

my $httpd = Glance::Httpd->new->configure(<<'CONF')->start;
GlanceBots main:50
GlanceHealthTimeout 600
GlanceStreamInterval 1s
CONF

# 200 changes over one connection, in much less than a second
sub storm {
    my ($id, $last) = @_;
    my $http = Glance::Http->new(port => $httpd->port);
    $http->send_raw(join '', map {
        Glance::Http::compose('POST', "/api/status/main/$id/" . ($_ % 2 ? 3 : 2))
    } 1 .. 200);
    is(scalar(grep { $http->answer->status != 204 } 1 .. 200), 0, '200 POSTs');
    $http->request('POST', "/api/status/main/$id/$last");
}

subtest 'many changes within it collapse into the newest' => sub {
    my $viewer = $httpd->viewer;
    $viewer->next_of('hello');
    my $began = now();
    storm(7, 6);
    my $took = now() - $began;
    my @updates;
    while (my $update = $viewer->next_of('update', 5)) {
        push @updates, $update;
        last if ($update->{json}{clusters}{main}{6} // '') eq '7';
    }
    is($updates[-1]{json}{clusters}{main}{6}, '7', 'the last state arrives');
    # Counted without times: the events are read after all changes are sent.
    cmp_ok(scalar @updates, '<=', 2 + int $took, scalar(@updates) . ' updates for 201 changes, one a second');
    is(scalar(grep { keys %{ $_->{json}{clusters}{main} } != 1 } @updates), 0,
        'each tells one state of the shard');
};

subtest 'a change after a silence is told at once' => sub {
    my $viewer = $httpd->viewer;
    $viewer->next_of('hello');
    pause(1.2);
    my $sent = now();
    $httpd->post('/api/status/main/8/3');
    my $update = $viewer->next_of('update');
    cmp_ok($update->{at} - $sent, '<', patience(0.8), 'without waiting for the interval');
};

subtest 'every viewer gets the same' => sub {
    my @viewers = map { $httpd->viewer } 1 .. 6;
    my @pictures = map { Glance::Picture->new->apply($_->next_of('hello')) } @viewers;
    storm($_, 4) for 10 .. 13;
    my $want = $httpd->states_of('main');
    for my $i (0 .. $#viewers) {
        while ($pictures[$i]->states('main') ne $want) {
            $pictures[$i]->apply($viewers[$i]->next_of('update', 5) || last);
        }
        is($pictures[$i]->states('main'), $want, "viewer $i");
    }
};

done_testing;
