# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""All ways to protect a tunnel work, and what must not work is refused in plain words."""

import contextlib
import os
import re
import select
import socket
import ssl
import stat
import threading
import urllib.request

from harness import SECRET, TunnelTest, lasting_port, main, patience, read_all, until


class Tls(TunnelTest):
    def pin_of(self, server):
        return server.wait_for(r"pin (sha256:[0-9a-f]{64})")[1]

    # --- What works --------------------------------------------------------------------------------

    def test_none(self):
        server = self.start_server("--tls", "none")
        server.wait_for("without TLS everybody")
        self.start_client(server, self.echo(), "--tls", "none")
        self.check_echo(server)

    def test_self_signed_without_a_pin(self):
        server = self.start_server()
        self.start_client(server, self.echo())
        self.check_echo(server)

    def test_self_signed_with_its_pin(self):
        server = self.start_server()
        self.start_client(server, self.echo(), "--pin", "sha256:" + "0" * 64, "--pin", self.pin_of(server))
        self.check_echo(server)

    def test_pin_written_with_colons(self):
        server = self.start_server()
        digits = self.pin_of(server).partition(":")[2].upper()
        pin = "sha256:" + ":".join(digits[i:i + 2] for i in range(0, 64, 2))
        self.start_client(server, self.echo(), "--pin", pin)
        self.check_echo(server)

    def test_certificate_that_stays(self):
        files = ["--cert", self.path("new.pem"), "--key", self.path("new.key")]
        server = self.start_server(*files, listen=lasting_port())
        server.wait_for("made a certificate")
        self.assertEqual(stat.S_IMODE(os.stat(self.path("new.key")).st_mode), 0o600)
        pin = self.pin_of(server)
        client = self.start_client(server, self.echo(), "--pin", pin)
        self.check_echo(server)
        server.kill()
        mark = client.mark()
        server = self.start_server(*files, listen=server.port)
        self.assertEqual(self.pin_of(server), pin)
        client.wait_for("tunnel up", start=mark)
        self.check_echo(server)

    def test_verified_by_own_authority(self):
        self.make_authority()
        for key in ("ec", "rsa"):
            with self.subTest(key):
                server = self.start_server("--tls", "verified", *self.make_certificate("tunnel.example.org", key))
                options = ["--tls", "verified", "--ca", self.path("ca.pem")]
                target = self.echo()
                client = self.start_client(server, target, *options)  # by its address, which is in the certificate
                self.check_echo(server)
                client.kill()
                self.start_client(server, target, *options, "--server-name", "tunnel.example.org")
                self.check_echo(server)

    # --- What is refused ---------------------------------------------------------------------------

    def assert_refused(self, client, pattern):
        """It says why, goes on living, and comes to rest."""
        client.wait_for(pattern)
        self.assertIsNone(client.process.poll())
        self.assertNotIn("tunnel up", client.text)
        self.assertLess(len(client.text.splitlines()), 8, client.text)
        client.wait_for("next attempt in 30 s")

    def test_wrong_pin(self):
        server = self.start_server()
        client = self.start_client(server, self.echo(), "--pin", "sha256:" + "0" * 64, "--retry-forever", wait=False)
        self.assert_refused(client, "pin")
        with open(f"/proc/{client.process.pid}/stat", encoding="ascii") as file:
            ticks = sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
        self.assertLess(ticks, 200 * patience(1), "it does not dial again and again")

    def test_unknown_authority(self):
        self.make_authority()
        server = self.start_server("--tls", "verified", *self.make_certificate("tunnel.example.org"))
        client = self.start_client(server, self.echo(), "--tls", "verified", "--retry-forever", wait=False)  # the system's authorities
        self.assert_refused(client, "(?i)certificate")

    def test_wrong_name(self):
        self.make_authority()
        server = self.start_server("--tls", "verified", *self.make_certificate("tunnel.example.org"))
        client = self.start_client(
            server, self.echo(), "--tls", "verified", "--ca", self.path("ca.pem"), "--server-name", "other.example.org",
            "--retry-forever", wait=False)
        self.assert_refused(client, "(?i)name|certificate")

    def test_wrong_secret(self):
        server = self.start_server()
        client = self.start_client(server, self.echo(), "--retry-forever", secret="some other secret, also long", wait=False)
        self.assert_refused(client, "does not accept our proof; give both ends the same secret")
        server.wait_for("turned away .*does not know the secret")
        until(lambda: self.connections_of(client) == 0, 10, "nothing is left of its pool")

    def test_gives_up(self):
        self.make_authority()
        server = self.start_server("--tls", "verified", *self.make_certificate("tunnel.example.org"))
        for options, secret, status, says in (
            (["--pin", "sha256:" + "0" * 64], SECRET, 3, "update --pin"),
            (["--tls", "verified"], SECRET, 3, "--server-name, --ca"),
            (["--tls", "verified", "--ca", self.path("ca.pem"), "--server-name", "other.example.org"], SECRET, 3, "--server-name, --ca"),
            ([], "some other secret, also long", 4, "give both ends the same secret"),
        ):
            with self.subTest(options):
                client = self.start_client(server, self.echo(), *options, secret=secret, wait=False)
                self.assertEqual(client.wait(30), status, client.text)
                self.assertRegex(client.text, "error .*giving up after 3 attempts; --retry-forever goes on")
                self.assertIn(says, client.text)
                self.assertNotRegex(client.text, r"\b[A-Z]\w+::")

    def test_remedies_are_options(self):
        # What answers is no tidepool server, or one with other settings.
        silent = self.echo()
        for what, port, options, says in (
            ("greets", self.echo(greeting=b"220 mail.example.org ESMTP\r\n").port, ["--tls", "none"], "Is it a tidepool server"),
            ("closes", self.echo(close_after_greeting=True).port, ["--tls", "none"], "Is it a tidepool server"),
            ("says nothing", silent.port, ["--tls", "none"], "Is it a tidepool server, with the same --tls?"),
            ("TLS at the server only", self.start_server().port, ["--tls", "none"], "the same --tls"),
            ("TLS at the client only", self.start_server("--tls", "none").port, [], "the same --tls"),
        ):
            with self.subTest(what):
                client = self.start_client(port, silent, *options, wait=False)
                client.wait_for(re.escape(says))
                self.assertNotRegex(client.text, r"\b[A-Z]\w+::")
                self.assertNotIn("IdFormat", client.text)

    # --- What is worth a warning -------------------------------------------------------------------

    def test_weak_settings_are_told_once(self):
        self.make_authority()
        certificate = self.make_certificate("tunnel.example.org")
        for mode, at_server, options, at_client in (
            ("none", "without TLS .*--tls self-signed", [], "without TLS .*--tls self-signed"),
            ("self-signed", None, [], "without --pin .*--pin sha256:"),
            ("self-signed", None, "--pin", None),
            ("verified", None, ["--ca", self.path("ca.pem")], None),
        ):
            with self.subTest(mode=mode, options=options):
                server = self.start_server("--tls", mode, *(certificate if mode == "verified" else []))
                if options == "--pin":
                    options = ["--pin", server.wait_for(r"pin (sha256:\S+)")[1]]
                client = self.start_client(server, self.echo(), "--tls", mode, *options)
                self.check_echo(server)
                for process, says in ((server, at_server), (client, at_client)):
                    warnings = [line for line in process.text.splitlines() if " warning " in line]
                    self.assertEqual(len(warnings), 1 if says else 0, warnings)
                    if says:
                        self.assertRegex(warnings[0], says)

    def connections_of(self, process):
        """TCP connections of a process."""
        folder = f"/proc/{process.process.pid}/fd"
        own = set()
        for name in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                own.add(os.readlink(os.path.join(folder, name)))
        with open("/proc/net/tcp", encoding="ascii") as file:
            established = [line.split() for line in file.readlines()[1:] if line.split()[3] == "01"]
        return sum(f"socket:[{fields[9]}]" in own for fields in established)

    def test_tls_at_one_end_only(self):
        server = self.start_server("--tls", "none")
        client = self.start_client(server, self.echo(), wait=False)
        client.wait_for("the same --tls")
        self.assertNotIn("tunnel up", client.text)
        self.assertIsNone(client.process.poll())

    # --- Someone sits between ----------------------------------------------------------------------

    def test_man_in_the_middle(self):
        # He ends TLS with a certificate of his own and passes everything on. The client has no pin: its secret tells.
        self.make_authority()
        self.make_certificate("middle")
        server = self.start_server()
        middle = Middle(self.path("server.pem"), self.path("server.key"), server.port)
        self.addCleanup(middle.close)
        client = self.start_client(middle.port, self.echo(), "--retry-forever", wait=False)
        self.assert_refused(client, "someone between them shows a certificate of his own")
        self.assertGreater(middle.passed, 0)

    def test_man_in_the_middle_of_some_connections(self):
        # Cleverer: he lets the control channel through, and only then begins to sit between.
        self.make_authority()
        self.make_certificate("middle")
        server = self.start_server("--visitor-wait", "3")
        middle = Middle(self.path("server.pem"), self.path("server.key"), server.port, transparent=1)
        self.addCleanup(middle.close)
        target = self.echo()
        self.start_client(middle.port, target, "--min", "4", "--max", "4", "--verbose")
        middle.go_on.set()
        until(lambda: middle.passed > 0, 15, "he sits between")
        with self.visit(server) as visitor:
            visitor.sendall(b"a secret of the visitor's")
            visitor.settimeout(patience(15))
            self.assertEqual(read_all(visitor), b"")
        self.assertEqual([bytes(got) for got in target.received], [])
        self.assertNotIn(b"a secret of the visitor's", bytes(middle.seen))

    def test_connections_of_another_server_are_dropped(self):
        # They take up no room in the pool, and are not dialled again and again.
        self.make_authority()
        self.make_certificate("middle")
        server = self.start_server()
        middle = Middle(self.path("server.pem"), self.path("server.key"), server.port, transparent=1)
        self.addCleanup(middle.close)
        client = self.start_client(middle.port, self.echo(), "--min", "4", "--max", "4", "--metrics", ":0", "--retry-forever")
        url = client.wait_for(r"metrics on (\S+)")[1]
        middle.go_on.set()

        def dropped():
            with urllib.request.urlopen(url, timeout=patience(10)) as page:
                lines = page.read().decode().splitlines()
            return sum(int(line.split()[-1]) for line in lines if line.startswith("tidepool_pool_evicted") and "Requested" in line)

        until(lambda: dropped() >= 4, 10, "they are dropped")
        self.assertLess(middle.accepted, 40)
        middle.transparent = 1_000_000
        until(lambda: self.is_served(server), 30, "the pool is warm again when nobody sits between any more")

    def is_served(self, server):
        with contextlib.suppress(OSError), self.visit(server) as visitor:
            visitor.sendall(b"hello")
            return visitor.recv(5) == b"hello"
        return False


