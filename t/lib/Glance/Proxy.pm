# A reverse proxy with the shipped conf/glance-proxy.conf: TLS, HTTP/2, tunnels.
# SPDX-License-Identifier: ISC
package Glance::Proxy;

use strict;
use warnings FATAL => 'all';

use Apache::Test ();
use Glance::Httpd;

our @ISA = ('Glance::Httpd');

# The two ways to tunnel the feed
use constant WAYS => ('mod_proxy_wstunnel', 'upgrade=websocket');

my @MODULES = qw(proxy proxy_http proxy_wstunnel);

sub _load {
    chomp(my $folder = `apxs -q LIBEXECDIR`);
    return join '', map { "LoadModule ${_}_module \"$folder/mod_$_.so\"\n" } @_;
}

sub _shipped {
    my $file = "$ENV{GLANCE_CONF}/glance-proxy.conf";
    open my $in, '<', $file or die "$file: $!";
    local $/;
    return scalar <$in>;
}

# Replaces the only match; dies if there is none or more than one.
sub _change {
    my ($text, $pattern, $by) = @_;
    my $count = () = $$text =~ /$pattern/g;
    die "conf/glance-proxy.conf has $pattern $count times" unless $count == 1;
    $$text =~ s/$pattern/$by/;
}

# The lines that the file suggests for the httpd behind it, so that this one sees the viewers' addresses
sub lines_behind {
    my @lines = _shipped() =~ /^#(RemoteIP.*\n)/mg;
    die 'conf/glance-proxy.conf has no RemoteIP' unless @lines == 2;
    return _load('remoteip') . join '', @lines;
}

# A proxy for a running server. Only the lines that an administrator has to change are changed.
sub before {
    my ($class, $back, $way) = @_;
    my $self = $class->new;
    my $tls  = $self->port('tls');
    my $certificates = Apache::Test::basic_config()->{vars}{t_conf};
    my $text = _shipped();
    _change(\$text, qr/^Define GLANCE_BACK .*$/m, 'Define GLANCE_BACK 127.0.0.1:' . $back->port);
    _change(\$text, qr/^<VirtualHost \*:443>$/m,    "<VirtualHost 127.0.0.1:$tls>");
    _change(\$text, qr/SSLCertificateFile .*$/m,    "SSLCertificateFile \"$certificates/server.crt\"");
    _change(\$text, qr/SSLCertificateKeyFile .*$/m, "SSLCertificateKeyFile \"$certificates/server.key\"");
    if ($way eq 'upgrade=websocket') {
        _change(\$text, qr/^    (?=ProxyPass "\/api\/feed" "ws:)/m,    '    #');
        _change(\$text, qr/^    #(?=ProxyPass "\/api\/feed" "http:)/m, '    ');
    }
    return $self->configure(
        _load($way eq 'upgrade=websocket' ? qw(proxy proxy_http) : @MODULES)
            . "KeepAliveTimeout 2\nDefine APACHE_LOG_DIR \"$self->{root}\"\nListen 127.0.0.1:$tls\n$text",
        no_paths => 1)->start;
}

# How to reach it.
sub to { my $self = shift; return $self->SUPER::to('tls') }

1;
