# Who gets in: httpd's own rules compose with the passphrases, reading can be closed off apart from
# writing, and secrets are shown nowhere.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use Digest::SHA qw(sha1_base64);
use Glance::Httpd;
use Glance::Test;
use MIME::Base64 qw(encode_base64);

chomp(my $folder = `/usr/bin/apxs -q LIBEXECDIR`);
my $load = join '', map { qq(LoadModule ${_}_module "$folder/mod_$_.so"\n) }
    qw(authn_core authn_file auth_basic authz_user info);

my $httpd = Glance::Httpd->new;
my $users = $httpd->file('users', 'anna:{SHA}' . sha1_base64('s3cret') . "=\n", 0644);
my $file = $httpd->file('passphrases', "secret-in-a-file\n", 0600);
my $basic = <<"LINES";
AuthType Basic
AuthName members
AuthBasicProvider file
AuthUserFile "$users"
LINES

my %ports;

# A virtual host with a board and rules of its own.
sub vhost {
    my ($name, $lines) = @_;
    my $port = $httpd->port($name);
    return <<"LINES";
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
ServerName $name.test
GlanceBots main:8
$lines
</VirtualHost>
LINES
}

my $vhosts = join '',
    vhost(members => "GlancePassphrase \"\"\n<Location /api/status>\n<Limit POST>\n${basic}Require valid-user\n</Limit>\n</Location>"),
    vhost(addresses => "GlancePassphrase alpha\n<Location /api>\n<Limit POST>\nRequire ip 192.0.2.0/24 127.0.0.1\n</Limit>\n</Location>\n"
        . "<Location /api/health>\n<Limit POST>\nRequire ip 192.0.2.0/24\n</Limit>\n</Location>"),
    vhost(expressions => "GlancePassphrase alpha\n<Location /api>\n"
        . qq(Require expr "%{HTTP:X-Bot} == 'yes'"\n</Location>)),
    vhost(writeonly => "GlancePassphrase alpha\n<Location /api>\n<LimitExcept POST>\nRequire all denied\n</LimitExcept>\n</Location>\n"
        . "<Location /plain>\nRequire all denied\n</Location>"),
    vhost(nostream => "GlancePassphrase alpha\n<Location /api/stream>\nRequire all denied\n</Location>"),
    vhost(nofeed => "<Location /api/feed>\nRequire all denied\n</Location>"),
    # As docs/api.md has it
    vhost(ownpages => qq(<Location "/api/feed">\n    Require expr "%{HTTP:Origin} == 'https://status.example.org'"\n</Location>)),
    vhost(readers => "GlancePassphrase alpha\n<Location /api>\n<LimitExcept POST>\n${basic}Require valid-user\n</LimitExcept>\n</Location>"),
    vhost(eitherway => "GlancePassphrase \"\"\n<Location /api/status>\n<Limit POST>\n$basic<RequireAny>\nRequire valid-user\nRequire ip 192.0.2.1\n</RequireAny>\n</Limit>\n</Location>"),
    vhost(open => 'GlancePassphrase ""');

$httpd->configure(<<"CONF" . $vhosts);
$load
GlanceBots main:8 patron:2
GlancePassphrase secret-in-line "secret of two words"
GlanceClusterPassphrase patron secret-of-patron
GlancePassphraseFile "$file"
LogLevel glance:trace8
<Location "/server-info">
    SetHandler server-info
</Location>
CONF
$httpd->start;

my %anna = (Authorization => 'Basic ' . encode_base64('anna:s3cret', ''));
my %eve  = (Authorization => 'Basic ' . encode_base64('anna:guess', ''));
my %alpha = (Authorization => 'Bearer alpha');

sub to { (port => $httpd->port($_[0])) }

subtest 'Basic' => sub {
    my $none = $httpd->post('/api/status/main/0/3', to('members'));
    answers($none, 401, 'POST without a name');
    like($none->header('www-authenticate'), qr/\ABasic realm="members"/, 'is asked for one');
    answers($httpd->post('/api/status/main/0/3', to('members'), headers => \%eve), 401, 'a wrong password');
    answers($httpd->post('/api/status/main/0/3', to('members'), headers => \%anna), 204, 'the right one');
    answers($httpd->http('GET', '/api/status', to('members')), 200, 'reading stays open');
    answers($httpd->post('/api/health/main/0', to('members')), 204, 'and so does what has no rule');
};

subtest 'addresses' => sub {
    answers($httpd->post('/api/status/main/0/3', to('addresses'), headers => \%alpha), 204, 'this one may');
    answers($httpd->post('/api/status/main/0/3', to('addresses')), 401, 'but not without the passphrase');
    answers($httpd->post('/api/health/main/0', to('addresses'), headers => \%alpha), 403, 'others may not');
    answers($httpd->post('/api/health/main/0', to('addresses')), 403, 'with or without it');
};

subtest 'expressions' => sub {
    answers($httpd->post('/api/status/main/0/3', to('expressions'), headers => \%alpha), 403, 'false');
    answers($httpd->post('/api/status/main/0/3', to('expressions'), headers => { %alpha, 'X-Bot' => 'yes' }),
        204, 'true');
    answers($httpd->http('GET', '/api/stream', to('expressions')), 403, 'for the stream, too');
    answers($httpd->http('HEAD', '/api/stream', to('expressions'), headers => { 'X-Bot' => 'yes' }), 200, 'true');
};