class Middle:
    """Accepts TLS with its own certificate, and passes the plain bytes on to the server, by TLS again.

    So many of the first connections are transparent: they pass untouched. The client dials several at once, and takes
    the first that is through for its control channel: the others wait for go_on.
    """

    def __init__(self, certificate, key, port, transparent=0):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client_context.check_hostname = False
        self._client_context.verify_mode = ssl.CERT_NONE
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        self.accepted = 0
        self.transparent = transparent
        self.go_on = threading.Event()
        if not transparent:
            self.go_on.set()
        self.passed = 0
        self.seen = bytearray()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            touched = self.accepted > self.transparent
            threading.Thread(target=self._serve, args=(connection, touched), daemon=True).start()

    def _serve(self, near, touched):
        if touched:
            self.go_on.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self._target))
            if touched:
                near = self._context.wrap_socket(near, server_side=True)
                far = self._client_context.wrap_socket(far)
        except OSError:
            return
        with near, far:
            with contextlib.suppress(OSError):
                self._pass(near, far, touched)
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    # Both ways in one thread: an SSLSocket is not for two.
    def _pass(self, near, far, touched):
        ways = {near: far, far: near}
        while True:
            decrypted = [source for source in ways if touched and source.pending()]
            for source in decrypted or select.select(list(ways), [], [])[0]:
                source.settimeout(0)  # what has come may be of TLS itself, with nothing to pass on
                try:
                    data = source.recv(65536)
                except (BlockingIOError, ssl.SSLWantReadError):
                    continue
                finally:
                    source.settimeout(None)
                if not data:
                    return
                if touched:
                    self.passed += len(data)
                    self.seen += data
                ways[source].sendall(data)

    def close(self):
        self.go_on.set()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()


main()
