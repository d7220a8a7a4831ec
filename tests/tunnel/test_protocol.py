# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""The control channel from both sides, spoken by a peer that is not written with Tidepool."""

import contextlib
import hashlib
import hmac
import json
import os
import select
import socket
import ssl
import struct
import subprocess
import threading
import time

from harness import SECRET, TunnelTest, main, patience, read_all, read_exactly, tool, until
from rawpeer import VERSION, Control, connect


class FakeClient(TunnelTest):
    """This test is the client; it knows the secret."""

    def start(self, parked=2, *options, tls=True):
        self.tls = tls
        self.server = self.start_server("--verbose", *(() if tls else ("--tls", "none")), *options)
        self.control = Control(self.server.port, tls=tls)
        self.addCleanup(self.control.close)
        self.assertIn("welcome", self.control.prove(SECRET))
        self.parked = {}
        for _ in range(parked):
            self.park()

    def start_ready(self, parked, *options):
        """Returns when so many visitors would find a connection ready: the server has them all, and knows whose they are."""
        self.start(parked, "--metrics", "127.0.0.1:0", *options)
        until(lambda: self.server.metric("tidepool_tunnel_ready") == parked, 15, "all connections are ready")

    def park(self, narrow=False):
        connection, name = connect(self.server.port, tls=self.tls, narrow=narrow)
        connection.settimeout(patience(15))
        self.addCleanup(connection.close)
        self.parked[name] = connection
        self.control.say({"have": [name]})
        return name

    def hear_open(self):
        while (message := self.control.hear()) and ("ping" in message or "waiting" in message):
            pass
        self.assertIsNotNone(message, "the control channel ended")
        self.assertIn("open", message)
        return message

    def test_open_names_an_announced_connection_and_the_peer(self):
        self.start(parked=1)
        connect(self.server.port)  # an unknown client's
        visitor = self.visit(self.server)
        message = self.hear_open()
        self.assertIn(message["open"], self.parked)
        self.assertEqual(message["peer"], "127.0.0.1:%d" % visitor.getsockname()[1])

    def assert_silent(self, connection, seconds=0.5):
        connection.settimeout(seconds)
        with self.assertRaises(socket.timeout):
            connection.recv(1)
        connection.settimeout(patience(15))

    def assert_gets_nothing(self, connection, seconds=0.3):
        """Nothing but its end: what is not announced for long is closed."""
        connection.settimeout(seconds)
        with contextlib.suppress(socket.timeout, ConnectionError):
            self.assertEqual(connection.recv(1), b"")

    def assert_turned_away(self, visitor):
        self.assertEqual(read_all(visitor), b"")
        self.server.wait_for("was not served: the client did not say whether it has passed on what he said")

    def test_first_bytes_come_with_open(self):
        for tls in (True, False):
            with self.subTest(tls=tls):
                self.start(parked=1, tls=tls)
                visitor = self.visit(self.server)
                visitor.sendall(b"for the announced only")
                name = self.hear_open()["open"]
                connection = self.parked[name]
                self.assertEqual(read_exactly(connection, 22), b"for the announced only")
                visitor.sendall(b"and more")
                self.assertEqual(read_exactly(connection, 8), b"and more")
                # Nothing goes back to him before the client has confirmed it.
                connection.sendall(b"and back")
                self.assert_silent(visitor)
                self.control.say({"opened": name})
                self.assertEqual(read_exactly(visitor, 8), b"and back")
                visitor.sendall(b"once only")
                self.assertEqual(read_exactly(connection, 9), b"once only")

    def test_no_byte_before_announced(self):
        # Whoever only connects gets nothing, although he is there, and a visitor waits.
        for tls in (True, False):
            with self.subTest(tls=tls):
                self.start(parked=0, tls=tls)
                unknowns = [connect(self.server.port, tls=tls) for _ in range(3)]
                visitor = self.visit(self.server)
                visitor.sendall(b"for the announced only")
                for unknown, _ in unknowns:
                    self.assert_gets_nothing(unknown)
                name = self.park()
                self.assertEqual(self.hear_open()["open"], name)
                self.assertEqual(read_exactly(self.parked[name], 22), b"for the announced only")
                for unknown, _ in unknowns:
                    self.assert_gets_nothing(unknown)

    def test_visitor_who_says_a_lot(self):
        # No more than 64 KiB of him are kept, so no more is sent before the client has confirmed the connection.
        for tls in (True, False):
            with self.subTest(tls=tls):
                self.start(parked=3, tls=tls)
                visitor = self.visit(self.server)
                data = os.urandom(300_000)
                sender = threading.Thread(target=visitor.sendall, args=(data,))
                sender.start()
                for _ in range(2):
                    name = self.hear_open()["open"]
                    self.assertEqual(read_exactly(self.parked[name], 65536), data[:65536])
                    self.assert_silent(self.parked[name])
                    self.control.say({"refused": name})
                name = self.hear_open()["open"]
                self.control.say({"opened": name})
                self.assertEqual(read_exactly(self.parked[name], len(data)), data)
                sender.join()
                self.parked[name].sendall(b"thanks")
                self.assertEqual(read_exactly(visitor, 6), b"thanks")

    def test_connection_that_dies_before_opened(self):
        for tls in (True, False):
            with self.subTest(tls=tls):
                self.start(parked=2, tls=tls)
                visitor = self.visit(self.server)
                visitor.sendall(b"hello")
                first = self.hear_open()["open"]
                self.assertEqual(read_exactly(self.parked[first], 5), b"hello")
                self.parked[first].close()
                visitor.sendall(b", world")
                self.control.say({"gone": [first]})
                self.control.say({"refused": first, "reason": "it is not parked here"})
                second = self.hear_open()["open"]
                self.assertNotEqual(first, second)
                self.control.say({"opened": second})
                self.assertEqual(read_exactly(self.parked[second], 12), b"hello, world")

    def test_visitor_who_closes_early(self):
        for tls in (True, False):
            with self.subTest(tls=tls):
                self.start(parked=2, tls=tls)
                visitor = self.visit(self.server)
                visitor.sendall(b"my last words")
                visitor.close()
                first = self.hear_open()["open"]
                self.assertEqual(read_exactly(self.parked[first], 13), b"my last words")
                self.control.say({"refused": first})
                second = self.hear_open()["open"]
                self.control.say({"opened": second})
                self.assertEqual(read_all(self.parked[second]), b"my last words")

    def test_half_close_before_opened(self):
        self.start(parked=1, tls=False)
        # The target has said all it will say, and then the visitor.
        visitor = self.visit(self.server)
        visitor.sendall(b"first")
        name = self.hear_open()["open"]
        connection = self.parked[name]
        self.assertEqual(read_exactly(connection, 5), b"first")
        connection.sendall(b"welcome")
        connection.shutdown(socket.SHUT_WR)
        visitor.sendall(b", second")
        self.assertEqual(read_exactly(connection, 8), b", second")
        self.control.say({"opened": name})
        self.assertEqual(read_all(visitor), b"welcome")
        visitor.sendall(b", third")
        visitor.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(connection), b", third")
        # And the other way round.
        visitor = self.visit(self.server)
        visitor.sendall(b"question")
        visitor.shutdown(socket.SHUT_WR)
        self.park()
        name = self.hear_open()["open"]
        self.assertEqual(read_exactly(self.parked[name], 8), b"question")
        self.assert_silent(self.parked[name], 0.3)
        self.control.say({"opened": name})
        self.assertEqual(read_all(self.parked[name]), b"")
        self.parked[name].sendall(b"answer")
        self.parked[name].close()
        self.assertEqual(read_all(visitor), b"answer")

    def test_half_close_on_a_connection_that_takes_little(self):
        # The system has no room for all of the question when the client confirms it.
        self.start(parked=0, tls=False)
        name = self.park(narrow=True)
        connection = self.parked[name]
        question = os.urandom(60_000)
        visitor = self.visit(self.server)
        visitor.sendall(question)
        visitor.shutdown(socket.SHUT_WR)
        self.assertEqual(self.hear_open()["open"], name)
        self.assertEqual(read_exactly(connection, 1), question[:1])
        self.control.say({"opened": name})
        self.assert_silent(visitor, 0.3)
        self.assertEqual(read_all(connection), question[1:])
        connection.sendall(b"answer")
        connection.close()
        self.assertEqual(read_all(visitor), b"answer")
        self.server.wait_for("a visit is over: .* 60000 bytes into the tunnel, 6 bytes out of it")

    def test_late_answer_to_who_has_spoken(self):
        # Another connection would bring his bytes to the target twice.
        self.start_ready(2, "--visitor-wait", int(patience(30)))
        visitor = self.visit(self.server)
        visitor.sendall(b"once")
        name = self.hear_open()["open"]
        self.assertEqual(read_exactly(self.parked[name], 4), b"once")
        self.assert_silent(self.parked[name], 4)  # longer than the server waits for who has said nothing
        self.control.say({"opened": name})
        self.parked[name].sendall(b"at last")
        self.assertEqual(read_exactly(visitor, 7), b"at last")
        self.control.be_heard()  # and it has asked for no other meanwhile

    def test_no_answer_to_who_has_spoken(self):
        self.start_ready(2, "--visitor-wait", int(patience(3)))
        visitor = self.visit(self.server)
        visitor.sendall(b"once")
        name = self.hear_open()["open"]
        self.assert_turned_away(visitor)
        self.control.say({"opened": name})
        self.control.be_heard()  # and it has asked for no other meanwhile

    def test_client_who_is_lost_before_he_answers(self):
        # It may have passed on what the visitor said. He who has said nothing yet is the next client's.
        self.start(parked=2)
        speaker, silent = self.visit(self.server), self.visit(self.server)
        speaker.sendall(b"once")
        names = [self.hear_open()["open"] for _ in range(2)]
        until(lambda: any(select.select([self.parked[name]], [], [], 0)[0] for name in names), 10, "his bytes are there")
        self.control.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.control.close()
        self.assert_turned_away(speaker)
        target = self.echo(greeting=b"hello")
        self.start_client(self.server, target)
        self.assertEqual(read_exactly(silent, 5), b"hello")
        self.assertEqual([bytes(got) for got in target.received], [b""])

    def test_client_who_is_cut_off_in_a_message(self):
        # It may have been the confirmation.
        for tls in (True, False):
            with self.subTest(tls=tls):
                self.start(parked=1, tls=tls)
                visitor = self.visit(self.server)
                visitor.sendall(b"once")
                name = self.hear_open()["open"]
                self.assertEqual(read_exactly(self.parked[name], 4), b"once")
                self.control.connection.sendall(b'{"opened":"' + name[:4].encode())
                self.control.close()
                self.server.wait_for("client .* lost: it closed the connection in the middle of a message")
                self.assert_turned_away(visitor)

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
        self.assert_silent(self.parked[other], 0.3)
        self.parked[name].sendall(b"not confirmed")
        self.parked[other].sendall(b"neither")
        self.assert_silent(visitor, 0.3)

    def test_refused_takes_another(self):
        self.start(parked=2)
        visitor = self.visit(self.server)
        visitor.sendall(b"x")
        first = self.hear_open()["open"]
        self.assertEqual(read_exactly(self.parked[first], 1), b"x")
        self.control.say({"refused": first, "reason": "not mine"})
        second = self.hear_open()["open"]
        self.assertNotEqual(first, second)
        self.assertEqual(read_all(self.parked[first]), b"")  # closed
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
        start = time.monotonic()
        self.visit(self.server)
        first = self.hear_open()["open"]
        second = self.hear_open()["open"]
        self.assertNotEqual(first, second)
        self.assertGreater(time.monotonic() - start, 2.5)
        self.control.say({"opened": first})  # too late
        self.assertEqual(read_all(self.parked[first]), b"")

    def test_gone_is_not_offered(self):
        self.start(parked=2)
        gone, kept = self.parked
        self.control.say({"gone": [gone]})
        self.control.be_heard()
        self.visit(self.server)
        self.assertEqual(self.hear_open()["open"], kept)

    def test_client_who_dies_meanwhile(self):
        # The visitor was offered a connection when the client went: the next client serves him.
        self.start(parked=1)
        visitor = self.visit(self.server)
        visitor.sendall(b"hello")
        self.hear_open()
        self.control.be_heard()  # what is left unread would make a reset of the close
        self.control.close()
        self.server.wait_for("client .* lost")
        self.start_client(self.server, self.echo())
        self.assertEqual(read_exactly(visitor, 5), b"hello")

    def test_client_hears_how_many_wait(self):
        self.start_ready(1, "--visitor-wait", int(patience(30)))
        first = self.visit(self.server)
        first.sendall(b"x")
        while "ping" in (message := self.control.hear()):
            pass
        self.assertIn("open", message)  # a connection stood ready for him: there is nothing to tell
        visitors = [self.visit(self.server) for _ in range(5)]
        told = 0
        while told < 5:
            message = self.control.hear()
            if "ping" not in message:
                self.assertGreaterEqual(message["waiting"], told)  # the same again if their coming takes long
                told = message["waiting"]
        self.assertEqual(told, 5)
        # While they wait, it is said again.
        while "waiting" not in (message := self.control.hear()):
            pass
        self.assertEqual(message, {"waiting": 5})
        for _ in visitors:
            self.park()
            self.hear_open()

    def test_heartbeat(self):
        beat = patience(0.5)
        self.start(0, "--heartbeat", int(1000 * beat))
        first = self.control.hear()
        self.assertIn("ping", first)
        self.control.say({"pong": first["ping"]})
        self.control.say({"ping": 7})
        while (message := self.control.hear()) != {"pong": 7}:
            self.assertIn("ping", message)
        while self.control.hear():
            pass  # it says nothing more, and so it is lost
        lost = self.server.wait_for(r"lost: nothing was heard from it for (\d+\.\d) s")
        self.assertGreaterEqual(float(lost[1]), 3 * beat - 0.05)  # it is rounded

    def test_client_of_another_version(self):
        # An older one announces connections that may end at somebody who sits between.
        self.start(parked=0)
        for version, end in ((VERSION - 1, "client"), (VERSION + 1, "server")):
            with self.subTest(version=version):
                other = Control(self.server.port)
                self.addCleanup(other.close)
                other.say({"hello": "tidepool-tunnel", "version": version, "nonce": "00" * 32})
                self.assertIn("upgrade the " + end, other.hear().get("denied", ""))
                self.assertIsNone(other.hear())
                self.server.wait_for("turned away .*upgrade the " + end)

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
        self.first_words = {}  # by connection: the first byte that came, or b"" for its end
        self.control = None
        threading.Thread(target=self._accept, daemon=True).start()
        self.target = self.echo()

    def _accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
                connection = self.context.wrap_socket(plain, server_side=True)
                connection.settimeout(patience(15))
                name = os.urandom(4).hex()
                self.connections[name] = connection  # before the client can speak of it
                connection.sendall(name.encode())
            except OSError:
                if self.listener.fileno() < 0:
                    return
                continue
            threading.Thread(target=self._look_for_hello, args=(name, connection), daemon=True).start()

    def _look_for_hello(self, name, connection):
        # The client's only word on its own account is the hello. Until something comes the connection is for the test
        # to send on, and afterwards it is all the test's: an SSLSocket is not for two threads at once.
        select.select([connection], [], [])
        try:
            word = connection.recv(1)
        except OSError:
            word = b""
        if word == b"{" and self.control is None:
            self.control = (name, connection, connection.makefile("rb"))
        self.first_words[name] = word

    def hello(self):
        name, connection, lines = until(lambda: self.control, 15, "the client says hello")
        hello = json.loads(b"{" + lines.readline())
        return name, connection, lines, hello

    def say(self, connection, message):
        connection.sendall(json.dumps(message).encode() + b"\n")

    def proof(self, role, name, client_nonce, server_nonce, secret=SECRET):
        text = b"tidepool-tunnel control %d " % VERSION + role + b" " + name.encode() + client_nonce + server_nonce + self.digest
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

    def come_up(self, *options):
        """The control channel of a client that has proven itself: its connection, and its lines."""
        self.start_client(self.port, self.target, *options, wait=False)
        name, connection, lines, hello = self.hello()
        nonces = bytes.fromhex(hello["nonce"]), os.urandom(32)
        self.say(connection, {"challenge": nonces[1].hex()})
        json.loads(lines.readline())
        self.say(connection, {"welcome": self.proof(b"server", name, *nonces)})
        self.processes[-1].wait_for("tunnel up")
        return connection, lines

    def open_on_a_full_channel(self):
        """Asks for a connection while the client cannot send a word: its name, and the control channel's lines."""
        # So that the system keeps little of what is not read.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1000)
        connection, lines = self.come_up("--verbose")
        name = json.loads(lines.readline())["have"][0]
        for _ in range(500):
            connection.sendall(b'{"ping":1.2345678901234567e+300}\n' * 100)  # it says each of them back
        self.connections[name].sendall(b"once")
        self.say(connection, {"open": name, "peer": "192.0.2.7:4711"})
        self.processes[-1].wait_for("visitor 192.0.2.7:4711 on connection " + name)
        return name, lines

    def target_got(self):
        return b"".join(map(bytes, self.target.received))

    def test_nothing_is_passed_on_before_opened_is_sent(self):
        name, lines = self.open_on_a_full_channel()
        time.sleep(1)
        self.processes[-1].kill()
        self.assertNotIn(b"opened", lines.read())
        self.assertEqual(self.target_got(), b"")

    def test_opened_that_waits_is_sent_in_the_end(self):
        name, lines = self.open_on_a_full_channel()
        while "opened" not in (answer := json.loads(lines.readline())):
            pass
        self.assertEqual(answer, {"opened": name})
        until(lambda: self.target_got() == b"once", 10, "it is passed on")

    def test_channel_that_ends_before_opened_is_sent(self):
        name, lines = self.open_on_a_full_channel()
        _, connection, _ = self.control
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        lines.close()
        connection.close()
        self.processes[-1].wait_for("tunnel down")
        until(lambda: name in self.first_words, 15, "it is closed")
        self.assertEqual(self.first_words[name], b"")
        self.assertEqual(self.target_got(), b"")

    def test_hint_of_visitors(self):
        connection, lines = self.come_up("--min", 2, "--max", 40, "--min-interval", 60_000, "--max-interval", 60_000)
        until(lambda: len(self.connections) >= 3, 10, "it is warm")
        self.assertLess(len(self.connections), 10)
        self.say(connection, {"weather": "fine"})  # of a later release

        def dials(hint, expected):
            self.say(connection, {"waiting": hint})  # again and again, because it is forgotten after 5 s
            return len(self.connections) >= expected

        until(lambda: dials(20, 20), 10, "it dials for those who wait")
        until(lambda: dials(1_000_000, 40), 10, "it dials as many as it may")
        self.say(connection, {"waiting": "many"})
        self.say(connection, {"ping": 1})
        while json.loads(lines.readline()) != {"pong": 1}:
            pass
        self.assertLess(len(self.connections), 45)

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

    def test_server_of_another_version(self):
        client = self.start_client(self.port, self.target, wait=False)
        _, connection, _, hello = self.hello()
        self.assertEqual(hello["version"], VERSION)
        # These are the words of version 1.
        self.say(connection, {"denied": "protocol version 2 is not spoken here, only 1; use the same release at both ends"})
        client.wait_for("older version of the tunnel's protocol.*; upgrade the server")

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
