# A graceful restart without a change of clusters: bots and viewers see no difference.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Httpd;
use Glance::Test;

my $CONF = <<'CONF';
GlanceBots main:40 patron:6
GlanceHealthTimeout 600
CONF

my $httpd = Glance::Httpd->new->configure($CONF)->start;

sub id_now {
    my $viewer = $httpd->viewer;
    my $id = $viewer->next_event->{id};
    $viewer->close;
    return $id;
}

$httpd->post("/api/status/main/$_/" . (2 + $_ % 5)) for 0 .. 29;
$httpd->post('/api/status/patron/3/3');
$httpd->post('/api/status/main/5/1');
$httpd->post('/api/health/main/5');

subtest 'states, reports, epoch and sequence stay' => sub {
    my %before = (
        main   => $httpd->states_of('main'),
        patron => $httpd->states_of('patron'),
        id     => id_now(),
        tag    => $httpd->http('GET', '/api/status')->header('etag'),
        shard  => $httpd->http('GET', '/api/status/main/5')->json,
    );
    pause(0.5);
    $httpd->graceful;
    is($httpd->states_of($_), $before{$_}, "states of $_") for qw(main patron);
    is(id_now(), $before{id}, 'epoch and sequence');
    is($httpd->http('GET', '/api/status')->header('etag'), $before{tag}, 'and so the ETag');
    my $shard = $httpd->http('GET', '/api/status/main/5')->json;
    is($shard->{reported}, 1, 'what was reported');
    cmp_ok($shard->{since}, '>', $before{shard}{since}, 'the time in the state goes on');
    cmp_ok($shard->{silent}, '>', $before{shard}{silent}, 'and so does the silence');
    answers($httpd->post('/api/health/main/31'), 409, 'who never reported still has not');
};

subtest 'streams end at once and resume at the new children' => sub {
    my @viewers = map { $httpd->viewer } 1 .. 50;
    Glance::Sse::pump_all(\@viewers, sub { scalar grep { $_->{event} } @{ $_[0]{blocks} } }, 10);
    $_->next_of('hello') for @viewers;
    my $began = now();
    my @old = $httpd->signal_graceful;
    my @open = Glance::Sse::pump_all(\@viewers, sub { $_[0]{ended} }, 5);
    is(scalar @open, 0, 'all fifty streams ended');
    cmp_ok(now() - $began, '<', patience(4), 'at once');
    ok((await { !grep { !gone($_) } @old } 8), 'and the old children are gone within seconds')
        or diag('still there: ' . join ' ', grep { !gone($_) } @old);

    my ($last) = @{ $viewers[0]{blocks} }[-1];
    ok($last && $last->{retry}, 'the last word is when to come back');

    $httpd->post('/api/status/main/7/6');
    $httpd->post('/api/status/main/8/6');
    my $again = $httpd->viewer(last => $viewers[0]{last});
    my $event = $again->next_event;
    is($event->{event}, 'update', 'who comes back gets an update');
    is_deeply([Glance::Picture::expand($event->{json}{clusters}{main}{6} // '')], [7, 8],
        'with what changed meanwhile');
};

subtest 'a request that the old children still serve counts' => sub {
    my $http = $httpd->begin_post('/api/status/main/9/5');
    $httpd->graceful(busy => 1);
    my $viewer = $httpd->viewer;
    $viewer->next_of('hello');
    $http->send_raw('xxxx');
    answers($http->answer, 204, 'the late writer is answered');
    is(substr($httpd->states_of('main'), 9, 1), '5', 'its change is on the board');
    my $update = $viewer->next_of('update');
    is_deeply($update->{json}{clusters}, { main => { 5 => '9' } },
        'and reaches the viewers of the new children');
};

subtest 'again and again, under load' => sub {
    my $viewer = $httpd->viewer;
    my $picture = Glance::Picture->new->apply($viewer->next_of('hello'));
    my ($sent, $lost, $hellos) = (0, 0, 0);
    for my $round (1 .. 4) {
        my $log = $httpd->log;
        kill USR1 => $httpd->pid;
        my $ready = 0;
        until ($ready) {
            my $answer = $httpd->post("/api/status/main/" . ($sent % 30) . '/' . (2 + $round));
            $sent++;
            $lost++ unless $answer and $answer->status == 204;
            $ready = $log->lines(qr/resuming normal operations/);
        }
    }
    is($lost, 0, "none of $sent POSTs was refused");
    my $want = $httpd->states_of('main');
    my $same = await {
        if ($viewer->{ended}) {
            my $last = $viewer->{last};
            $viewer = $httpd->viewer(last => $last);
        }
        my $event = $viewer->next_event(0.5);
        $hellos++ if $event and $event->{event} eq 'hello';
        $picture->apply($event) if $event;
        $picture->states('main') eq $want;
    } 15;
    ok($same, 'a viewer that always came back has the whole picture');
    is($hellos, 0, 'by updates alone');
};

done_testing;
