# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""The control channel from both sides, spoken by a peer that is not written with Tidepool."""

import hashlib
import hmac
import json
import os
import socket
import ssl
import subprocess
import threading
import time

from harness import SECRET, TunnelTest, main, patience, read_all, read_exactly, tool, until
from stranger import Control, connect


class FakeClient(TunnelTest):
    """This test is the client; it knows the secret."""

    def start(self, parked=2, *options):
        self.server = self.start_server("--verbose", *options)
        self.control = Control(self.server.port)
        self.addCleanup(self.control.close)
        self.assertIn("welcome", self.control.prove(SECRET))
        self.parked = {}
        for _ in range(parked):
            self.park()

    def park(self):
        connection, name = connect(self.server.port)
        connection.settimeout(patience(15))
        self.addCleanup(connection.close)
        self.parked[name] = connection
        self.control.say({"have": [name]})
        return name

    def hear_open(self):
        message = self.control.hear()
        self.assertIsNotNone(message, "the control channel ended")
        self.assertIn("open", message)
        return message

    def test_open_names_an_announced_connection_and_the_peer(self):
        self.start(parked=1)
        connect(self.server.port)  # a stranger's
        visitor = self.visit(self.server)
        message = self.hear_open()
        self.assertIn(message["open"], self.parked)
        self.assertEqual(message["peer"], "127.0.0.1:%d" % visitor.getsockname()[1])

    def test_no_byte_before_opened(self):
        self.start(parked=1)
        visitor = self.visit(self.server)
        visitor.sendall(b"for the confirmed only")
        name = self.hear_open()["open"]
        connection = self.parked[name]
        connection.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            connection.recv(1)
        connection.settimeout(patience(15))
        self.control.say({"opened": name})
        self.assertEqual(read_exactly(connection, 22), b"for the confirmed only")
        connection.sendall(b"and back")
        self.assertEqual(read_exactly(visitor, 8), b"and back")

    def test_target_s_bytes_may_come_first(self):
        self.start(parked=1)
        visitor = self.visit(self.server)
        name = self.hear_open()["open"]
        self.parked[name].sendall(b"220 ready\r\n")
        self.control.say({"opened": name})
        self.assertEqual(read_exactly(visitor, 11), b"220 ready\r\n")

    def test_wrong_confirmation_opens_nothing(self):
        self.start(parked=2)
        visitor = self.visit(self.server)
        visitor.sendall(b"x")
        name = self.hear_open()["open"]
        (other,) = set(self.parked) - {name}
        self.control.say({"opened": other})
        self.control.say({"opened": "00000000"})
        for connection in self.parked.values():
            connection.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                connection.recv(1)

    def test_refused_takes_another(self):
        self.start(parked=2)
        visitor = self.visit(self.server)
        visitor.sendall(b"x")
        first = self.hear_open()["open"]
        self.control.say({"refused": first, "reason": "not mine"})
        second = self.hear_open()["open"]
        self.assertNotEqual(first, second)
        self.assertEqual(read_all(self.parked[first]), b"")  # closed, and nothing of the visitor was on it
        self.control.say({"opened": second})
        self.assertEqual(read_exactly(self.parked[second], 1), b"x")

    def test_refused_for_ever(self):
        self.start(parked=10)
        visitor = self.visit(self.server)
        for _ in range(8):
            self.control.say({"refused": self.hear_open()["open"]})
        self.assertEqual(read_all(visitor), b"")
        self.server.wait_for("was not served: the client refused 8 connections")

    def test_no_answer(self):
        self.start(parked=2)
        self.visit(self.server)
        first = self.hear_open()["open"]
        start = time.monotonic()
        second = self.hear_open()["open"]
        self.assertNotEqual(first, second)
        self.assertGreater(time.monotonic() - start, 2.5)
        self.control.say({"opened": first})  # too late
        self.assertEqual(read_all(self.parked[first]), b"")

    def test_gone_is_not_offered(self):
        self.start(parked=2)
        gone, kept = self.parked
        self.control.say({"gone": [gone]})
        self.control.say({"ping": 1})
        self.assertEqual(self.control.hear(), {"pong": 1})  # so it has read the line before
        self.visit(self.server)
        self.assertEqual(self.hear_open()["open"], kept)

    def test_client_who_dies_meanwhile(self):
        # The visitor was offered a connection when the client went: the next client serves him.
        self.start(parked=1)
        visitor = self.visit(self.server)
        visitor.sendall(b"hello")
        self.hear_open()
        self.control.close()
        self.server.wait_for("client .* lost")
        self.start_client(self.server, self.echo())
        self.assertEqual(read_exactly(visitor, 5), b"hello")

    def test_heartbeat(self):
        self.start(0, "--heartbeat", "200")
        first = self.control.hear()
        self.assertIn("ping", first)
        self.control.say({"pong": first["ping"]})
        self.control.say({"ping": 7})
        heard = [self.control.hear() for _ in range(3)]
        self.assertIn({"pong": 7}, heard)
        while self.control.hear():
            pass  # it says nothing more, and so it is lost
        self.server.wait_for("lost: nothing was heard from it for 0.[6-9]")

    def test_unknown_messages_are_for_later_releases(self):
        self.start(parked=1)
        self.control.say({"weather": "fine"})
        self.visit(self.server)
        self.hear_open()

    def test_nonsense_ends_the_session(self):
        for nonsense in (b"nonsense\n", b"[]\n", b'{"have":7}\n', b'{"opened":"zz"}\n', b'{"open":"00000000"}\n', b"x" * 70_000):
            with self.subTest(nonsense[:20]):
                self.start(parked=0)
                self.control.connection.sendall(nonsense)
                self.assertIsNone(self.control.hear())
                self.server.wait_for("client .* lost: it sent a")

    def test_thousands_of_ids(self):
        self.start(parked=0)
        for _ in range(50):
            self.control.say({"have": [os.urandom(4).hex() for _ in range(1000)]})
        name = self.park()
        self.visit(self.server)
        self.assertEqual(self.hear_open()["open"], name)


