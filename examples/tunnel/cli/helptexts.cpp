// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "helptexts.h"

#include <QtNetwork/QSslSocket>

namespace Tunnel {

namespace {

constexpr auto programText = R"(tidepool - a reverse tunnel on warm TLS connections

What comes in at the server's exposed address is carried to a service behind the client.
The client needs no open port: it keeps connections to the server dialled and handshaken,
so that a visitor waits for neither.

    visitor --> server:8080  <==== warm TLS connections ====  client --> 127.0.0.1:3000

Usage: tidepool COMMAND [options]

Commands:
  server    the public end: listens for the client, exposes an address to visitors
  client    the private end: connects to the server, forwards visitors to the target
  demo      both ends in one process for a few seconds: shows the pool at work and
            checks every byte

  tidepool COMMAND --help   explains a command, with examples
  tidepool --version        shows the version

In a minute:
  1. On a machine that both sides can reach:
         tidepool server --listen :8443 --expose :8080
     It prints the command for the client, secret and pin included.
  2. Paste that command on the machine with the service, with the service's address:
         TIDEPOOL_SECRET=... tidepool client --server example.org:8443 --pin sha256:... \
             --target 127.0.0.1:3000
  3. Visit http://example.org:8080/
)";

constexpr auto serverText = R"(tidepool server - the public end of the tunnel

Usage: tidepool server --listen ADDR:PORT --expose ADDR:PORT [options]

Addresses:
  --listen ADDR:PORT      where the client connects to (required)
  --expose ADDR:PORT      where visitors connect to (required)
                          :8080 means all addresses, port 0 any free port; [::1]:80 for IPv6
  --allow CIDR            accept clients only from this address or network; may be repeated
  --metrics ADDR:PORT     serve metrics for Prometheus at http://ADDR:PORT/metrics;
                          :9464 means this machine only, *:9464 all IPv4 addresses

Who may be the client:
  --secret-file FILE      the secret that both ends must know, at least 16 characters.
                          Without it: the environment variable TIDEPOOL_SECRET; without both,
                          the server makes one up and prints the client's command line.

Encryption:
  --tls MODE              self-signed (default), verified or none
  --cert FILE, --key FILE certificate (chain) and private key, PEM. Needed for verified. With
                          self-signed they are made if they do not exist, so that the pin
                          survives a restart; without them a new certificate is made at each start.

Limits:
  --visitor-wait SECONDS  how long a visitor waits to be served (default 10)
  --max-waiting N         visitors who may wait at once (default 1024)
  --idle-timeout SECONDS  close what carries no byte for so long; 0 never (default 3600)
  --heartbeat MS          between signs of life; after three without one the client counts
                          as gone (default 5000)
  --io-threads N          I/O threads for dials, and as many for what is carried (default: one
                          for each processor, four at most)

Other:
  --verbose               log every visitor
  -h, --help              this help

Examples:
  Try it; paste what it prints at the other end:
      tidepool server --listen :8443 --expose :8080

  For good, with a secret and a certificate that stay:
      (umask 077; openssl rand -hex 32 > secret)
      tidepool server --listen :8443 --expose :8080 --secret-file secret \
          --cert server.pem --key server.key

  With a certificate of Let's Encrypt, the exposed port for this machine only (a web server
  in front), metrics for Prometheus, clients of one network only:
      tidepool server --listen :8443 --expose 127.0.0.1:8080 --tls verified \
          --cert fullchain.pem --key privkey.pem --secret-file secret \
          --allow 198.51.100.0/24 --metrics 127.0.0.1:9464

A visitor who ends his sending and waits for the answer, as `nc -N` does, gets it with
--tls none. With TLS between the tunnel's ends his connection ends there, without the
answer. A visitor who leaves before he is served uses up no warm connection. He counts as
having left when he has reset his connection or, with TLS, ended his sending without having
sent a byte.

Ends with SIGINT, SIGTERM or SIGHUP: no more visitors, those under way have 5 seconds. A
second signal ends it at once.

Exit status:
  0  after a signal         1  it could not start         2  the options are wrong
)";

constexpr auto clientText = R"(tidepool client - the private end of the tunnel

Usage: tidepool client --server HOST:PORT --target HOST:PORT [options]

