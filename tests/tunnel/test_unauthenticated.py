# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""Without the secret nobody gets a visitor's bytes, nobody gets bytes to a visitor, and nobody stands in the way."""

import contextlib
import http.client
import os
import resource
import socket
import ssl
import threading
import time
import urllib.request

from harness import SECRET, Closed, TunnelTest, main, patience, read_exactly, until
from rawpeer import VERSION, Control, connect

# The limits that the program has: see ClientAuthenticator::Limits and AnnouncedConnections::Limits.
ATTEMPTS = 16
UNAUTHENTICATED = 1024
EXPIRY = 5


class Unauthenticated(TunnelTest):
    def start(self, *options, **arguments):
        self.target = self.echo()
        self.server = self.start_server("--metrics", "127.0.0.1:0", *options, **arguments)
        self.metrics = self.server.wait_for(r"metrics on (\S+)")[1]
        self.client = self.start_client(self.server, self.target)
        self.check_echo(self.server)

    def control(self, **options):
        control = Control(self.server.port, **options)
        self.addCleanup(control.close)
        return control

    def silent(self):
        connection, _ = connect(self.server.port)
        self.addCleanup(connection.close)
        return connection

    def page(self):
        # One that breaks off in the middle of a flood is asked for again, as Prometheus would.
        with contextlib.suppress(OSError, http.client.HTTPException):
            with urllib.request.urlopen(self.metrics, timeout=patience(2)) as page:
                return page.read().decode()
        return None

    def metric(self, name):
        for line in until(self.page, 10, "the metrics page comes").splitlines():
            if line.startswith(name + "{"):
                return float(line.split()[-1])
        raise AssertionError(f"{name} is not on the page")

    def assert_closed(self, connection):
        """The server closes it, and has said nothing more."""
        said = b""
        try:
            while part := connection.recv(65536):
                said += part
        except (ConnectionError, ssl.SSLEOFError):
            pass  # a reset, and an end without close_notify, are ends, too
        self.assertEqual(said, b"")

    # --- He wants to be the client -----------------------------------------------------------------

    def test_right_secret_is_let_in(self):
        # What follows would prove nothing if this unknown client's proofs were wrong for another reason.
        self.start()
        self.assertIn("welcome", self.control().prove(SECRET))
        self.server.wait_for("another client with the same secret takes its place")

    def test_wrong_secret(self):
        self.start()
        control = self.control()
        self.assertEqual(control.prove("not the secret, but as long"), {"denied": "proof"})
        self.assertIsNone(control.hear())
        self.server.wait_for("turned away .*it does not know the secret")
        self.check_echo(self.server)
        self.assertNotRegex(self.server.text, "client .* lost")

    def test_server_does_not_prove_itself_first(self):
        # He could otherwise try guesses at home.
        self.start()
        control = self.control()
        challenge = control.hello()
        self.assertEqual(len(challenge), 32)
        control.say({"proof": "00" * 32})
        answer = control.hear()
        self.assertNotIn("welcome", answer)

    def test_replay(self):
        self.start()
        # He has recorded a whole conversation with the right client ...
        recorded = self.control()
        challenge = recorded.hello()
        proof = recorded.proof(SECRET, challenge)
        recorded.say({"proof": proof})
        self.assertIn("welcome", recorded.hear())
        recorded.close()
        # ... and says it again, word for word.
        replay = self.control()
        self.assertNotEqual(replay.hello(recorded.nonce), challenge)
        replay.say({"proof": proof})
        self.assertEqual(replay.hear(), {"denied": "proof"})

    def test_proof_of_another_connection(self):
        # He sits between and passes a proof on, but his own TLS shows another certificate to the client.
        self.start()
        control = self.control()
        challenge = control.hello()
        control.certificate = os.urandom(32)
        control.say({"proof": control.proof(SECRET, challenge)})
        self.assertEqual(control.hear(), {"denied": "proof"})

    def test_server_s_proof_thrown_back(self):
        self.start()
        control = self.control()
        challenge = control.hello()
        control.say({"proof": control.proof(SECRET, challenge, role="server")})
        self.assertEqual(control.hear(), {"denied": "proof"})

    def test_commands_without_a_proof(self):
        self.start()
        for message in (
            {"have": ["00000000"]}, {"opened": "00000000"}, {"bye": "closing"}, {"ping": 1}, {"welcome": "00" * 32},
            {"hello": "tidepool-tunnel"}, {"hello": "tidepool-tunnel", "version": VERSION, "nonce": "zz"}, {}, [], 7,
        ):
            with self.subTest(message):
                control = self.control()
                control.say(message)
                answer = control.hear()
                if answer is not None:
                    self.assertEqual(list(answer), ["denied"])
                    answer = control.hear()
                self.assertIsNone(answer)
        self.check_echo(self.server)

    def test_garbage(self):
        self.start()
        for garbage in (b"\n", b"GET / HTTP/1.1\r\n\r\n", os.urandom(500) + b"\n", b"{" * 900 + b"\n", b"x" * 2000, b"\0" * 100 + b"\n"):
            with self.subTest(garbage[:20]):
                connection = self.silent()
                connection.sendall(garbage)
                self.assert_closed(connection)
        self.check_echo(self.server)

    def test_half_a_hello_expires(self):
        self.start()
        control = self.control()
        control.connection.sendall(b'{"hello":')
        start = time.monotonic()
        self.assert_closed(control.connection)
        self.assertLess(time.monotonic() - start, patience(EXPIRY + 3))
        self.server.wait_for("turned away .*did not prove itself in time")

    def test_many_attempts_do_not_lock_the_client_out(self):
        self.start()
        attempts = []
        for _ in range(ATTEMPTS * 3):
            control = self.control()
            control.hello()
            attempts.append(control)
        # The oldest had to go, and at once.
        self.assertIsNone(attempts[0].hear())
        self.server.wait_for("turned away .*: too many attempts at once")
        # The client comes back, from the same address even, while the rest hold all places.
        self.client.kill()
        mark = self.server.mark()
        self.client = self.start_client(self.server, self.target)
        self.server.wait_for("client connected", start=mark)
        self.check_echo(self.server)

    # --- He wants a visitor's bytes ----------------------------------------------------------------

    def test_silent_connections_get_nothing(self):
        self.start()
        silent = [self.silent() for _ in range(30)]
        for _ in range(30):
            self.check_echo(self.server, 2000)
        start = time.monotonic()
        for connection in silent:
            self.assert_closed(connection)
        self.assertLess(time.monotonic() - start, patience(EXPIRY + 3))
        until(lambda: self.metric("tidepool_tunnel_unauthenticated") == 0, 5, "no unknown client is left")
        self.check_echo(self.server)

    def test_without_a_client_unauthenticated_clients_get_nothing_either(self):
        server = self.server = self.start_server("--visitor-wait", int(patience(30)))
        silent = [self.silent() for _ in range(10)]
        visitor = self.visit(server)
        visitor.sendall(b"for the client only")
        for connection in silent:
            self.assert_closed(connection)
        target = self.echo()
        self.start_client(server, target)
        self.assertEqual(read_exactly(visitor, 19), b"for the client only")

    # --- He wants to say something to a visitor ----------------------------------------------------

    def test_early_bytes_are_not_injected(self):
        self.target = self.echo(greeting=b"the target's greeting\n")
        self.server = self.start_server()
        self.start_client(self.server, self.target)
        stop = threading.Event()
        injected = []

        def inject():
            while not stop.is_set():
                with contextlib.suppress(OSError, Closed):  # the server may turn it away at any time
                    connection, name = connect(self.server.port)
                    connection.sendall(b'HTTP/1.1 200 OK\r\n\r\nforged\n{"opened":"%s"}\n' % name.encode())
                    connection.close()
                    injected.append(name)

        injectors = [threading.Thread(target=inject) for _ in range(3)]
        for injector in injectors:
            injector.start()
        try:
            for number in range(60):
                before = len(injected)
                until(lambda: len(injected) > before, 10, "somebody injects meanwhile")
                data = b"visitor %d\n" % number
                with self.visit(self.server) as visitor:
                    visitor.sendall(data)
                    self.assertEqual(read_exactly(visitor, 22 + len(data)), b"the target's greeting\n" + data)
        finally:
            stop.set()
            for injector in injectors:
                injector.join()

    # --- He wants to be in the way -----------------------------------------------------------------

    def test_flood_of_silent_connections(self):
        self.start("--tls", "self-signed")
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        most = 20_000 if files == resource.RLIM_INFINITY else min(20_000, files - 300)  # each is a file here, too
        stop = threading.Event()
        made = []

        def flood():
            while not stop.is_set() and len(made) < most:
                with contextlib.suppress(OSError, Closed):  # the oldest make room for the newest
                    made.append(connect(self.server.port)[0])

        flooders = [threading.Thread(target=flood) for _ in range(2)]
        for flooder in flooders:
            flooder.start()
        try:
            until(lambda: len(made) > 300, 60, "a crowd is there")
            for _ in range(20):
                self.check_echo(self.server, 5000)
            self.assertLessEqual(self.metric("tidepool_tunnel_unauthenticated"), UNAUTHENTICATED)
            # And a client that comes anew gets in.
            self.client.kill()
            mark = self.server.mark()
            self.client = self.start_client(self.server, self.target)
            self.server.wait_for("client connected", 20, mark)
            self.check_echo(self.server, 5000)
        finally:
            stop.set()
            for flooder in flooders:
                flooder.join()
            for connection in made:
                connection.close()
        until(lambda: self.metric("tidepool_tunnel_unauthenticated") == 0, EXPIRY + 5, "the crowd is gone")

    def test_flood_without_a_handshake(self):
        self.start()
        idle = []
        for _ in range(400):
            with contextlib.suppress(OSError):
                idle.append(socket.create_connection(("127.0.0.1", self.server.port), patience(5)))
        self.assertGreater(len(idle), 300, "a crowd is there")
        self.check_echo(self.server)
        self.client.kill()
        mark = self.server.mark()
        self.client = self.start_client(self.server, self.target)
        self.server.wait_for("client connected", 20, mark)
        self.check_echo(self.server)
        for connection in idle:
            connection.close()

    def test_network_that_is_not_allowed(self):
        self.start("--allow", "127.0.0.1")
        connect(self.server.port, source="127.0.0.1")[0].close()
        with self.assertRaises((ConnectionError, ssl.SSLEOFError, Closed)):
            connect(self.server.port, source="127.0.0.2")
        self.check_echo(self.server)


main()
