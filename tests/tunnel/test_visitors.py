# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""Visitors who leave before they are served cost neither a warm connection nor a dial to the target."""

import signal
import socket
import struct

from harness import TunnelTest, main, read_all, read_exactly, times, until

NOW = struct.pack("ii", 1, 0)  # for SO_LINGER: close by a reset


class Visitors(TunnelTest):
    def start(self, *options, client=True):
        self.target = self.echo()
        self.options = options
        self.server = self.start_server(*options, "--metrics", ":0")
        if client:
            self.start_client(self.server, self.target, *options, "--min", 16, "--max", 16)
            until(lambda: self.metric("tidepool_tunnel_ready") == 16, 15, "the pool is warm")

    def metric(self, name):
        return self.server.metric(name)

    def spent(self):
        """Warm connections that were used up, but for those of the control channels."""
        names = ("tidepool_pool_taken_total", "tidepool_pool_given_back_total", "tidepool_tunnel_sessions_total")
        taken, given_back, sessions = (self.metric(name) for name in names)
        return taken - given_back - sessions

    def leave(self, reset=False, says=b""):
        with socket.create_connection(("127.0.0.1", self.server.exposed)) as visitor:
            if says:
                visitor.sendall(says)
            if reset:
                visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOW)

    WAYS_TO_LEAVE = (((), False), ((), True), (("--tls", "none"), True))

    def left_of(self, arrived):
        """How many left before they were served; so many have come, those who were served included."""
        until(lambda: self.metric("tidepool_tunnel_visitors_total") == arrived, 15, "all have come")
        until(lambda: self.metric("tidepool_tunnel_waiting") == 0, 15, "nobody waits")
        return self.metric("tidepool_tunnel_visitors_left_total")

    def test_crowd_that_leaves_at_once(self):
        for options, reset in self.WAYS_TO_LEAVE:
            with self.subTest(options=options, reset=reset):
                self.start(*options)
                honest = len(times(10))
                for _ in range(honest):
                    self.server.stop()  # so that all have gone when it sees them
                    for _ in range(100):
                        self.leave(reset=reset)
                    self.server.signal(signal.SIGCONT)
                    self.check_echo(self.server, 1000)
                self.assertEqual(self.left_of(101 * honest), 100 * honest)
                self.assertLessEqual(self.spent(), honest)
                self.assertEqual(len(self.target.received), honest)

    def test_crowd_that_leaves_meanwhile(self):
        for options, reset in self.WAYS_TO_LEAVE:
            with self.subTest(options=options, reset=reset):
                self.start(*options)
                count = len(times(300))
                for _ in range(count):
                    self.leave(reset=reset)
                self.check_echo(self.server, 1000)
                # Those whose end came after they were served cannot be told from others.
                others = count + 1 - self.left_of(count + 1)
                self.assertLessEqual(self.spent(), others)
                self.assertLessEqual(len(self.target.received), others)

    def test_who_left_while_nobody_was_there(self):
        self.start(client=False)
        for i in range(100):
            self.leave(reset=i % 2 == 0, says=b"hello" if i % 4 == 0 else b"")
        until(lambda: self.metric("tidepool_tunnel_visitors_left_total") == 100, 5, "their end is seen")
        self.assertEqual(self.metric("tidepool_tunnel_waiting"), 0)  # so that they take nobody's place
        self.start_client(self.server, self.target)
        self.check_echo(self.server)
        self.assertEqual(len(self.target.received), 1)
        self.assertEqual(self.metric("tidepool_tunnel_visitors_failed_total"), 0)

    def test_who_has_said_something_is_served(self):
        # He has ended his sending, or closed; what he sent is for the target all the same.
        self.start(client=False)
        for end in ("closed", "half closed"):
            visitor = self.visit(self.server)
            visitor.sendall(end.encode())
            visitor.shutdown(socket.SHUT_WR)
            if end == "closed":
                visitor.close()
        self.start_client(self.server, self.target)
        until(lambda: sorted(map(bytes, self.target.received)) == [b"closed", b"half closed"], 15, "both are served")
        self.assertEqual(self.metric("tidepool_tunnel_visitors_left_total"), 0)

    def test_half_closed_visitor_hears_the_answer(self):
        # Without TLS, even one who has not said a word: the target speaks first.
        self.start("--tls", "none", client=False)
        target = self.echo(greeting=b"welcome", close_after_greeting=True)
        silent = self.visit(self.server)
        silent.shutdown(socket.SHUT_WR)
        # The name is looked up, and its first address refuses: his end comes before the target is reached.
        self.start_client(self.server, target, "--tls", "none", host="localhost")
        self.assertEqual(read_all(silent), b"welcome")
        self.assertEqual(self.metric("tidepool_tunnel_visitors_left_total"), 0)

    def test_crowd_finds_it_warm(self):
        # They come while the server is busy, so that it sees them all at once; there is a connection for each.
        self.start()
        self.server.stop()
        crowd = [self.visit(self.server) for _ in range(8)]
        for visitor in crowd:
            visitor.sendall(b"hello")
        self.server.signal(signal.SIGCONT)
        for visitor in crowd:
            self.assertEqual(read_exactly(visitor, 5), b"hello")
        self.assertEqual(self.metric("tidepool_tunnel_served_warm_total"), 8)

    def test_silent_visitor_is_served(self):
        self.start()
        target = self.echo(greeting=b"welcome")
        self.start_client(self.server, target)
        self.assertEqual(read_exactly(self.visit(self.server), 7), b"welcome")


main()
