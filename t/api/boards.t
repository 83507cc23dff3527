# Boards and virtual hosts: whose shards are seen where.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Glance::Test;

# The rules that configtest refuses are in t/lifecycle/configtest.t.

subtest 'a virtual host with GlanceBots has a board of its own' => sub {
    post('/api/status/main/1/2');
    post('/api/status/main/1/5', port => port('own'));
    is(shard('main', 1)->{state}, 2, 'the main server\'s shard');
    is(shard('main', 1, port => port('own'))->{state}, 5, 'its own');
    answers(post('/api/status/main/3/3', port => port('own')), 400, 'and its own size');
    answers(post('/api/status/patron/0/3', port => port('own')), 400, 'and clusters');
};

subtest 'one without shares the main server\'s' => sub {
    my @to = (port => port('shares'));
    answers(post('/api/status/main/2/4', @to), 204, 'POST there');
    is(shard('main', 2)->{state}, 4, 'shows at the main server');
    post('/api/status/main/2/3');
    is(shard('main', 2, @to)->{state}, 3, 'and back');
};

subtest 'the same ServerName and list is the same board' => sub {
    post('/api/status/pair/1/3', port => port('pair_a'));
    is(shard('pair', 1, port => port('pair_b'))->{state}, 3, 'from one to the other');
    post('/api/status/pair/1/6', port => port('pair_b'));
    is(shard('pair', 1, port => port('pair_a'))->{state}, 6, 'and back');
    is(http('GET', '/api/status', port => port('pair_a'))->header('etag'),
        http('GET', '/api/status', port => port('pair_b'))->header('etag'), 'with one ETag');
};

subtest 'and its changes reach the viewers of either' => sub {
    my $viewer = viewer(port => port('pair_b'));
    ok($viewer->next_of('hello'), 'a viewer of one');
    post('/api/status/pair/2/3', port => port('pair_a'));
    my $update = $viewer->next_of('update');
    is_deeply($update->{json}{clusters}, { pair => { 3 => '2' } }, 'sees a POST to the other');
};

subtest 'another board\'s changes do not' => sub {
    my $viewer = viewer(port => port('own'));
    $viewer->next_of('hello');
    my $bystander = viewer();
    $bystander->next_of('hello');
    post('/api/status/patron/0/2');
    post('/api/status/patron/0/3');
    ok($bystander->next_of('update'), 'the board that changed');
    is(scalar(grep { $_->{event} } $viewer->blocks_within(0.3)), 0, 'the other is silent');
};

done_testing;
