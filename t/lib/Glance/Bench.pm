# A folder in which a script of bench/ runs the private servers of the suite, on a named MPM. Use it
# before Glance::Httpd.
# SPDX-License-Identifier: ISC
#
# Environment: GLANCE_MODULE, the module to measure; build/release/mod_glance.so by default.
package Glance::Bench;

use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Copy ();
use File::Path qw(make_path remove_tree);
use File::Temp ();

my $TOP = dirname dirname dirname dirname abs_path(__FILE__);
my @MODULES = qw(authz_core authz_host alias dir env mime setenvif headers reqtimeout rewrite
    socache_shmcb ssl status);
my $OWNER = $$;
my $folder;

END { if ($folder and $$ == $OWNER) { chdir '/'; remove_tree($folder) unless $ENV{KEEP} } }

$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);

sub top { $TOP }

# Goes into the folder. Further modules may be named.
sub enter {
    my ($class, $mpm, @modules) = @_;
    $folder = File::Temp::tempdir('glance-bench-XXXXXX', DIR => $ENV{TMPDIR} || '/tmp');
    chmod 0755, $folder;
    make_path("$folder/t/conf", "$folder/t/logs");
    my $module = abs_path($ENV{GLANCE_MODULE} || "$TOP/build/release/mod_glance.so") // '';
    File::Copy::copy($module, "$folder/mod_glance.so") or die "build mod_glance first\n";
    chdir $folder or die "$folder: $!\n";
    $ENV{TEST_MPM} = $mpm;
    chomp(my $modules = `apxs -q LIBEXECDIR`);
    open my $out, '>', 't/conf/load.conf' or die "t/conf/load.conf: $!\n";
    print $out qq(LoadModule ${_}_module "$modules/mod_$_.so"\n) for "mpm_$mpm", @MODULES, @modules;
    print $out qq(LoadModule glance_module "$folder/mod_glance.so"\n);
    close $out or die "t/conf/load.conf: $!\n";
    system('openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 '
        . '-subj /CN=localhost -keyout t/conf/server.key -out t/conf/server.crt 2>/dev/null') == 0
        or die "openssl made no certificate\n";
    return $folder;
}

1;
