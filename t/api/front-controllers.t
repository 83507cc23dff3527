# An endpoint is neither a file nor below a folder: modules that send requests of a folder elsewhere, as
# a WordPress does, do not get those of endpoints. The access rules of the folder still guard them.
# SPDX-License-Identifier: ISC
use strict;
use warnings FATAL => 'all';

use Apache::Test qw(-withtestmore);
use File::Path qw(make_path);
use Glance::Httpd;
use Glance::Test;

chomp(my $modules = `/usr/bin/apxs -q LIBEXECDIR`);
my $load = join '', map { qq(LoadModule ${_}_module "$modules/mod_$_.so"\n) }
    qw(negotiation speling userdir vhost_alias actions dav dav_fs);

my $httpd = Glance::Httpd->new;
my $root  = $httpd->folder;

# A folder with files, which httpd's own user can read. Names are below the private server's folder.
sub site {
    my ($name, %files) = @_;
    make_path("$root/$name");
    for my $file (sort keys %files) {
        (my $folder = "$root/$name/$file") =~ s{/[^/]*\z}{};
        make_path($folder);
        $httpd->file("$name/$file", $files{$file}, 0644);
    }
    return "$root/$name";
}

# A virtual host whose DocumentRoot has these files and these lines in its section.
my $vhosts = '';

sub vhost {
    my ($name, %o) = @_;
    my $port   = $httpd->port($name);
    my $folder = site($name, 'index.php' => "front controller\n", %{ $o{files} || {} });
    my $lines  = $o{lines} // '';
    my $inside = $o{inside} // '';
    my $access = $o{access} // 'Require all granted';
    $vhosts .= <<"LINES";
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    ServerName $name.test
    DocumentRoot "$folder"
    GlanceBots main:8
    GlancePassphrase ""
    $lines
    <Directory "$folder">
        AllowOverride All
        Options FollowSymLinks
        $access
        $inside
    </Directory>
</VirtualHost>
LINES
    return $name;
}

# As WordPress writes it
my $WORDPRESS = <<'LINES';
RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteBase /
RewriteRule ^index\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
LINES

# Folders and files with the names of endpoints
my %NAMESAKES = (
    'plain.txt' => "file\n", 'plain.html' => "file\n", 'api/status.txt' => "file\n", 'api/stream.txt' => "file\n",
    'api/stattus' => "file\n", 'plainn' => "file\n",
);
my %FOLDERS = map { ("$_/index.php" => "front controller\n") } qw(plain api/status api/stream api/health api/feed);

my @sites = (
    [wordpress => files => { '.htaccess' => $WORDPRESS }],
    [rewrite_to_path => files => { '.htaccess' => "RewriteEngine On\nRewriteRule ^(.*)\$ index.php/\$1 [L]\n" }],
    [rewrite_answers => files => { '.htaccess' => "RewriteEngine On\nRewriteRule ^ https://elsewhere.test/ [R=301,L]\n" }],
    [rewrite_inherits => lines => "RewriteEngine On\nRewriteOptions InheritDown\n", files => { '.htaccess' => $WORDPRESS }],
    # mod_rewrite answers 403 where links may not be followed.
    [rewrite_without_links => inside => 'Options -FollowSymLinks', files => { '.htaccess' => $WORDPRESS }],
    [rewrite_server => lines => "RewriteEngine On\nRewriteRule ^ %{DOCUMENT_ROOT}/index.php"],
    [fallback => files => { '.htaccess' => "FallbackResource /index.php\n" }],
    [fallback_server => lines => 'FallbackResource /index.php'],
    [redirect => files => { '.htaccess' => "Redirect 302 / https://elsewhere.test/\n" }],
    [multiviews => inside => 'Options +MultiViews', files => \%NAMESAKES],
    [multiviews_server => lines => 'Options +MultiViews', inside => 'Options +MultiViews', files => \%NAMESAKES],
    [speling => inside => 'CheckSpelling On', files => \%NAMESAKES],
    [speling_server => lines => "CheckSpelling On\nCheckCaseOnly Off", files => \%NAMESAKES],
    [actions => inside => "Action front-controller /index.php virtual\nSetHandler front-controller\nScript POST /index.php"],
    [dav => inside => 'Dav On', lines => qq(DavLockDB "$root/DavLock")],
    [folders => files => \%FOLDERS, inside => 'DirectoryIndex index.php'],
    [alias_folder => lines => qq(Alias / "$root/elsewhere/")],
    [alias_file => lines => qq(AliasMatch ^/ "$root/elsewhere/index.php")],
    [alias_script => lines => qq(ScriptAlias /api "$root/elsewhere/api"\nScriptAlias /plain "$root/elsewhere/index.php")],
    [alias_wordpress => lines => qq(Alias / "$root/mapped/")],
    [alias_folders => lines => qq(Alias / "$root/foldered/")],
    [alias_multiviews => lines => qq(Options +MultiViews\nAlias / "$root/namesakes/")],
    [alias_speling => lines => qq(CheckSpelling On\nAlias / "$root/namesakes/")],
    [virtual => lines => qq(UseCanonicalName Off\nVirtualDocumentRoot "$root/hosts/%0")],
    [virtual_missing => lines => qq(UseCanonicalName Off\nVirtualDocumentRoot "$root/nowhere/%0")],
);
site('elsewhere', 'index.php' => "front controller\n", 'api/index.php' => "front controller\n");
site('mapped', '.htaccess' => $WORDPRESS, 'index.php' => "front controller\n");
site('foldered', %FOLDERS);
site('namesakes', %NAMESAKES);
site('hosts/localhost', '.htaccess' => $WORDPRESS, 'index.php' => "front controller\n");
site('home', 'public/.htaccess' => $WORDPRESS, 'public/index.php' => "front controller\n");

