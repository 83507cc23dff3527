# A folder in which a script of bench/ runs private servers of the suite, on a given MPM. Use it before
# Glance::Httpd.
# SPDX-License-Identifier: ISC
#
# Environment: GLANCE_MODULE, the module to measure; default build/release/mod_glance.so.
package Glance::Bench;

use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
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

# Ends the benchmark with success where the machine lacks what it needs, and says so.
sub leave_out {
    my ($class, $why) = @_;
    print basename($0), ": left out: $why\n";
    exit 0;
}

# Leaves the benchmark out unless these programs are installed.
sub needs {
    my ($class, @programs) = @_;
    for my $program (@programs) {
        $class->leave_out("$program is not installed")
            unless grep { -x "$_/$program" } split(/:/, $ENV{PATH}), '/usr/sbin';
    }
}

# The path of a program or module that the Makefile has built.
sub program {
    my ($class, $name) = @_;
    my $path = "$TOP/build/bench/$name";
    -e $path or die "run make -f Makefile.apxs bench-programs first\n";
    return $path;
}

# The path of the module to measure.
sub module {
    my $module = abs_path($ENV{GLANCE_MODULE} || "$TOP/build/release/mod_glance.so");
    return $module if $module and -e $module;
    die "build mod_glance first\n";
}

# Makes a folder that the user of httpd's children can enter, with a copy of mod_glance.
sub folder {
    my $class = shift;
    $folder = File::Temp::tempdir('glance-bench-XXXXXX', DIR => $ENV{TMPDIR} || '/tmp');
    chmod 0755, $folder;
    File::Copy::copy($class->module, "$folder/mod_glance.so") or die "$folder: $!\n";
    return $folder;
}

# Goes into such a folder, prepared for Glance::Httpd. More modules may be named.
sub enter {
    my ($class, $mpm, @modules) = @_;
    $class->folder;
    make_path("$folder/t/conf", "$folder/t/logs");
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