subtest 'writing alone' => sub {
    answers($httpd->post('/api/status/main/0/3', to('writeonly'), headers => \%alpha), 204, 'POST');
    answers($httpd->http($_->[0], $_->[1], to('writeonly')), 403, "@$_")
        for [GET => '/api/status'], [GET => '/api/status/main/0'], [GET => '/api/stream'], [HEAD => '/api/status'],
            [GET => '/plain'];
};

subtest 'no stream' => sub {
    answers($httpd->http('GET', '/api/stream', to('nostream')), 403, 'the stream is closed');
    answers($httpd->http('GET', '/api/status', to('nostream')), 200, 'the snapshot is not');
    answers($httpd->post('/api/status/main/0/3', to('nostream'), headers => \%alpha), 204, 'nor is writing');
};

# How the server answers to a handshake from a page of that origin.
sub knock {
    my ($name, $origin) = @_;
    my $http = Glance::Http->new(to($name));
    $http->send_request('GET', '/api/feed', headers => Glance::Ws::handshake($origin ? (Origin => $origin) : ()));
    return $http->answer_or_switch;
}

subtest 'no feed' => sub {
    answers(knock('nofeed'), 403, 'the feed is closed');
    answers($httpd->http('GET', '/api/feed', to('nofeed')), 403, 'to those who want no WebSocket, too');
    is($httpd->viewer(to('nofeed'))->status, 200, 'the stream is not');
    answers($httpd->http('GET', '/api/status', to('nofeed')), 200, 'nor is the snapshot');
};

subtest 'the feed for one\'s own pages alone' => sub {
    my $feed = $httpd->feed(to('ownpages'), headers => { Origin => 'https://status.example.org' });
    is($feed->next_message->{op}, 'hello', 'they get it');
    answers(knock('ownpages', $_), 403, $_ // 'no origin')
        for 'https://evil.example', 'https://status.example.org.evil.example', 'http://status.example.org', 'null', undef;
    is($httpd->viewer(to('ownpages'))->status, 200, 'the stream is everybody\'s');
};

subtest 'readers by name, bots by passphrase' => sub {
    answers($httpd->http('GET', '/api/status', to('readers')), 401, 'a reader without a name');
    answers($httpd->http('GET', '/api/status', to('readers'), headers => \%anna), 200, 'one with it');
    answers($httpd->http('GET', '/api/stream', to('readers')), 401, 'a viewer without a name');
    my $viewer = $httpd->viewer(to('readers'), headers => \%anna);
    is($viewer->status, 200, 'one with it');
    ok($viewer->next_of('hello'), 'has a stream');
    answers($httpd->post('/api/status/main/0/3', to('readers'), headers => \%alpha), 204, 'a bot');
    answers($httpd->post('/api/status/main/0/3', to('readers'), headers => \%anna), 401, 'a reader is no bot');
    is_deeply($viewer->next_of('update')->{json}{clusters}, { main => { 3 => '0' } }, 'and is told of its POST');
};

subtest 'either of two rules' => sub {
    answers($httpd->post('/api/status/main/0/3', to('eitherway')), 401, 'neither');
    answers($httpd->post('/api/status/main/0/3', to('eitherway'), headers => \%anna), 204, 'one');
};

subtest 'no other site may read the answers unless the admin says so' => sub {
    for my $case ([GET => '/api/status'], [GET => '/plain'], [HEAD => '/api/stream'], [OPTIONS => '/api/status'],
        [POST => '/api/status/main/0/3']) {
        my $answer = $httpd->http(@$case, to('open'), headers => {
            Origin => 'https://evil.example', 'Access-Control-Request-Method' => 'POST' });
        is_deeply([grep { /\Aaccess-control/i } keys %{ $answer->{headers} }], [], "@$case");
    }
};

subtest 'secrets are shown nowhere' => sub {
    my $secrets = qr/secret-(?:in|of)|secret of two/;
    my $info = $httpd->http('GET', '/server-info')->body;
    like($info, qr/GlancePassphraseFile.*GlanceClusterPassphrase|GlanceClusterPassphrase.*GlancePassphraseFile/s,
        'mod_info shows the directives');
    like($info, qr/patron/, 'and the cluster');
    unlike($info, $secrets, 'but no secret');
    my ($code, $dump) = $httpd->run('-t', '-D', 'DUMP_CONFIG');
    is($code, 0, 'a dump of the configuration') or diag($dump);
    like($dump, qr/GlancePassphrase\b/, 'has the directives');
    unlike($dump, $secrets, 'but no secret');
    answers($httpd->post('/api/status/main/0/3', headers => { Authorization => $_ }), 204, "'$_' works all the same")
        for 'secret-in-line', 'secret of two words', 'secret-in-a-file';
    answers($httpd->post('/api/status/patron/0/3', headers => { Authorization => 'secret-of-patron' }), 204,
        'so does that of a cluster');
    $httpd->post('/api/status/main/0/3', headers => { Authorization => 'secret-in-linf' });
    $httpd->graceful;
    $httpd->stop;
    unlike($httpd->log_text, $secrets, 'nor does the error log show any, whatever we log');
    my ($bad_code, $text) = $httpd->configure("GlanceBots main:1\nGlancePassphrase \"\" secret-in-line")->configtest;
    isnt($bad_code, 0, 'a mistake beside a secret');
    unlike($text, $secrets, 'is told without it');
};

done_testing;
