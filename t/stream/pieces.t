# Ids and ETags under constant writes: a large board is copied in pieces, with writers between them.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Http;
use Glance::Httpd;
use Glance::Picture;
use Glance::Test;
use IO::Select ();
use POSIX ();

my $SHARDS = 200_000;    # to copy them takes long enough for a writer to come in between
my $SECONDS = 3;

my $httpd = Glance::Httpd->new;
$httpd->configure("GlanceBots main:$SHARDS small:1\nGlanceHealthTimeout 1h\nGlanceStreamInterval 20ms\n"
    . "LogLevel glance:warn\n")->start;
$httpd->post('/api/status/main/0/3');
$httpd->post('/api/status/small/0/3');

my @writers;

# Writes states all over the board until its pipe is closed, and some more.
sub start_writer {
    my ($seed) = @_;
    pipe my $orders, my $to or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    return { pid => $pid, to => $to } if $pid;
    close $_->{to} for @writers, { to => $to };
    srand $seed;
    my $http = Glance::Http->new(port => $httpd->{port});
    my $left = 100;
    while ($left > 0) {
        $left-- if IO::Select->new($orders)->can_read(0);
        my $answer = $http->request('POST', sprintf '/api/status/main/%d/%d', rand $SHARDS, 2 + rand 5);
        POSIX::_exit(1) unless $answer and $answer->status == 204;
    }
    POSIX::_exit(0);
}

# A decoder in Perl would take seconds.
sub states_in { join '', $_[0]->body =~ /"state":(\d)/g }

push @writers, start_writer($_) for 1, 2;
my $end = now() + $SECONDS;
my (@stay, @leave, @documents);
while (now() < $end) {
    push @stay, { viewer => $httpd->viewer(path => '/api/stream?pulse=0'), picture => Glance::Picture->new };
    my $viewer = $httpd->viewer(path => '/api/stream?pulse=0');
    my $hello = $viewer->next_of('hello');
    push @leave, { hello => $hello, picture => Glance::Picture->new->apply($hello) } if $hello;
    $viewer->close;
}
push @documents, $httpd->http('GET', '/api/status/main', seconds => 30);
close $_->{to} for @writers;
for my $writer (@writers) {
    waitpid $writer->{pid}, 0;
    is($?, 0, 'all pushes of a writer are answered');
}
my $last = $httpd->http('GET', '/api/status/main', seconds => 30);
my $states = states_in($last);
is(length $states, $SHARDS, 'the states at the end');
note(scalar @leave, ' hellos, ', scalar @documents, ' documents');

# The hub may be behind the last write for a moment. Each viewer is up to date at the id of the ETag.
my ($id) = $last->header('etag') =~ m{\AW/"(.*)"\z};
my $right = 0;
for my $one (@stay) {
    my $event;
    do {
        $event = $one->{viewer}->next_event(10) or last;
        $one->{picture}->apply($event) if ($event->{event} // '') =~ /\A(?:hello|update)\z/;
    } until ($event->{id} // '') eq $id;
    $right += $one->{picture}->states('main') eq $states;
}
is($right, scalar @stay, 'viewers that stay end with these states');

$right = 0;
for my $one (@leave) {
    my $event = $httpd->viewer(path => '/api/stream?pulse=0', last => $one->{hello}{id})->next_event;
    $right++ if $event->{event} eq 'update' and $one->{picture}->apply($event)->states('main') eq $states;
}
is($right, scalar @leave, 'so do viewers that come back with the id of their hello');

my $newer = 0;
$right = 0;
for my $document (@documents, $last) {
    my $answer = $httpd->http('GET', '/api/status/main', headers => { 'If-None-Match' => $document->header('etag') },
        seconds => 30);
    $answer->status == 304 ? ($right += states_in($document) eq $states) : $newer++;
}
is($right + $newer, @documents + 1, 'an ETag answers 304 only if its document has these states');
cmp_ok($right, '>=', 1, 'which the last one has');
cmp_ok($newer, '>=', 1, 'and an earlier one has not');

$httpd->stop;
done_testing;
