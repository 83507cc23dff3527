# State files that are put back, copied, or older than the memory of a killed server.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use File::Copy qw(copy);
use File::Temp ();
use Glance::Httpd;
use Glance::Test;

my $LINES = "GlanceBots main:10\nGlanceHealthTimeout 600\n";

# A folder on tmpfs, as /run is.
my $memory = File::Temp->newdir('glance-put-back-XXXXXX', DIR => '/dev/shm');
chmod 0755, "$memory" or die;

sub resumes { $_[0]->viewer(last => $_[1])->next_event }

subtest 'an old file of a clean stop' => sub {
    my $httpd = Glance::Httpd->new->configure($LINES)->start;
    my $file = "$httpd->{root}/glance-state.json";
    $httpd->post('/api/status/main/0/3');
    my $early = $httpd->viewer->next_of('hello')->{id};
    $httpd->stop;
    copy($file, "$file.copy") or die "copy: $!";
    $httpd->start;
    $httpd->post("/api/status/main/$_/3") for 1 .. 5;
    my $late = $httpd->viewer->next_of('hello')->{id};
    $httpd->stop;
    rename "$file.copy", $file or die "rename: $!";
    $httpd->start;
    is($httpd->states_of('main'), '3000000000', 'is used');
    $httpd->post("/api/status/main/9/$_") for 2 .. 6, 2 .. 6;
    is(resumes($httpd, $late)->{event}, 'hello', 'an id from after it gets a new picture');
    my $update = resumes($httpd, $early);
    is($update->{event}, 'update', 'an id from before it resumes');
    is_deeply($update->{json}{clusters}, { main => { 6 => '9' } }, 'with what it missed');
};

subtest 'two servers with copies of one file' => sub {
    my ($one, $other) = map { Glance::Httpd->new->configure($LINES) } 1, 2;
    $one->start;
    $one->post('/api/status/main/0/3');
    $one->stop;
    copy("$one->{root}/glance-state.json", "$other->{root}/glance-state.json") or die "copy: $!";
    $_->start for $one, $other;
    $one->post('/api/status/main/1/4');
    $other->post("/api/status/main/$_/5") for 2 .. 4;
    my $id = $one->viewer->next_of('hello')->{id};
    is(resumes($other, $id)->{event}, 'hello', 'have ids of their own');
};

subtest 'a disk that is full at the start' => sub {
    my $httpd = Glance::Httpd->new->configure($LINES, runtime => "$memory")->start;
    my $file = "$memory/glance-state.json";
    $httpd->post('/api/status/main/0/3');
    $httpd->stop;
    # The new file cannot be written beside the old one.
    mkdir "$file.new" or die "$file.new: $!";
    mkdir "$file.new/full" or die "$file.new/full: $!";
    $httpd->start;
    answers($httpd->post('/api/status/main/1/4'), 204, 'a POST is answered');
    ok($httpd->kill_all, 'killed');
    my $log = $httpd->log;
    $httpd->start;
    ok($log->lines(qr/GL0013: .*taken over from a server that was killed/), 'the memory is newer than the file');
    is($httpd->states_of('main'), '3400000000', 'and nothing is lost');
    $httpd->stop;
};

done_testing;