class FakeServer(TunnelTest):
    """This test is the server; whether it knows the secret is its choice."""

    def setUp(self):
        super().setUp()
        subprocess.run(
            [tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
             "-out", "cert.pem", "-days", "1", "-subj", "/CN=fake"],
            check=True, capture_output=True, cwd=self.folder, timeout=60)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.path("cert.pem"), self.path("key.pem"))
        with open(self.path("cert.pem"), encoding="ascii") as file:
            self.digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).digest()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]
        self.connections = {}
        self.control = None
        threading.Thread(target=self._accept, daemon=True).start()
        self.target = self.echo()

    def _accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
                connection = self.context.wrap_socket(plain, server_side=True)
            except OSError:
                if self.listener.fileno() < 0:
                    return
                continue
            name = os.urandom(4).hex()
            connection.sendall(name.encode())
            connection.settimeout(patience(15))
            self.connections[name] = connection
            threading.Thread(target=self._look_for_hello, args=(name, connection), daemon=True).start()

    def _look_for_hello(self, name, connection):
        # The client's only word on its own account is the hello.
        try:
            if connection.recv(1) == b"{" and self.control is None:
                self.control = (name, connection, connection.makefile("rb"))
        except OSError:
            pass

    def hello(self):
        name, connection, lines = until(lambda: self.control, 15, "the client says hello")
        hello = json.loads(b"{" + lines.readline())
        return name, connection, lines, hello

    def say(self, connection, message):
        connection.sendall(json.dumps(message).encode() + b"\n")

    def proof(self, role, name, client_nonce, server_nonce, secret=SECRET):
        text = b"tidepool-tunnel control 1 " + role + b" " + name.encode() + client_nonce + server_nonce + self.digest
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()

    def test_right_server(self):
        # What follows would prove nothing if this server did not speak as it should.
        self.start_client(self.port, self.target, wait=False)
        name, connection, lines, hello = self.hello()
        nonces = bytes.fromhex(hello["nonce"]), os.urandom(32)
        self.say(connection, {"challenge": nonces[1].hex()})
        self.assertEqual(json.loads(lines.readline()), {"proof": self.proof(b"client", name, *nonces)})
        self.say(connection, {"welcome": self.proof(b"server", name, *nonces)})
        self.processes[-1].wait_for("tunnel up")
        announced = json.loads(lines.readline())["have"]
        self.assertTrue(announced)
        self.assertNotIn(name, announced)
        self.say(connection, {"open": announced[0], "peer": "192.0.2.7:4711"})
        while "opened" not in (answer := json.loads(lines.readline())):
            pass
        self.assertEqual(answer, {"opened": announced[0]})
        self.say(connection, {"open": "00000000", "peer": "192.0.2.7:4711"})
        while "refused" not in (answer := json.loads(lines.readline())):
            pass
        self.assertEqual(answer["refused"], "00000000")

    def test_server_without_the_secret(self):
        client = self.start_client(self.port, self.target, wait=False)
        name, connection, _, hello = self.hello()
        nonces = bytes.fromhex(hello["nonce"]), os.urandom(32)
        self.say(connection, {"challenge": nonces[1].hex()})
        self.say(connection, {"welcome": self.proof(b"server", name, *nonces, secret="a guess, and a wrong one")})
        for other in list(self.connections):
            try:
                self.say(connection, {"open": other, "peer": "192.0.2.7:4711"})
            except OSError:
                pass
        client.wait_for("the server could not prove that it knows the secret")
        self.assertNotIn("tunnel up", client.text)
        self.assertEqual(self.target.received, [])

    def test_server_that_opens_at_once(self):
        client = self.start_client(self.port, self.target, wait=False)
        name, connection, _, _ = self.hello()
        self.say(connection, {"open": name, "peer": "192.0.2.7:4711"})
        client.wait_for("did not send a challenge; is it a tidepool server")
        self.assertEqual(self.target.received, [])

    def test_server_that_says_nothing(self):
        client = self.start_client(self.port, self.target, wait=False)
        self.hello()
        client.wait_for("the server does not answer on the control channel")
        self.control = None
        self.hello()  # it tries again


main()