my @names = map { vhost(@$_) } @sites;
vhost(userdir => lines => join '', qq(UserDir "$root/home/*"\n),
    map { "<Location /~public/$_>\nGlanceEndpoint $_\n</Location>\n" } qw(status health stream feed plain));
vhost(passed => lines => "RewriteEngine On\nRewriteRule ^/shards(.*) /api/status\$1 [PT]\n", files => { '.htaccess' => $WORDPRESS });
vhost(guarded => files => { '.htaccess' => "${WORDPRESS}Require ip 192.0.2.1\n" });
vhost(closed => access => 'Require all denied', files => { '.htaccess' => $WORDPRESS });
vhost(redirects => lines => 'Redirect permanent / https://elsewhere.test/');

$httpd->configure(<<"CONF" . $vhosts);
$load
<Directory "$root">
    AllowOverride All
    Options FollowSymLinks
    Require all granted
</Directory>
CONF
$httpd->start;

# Test: each endpoint below that path answers as on any site.
sub serves {
    my ($name, %path) = @_;
    my @to = (port => $httpd->port($name));
    answers($httpd->post("$path{status}/main/0/3", @to), 204, 'a status');
    answers($httpd->post("$path{health}/main/0", @to), 204, 'a heartbeat');
    my $answer = $httpd->http('GET', $path{status}, @to);
    answers($answer, 200, 'the snapshot');
    is(eval { $answer->json->{clusters}[0]{counts}{online} }, 1, 'has the status') or diag($answer->body);
    answers($httpd->http('GET', "$path{status}/main/0", @to), 200, 'a shard');
    answers($httpd->http('HEAD', $path{status}, @to), 200, 'HEAD');
    answers($httpd->http('OPTIONS', $path{status}, @to), 204, 'OPTIONS');
    answers($httpd->http('PUT', $path{status}, @to), 405, 'PUT');
    refuses($httpd->http('GET', "$path{status}/nosuch", @to), 400, qr/nosuch/, 'an error');
    like($httpd->http('GET', $path{plain}, @to)->body, qr/^main: 1 of 8 online$/m, 'the text');
    my $viewer = eval { $httpd->viewer(@to, path => $path{stream}) };
    is($viewer && $viewer->header('content-type'), 'text/event-stream', 'the stream');
    is(eval { $viewer->next_event->{event} }, 'hello', 'and its hello');
    is(eval { $httpd->feed(@to, path => $path{feed})->next_message->{op} }, 'hello', 'the feed');
}

my %USUAL = (plain => '/plain', map { ($_ => "/api/$_") } qw(status health stream feed));
for my $name (@names) {
    subtest $name => sub { serves($name, %USUAL) };
}

subtest userdir => sub {
    serves('userdir', map { ($_ => "/~public/$_") } qw(status health stream feed plain));
};

subtest 'the front controller still gets what is no endpoint' => sub {
    my @to = (port => $httpd->port('wordpress'));
    is($httpd->http('GET', '/about', @to)->body, "front controller\n", 'a page');
    is($httpd->http('GET', '/api/other', @to)->body, "front controller\n", 'a path beside ours');
};

subtest 'a RewriteRule of the server that passes a URL to an endpoint' => sub {
    my @to = (port => $httpd->port('passed'));
    answers($httpd->post('/shards/main/0/3', @to), 204, 'POST');
    is(eval { $httpd->http('GET', '/shards/main/0', @to)->json->{state} }, 3, 'GET');
};

subtest 'a Redirect of the server' => sub {
    answers($httpd->http('GET', '/api/status', port => $httpd->port('redirects')), 301, 'is its administrator\'s choice');
};

for my $name (qw(guarded closed)) {
    subtest "the folder's access rules: $name" => sub {
        my @to = (port => $httpd->port($name));
        answers($httpd->http('GET', $_, @to), 403, $_) for '/about', '/plain', '/api/status', '/api/stream', '/api/feed';
        answers($httpd->post('/api/status/main/0/3', @to), 403, 'POST');
    };
}

done_testing;