Addresses:
  --server HOST:PORT      the server's --listen address (required)
  --target HOST:PORT      the service that visitors get (required); :3000 means this machine
  --metrics ADDR:PORT     serve metrics for Prometheus at http://ADDR:PORT/metrics;
                          :9464 means this machine only, *:9464 all IPv4 addresses

Who is who:
  --secret-file FILE      the secret that both ends must know, at least 16 characters.
                          Without it: the environment variable TIDEPOOL_SECRET.
                          Both ends prove that they know it; neither shows it.

Encryption:
  --tls MODE              self-signed (default), verified or none; as at the server
  --pin sha256:DIGEST     accept only a server with this certificate or public key; may be
                          repeated. Works with self-signed and verified.
  --ca FILE               verified: trust these authorities (PEM) and not the system's
  --server-name NAME      verified: the name in the server's certificate, if it is not the
                          host of --server

Warm connections:
  --min N, --max N        how many to keep ready (default 8 to 64)
  --min-interval MS, --max-interval MS
                          time between two top-up rounds (default 500 to 5000)
  --state-file FILE       keep in this file how many the visitors need, and when their rushes
                          come; a client that is started again soon is then warm at once.
                          Written once a minute when that has changed, and at the end. A file
                          that is something else is reported and left alone.
  --record FILE           write when visitors came, times only, to a new file; tidepool-sim
                          plays it against other settings

Other:
  --idle-timeout SECONDS  close what carries no byte for so long; 0 never (default 3600)
  --heartbeat MS          between signs of life; after three without one the server counts
                          as gone (default 5000)
  --io-threads N          I/O threads for dials, and as many for what is carried (default: one
                          for each processor, four at most)
  --retry-forever         go on when the server's certificate or the secret is wrong
                          (default: give up after 3 attempts, see below)
  --verbose               log every visitor
  -h, --help              this help

Examples:
  What the server printed:
      TIDEPOOL_SECRET=... tidepool client --server example.org:8443 --pin sha256:... \
          --target 127.0.0.1:3000

  With the secret in a file, and up to 200 warm connections for rushes:
      tidepool client --server example.org:8443 --target 127.0.0.1:3000 \
          --secret-file secret --min 16 --max 200

  A server with a certificate of your own authority, reached by its address:
      tidepool client --server 192.0.2.7:8443 --target 10.0.0.5:22 --tls verified \
          --ca company-ca.pem --server-name tunnel.example.org --secret-file secret

It comes back by itself after an outage or a restart of the server. Ends with SIGINT,
SIGTERM or SIGHUP: no more visitors, those under way have 5 seconds. A second signal ends it
at once.

Exit status:
  0  after a signal         1  it could not start         2  the options are wrong
  3  three times in a row, the server's certificate was not the one of --pin, or not valid
  4  three times in a row, one end did not accept the other's secret
)";

constexpr auto demoText = R"(tidepool demo - the whole tunnel in one process, with every byte checked

Usage: tidepool demo [options]

Starts a server, a client and a target on this machine's loopback, connected by TLS 1.3,
warms the pool and pushes data through many tunnelled connections, both ways at once. Both
receivers check all they get by SHA-256. Ends with a table, and with exit status 0 only if
every byte was right.

Options:
  --seconds N             open new connections for so long (default 4)
  --connections N         at once (default 50)
  --megabytes N           for each connection and direction (default 2)
  --verbose               log what both ends do
  -h, --help              this help

Examples:
  tidepool demo
  tidepool demo --seconds 30 --connections 200 --megabytes 1
  tidepool demo --connections 4 --megabytes 500
)";

} // namespace

QString programHelp()
{
    return QString::fromUtf8(programText);
}

QString commandHelp(const QString &command)
{
    if (command == QLatin1String("server"))
        return QString::fromUtf8(serverText);
    return QString::fromUtf8(command == QLatin1String("client") ? clientText : demoText);
}

QString versionText()
{
    return QStringLiteral("tidepool " TIDEPOOL_TUNNEL_VERSION " (Qt %1, %2)\n")
        .arg(QString::fromLatin1(qVersion()), QSslSocket::sslLibraryVersionString());
}

} // namespace Tunnel
