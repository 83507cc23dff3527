#!/usr/bin/perl
# What install and uninstall put into a DESTDIR, keep and take out again, in both layouts.
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find qw(find);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $tree = tempdir(CLEANUP => 1);    # a copy of what install reads, so that "upgrades" can change it
system('cp', '-R', map({ "$top/$_" } qw(scripts conf htdocs)), $tree) == 0 or die 'cp';
write_file("$tree/module.so", 'module');
chomp(my $modules = `apxs -q LIBEXECDIR`);
my $dest;

sub script {
    my ($layout, @arguments) = @_;
    local @ENV{qw(DESTDIR LAYOUT)} = ($dest, $layout);
    my $text = `$tree/scripts/install @arguments 2>&1`;
    is($?, 0, "$layout: $arguments[0]") or diag($text);
    return $text;
}
sub install   { return script($_[0], 'install', "$tree/module.so") }
sub uninstall { return script($_[0], 'uninstall') }

sub write_file {
    my ($name, $text) = @_;
    open my $out, '>', $name or die "$name: $!";
    print $out $text;
    close $out or die "$name: $!";
}

sub read_file {
    my ($name) = @_;
    open my $in, '<', $name or return undef;
    local $/;
    return scalar <$in>;
}

sub files {
    my @found;
    find({ wanted => sub { push @found, s/\A\Q$dest\E//r if -f || -l }, no_chdir => 1 }, $dest);
    return sort @found;
}

my $conf = '/etc/apache2/mods-available/glance.conf';
my $load = '/etc/apache2/mods-available/glance.load';
my $site = '/etc/apache2/sites-available/glance-site.conf';
my $proxy = '/etc/apache2/sites-available/glance-proxy.conf';
my $page = '/etc/mod_glance/config.js';

subtest 'Debian: what goes where' => sub {
    $dest = tempdir(CLEANUP => 1);
    my $text = install('debian');
    ok(-f "$dest$_", $_) for "$modules/mod_glance.so", $load, $conf, $site, $proxy, $page,
        '/usr/share/mod_glance/htdocs/index.html';
    is(readlink "$dest/usr/share/mod_glance/htdocs/assets/config.js", $page, 'config.js is a link');
    is((stat "$dest/var/lib/mod_glance")[2] & 07777, 0700, 'a private folder for the state file');
    is((stat _)[4], $>, 'of whoever installs');
    like(read_file("$dest$load"), qr/^LoadModule glance_module \Q$modules\E\/mod_glance\.so$/m, 'glance.load');
    like($text, qr/a2enmod glance headers.*a2ensite glance-site.*configtest.*graceful/s, 'says what comes next');
};

subtest 'Debian: uninstall takes all of it out' => sub {
    make_path("$dest/etc/apache2/mods-enabled");
    symlink "../mods-available/glance.$_", "$dest/etc/apache2/mods-enabled/glance.$_" for qw(load conf);
    make_path("$dest/etc/apache2/sites-enabled");
    symlink "../sites-available/glance-$_.conf", "$dest/etc/apache2/sites-enabled/glance-$_.conf"
        for qw(site proxy);
    write_file("$dest/var/lib/mod_glance/state.json", '{}');
    unlike(uninstall('debian'), qr/Left/, 'nothing is left');
    ok(!-e "$dest/var/lib/mod_glance", 'nor the state file and its folder');
    is_deeply([files()], [], 'no file, and no link that would keep httpd from starting');
};

subtest 'Debian: an upgrade and the files of the administrator' => sub {
    $dest = tempdir(CLEANUP => 1);
    install('debian');
    write_file("$dest$conf", "GlanceBots mine:1\n");
    write_file("$dest$page", "// mine\n");
    unlike(install('debian'), qr/\.dist/, 'nothing new: nothing beside them');
    write_file("$tree/$_", read_file("$tree/$_") . "\n# new\n") for qw(conf/glance.conf conf/glance-site.conf);
    write_file("$tree/htdocs/assets/config.js", "// new\n");
    install('debian');
    is(read_file("$dest$conf"), "GlanceBots mine:1\n", 'a changed file is kept');
    like(read_file("$dest$conf.dist"), qr/# new$/, '... with the new one beside it');
    like(read_file("$dest$site"), qr/# new$/, 'an untouched one is replaced');
    is(read_file("$dest$page"), "// mine\n", 'config.js is kept');
    my $text = uninstall('debian');
    like($text, qr/\Q$_\E$/m, "says that $_ is left") for $conf, $page;
    is_deeply([files()], [sort $conf, $page], 'and leaves these alone');
};

subtest 'Debian: config.js is the administrator\'s even when he never changed it' => sub {
    $dest = tempdir(CLEANUP => 1);
    install('debian');
    write_file("$tree/htdocs/assets/config.js", "// newer\n");
    install('debian');
    is(read_file("$dest$page"), "// new\n", 'kept');
    is(read_file("$dest$page.dist"), "// newer\n", 'the new one lies beside it');
};

subtest 'elsewhere: conf.d' => sub {
    $dest = tempdir(CLEANUP => 1);
    install('plain');
    my ($file) = grep { m{/conf\.d/glance\.conf\z} } files();
    ok($file, 'one file in conf.d');
    like(read_file("$dest$file"), qr/^LoadModule glance_module .*^GlanceBots /ms, '... loads and configures');
    for my $what (qw(site proxy)) {
        my ($example) = grep { m{/conf\.d/glance-$what\.conf\.example\z} } files();
        ok($example, "glance-$what is an example that httpd does not read");
        unlike(read_file("$dest$example"), qr/APACHE_LOG_DIR/, '... without a variable of Debian\'s');
    }
    write_file("$dest$file", "GlanceBots mine:1\n");
    like(uninstall('plain'), qr/\Q$file\E\.left/, 'a changed file is left');
    is_deeply([files()], ["$file.left"], '... where httpd, which has no module now, does not read it');
};

done_testing;
