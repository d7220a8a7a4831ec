# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""The tunnel survives the death of either end, and says so."""

import concurrent.futures
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time

from harness import Closed, TunnelTest, lasting_port, main, patience, read_all, read_exactly, sha256_of, tool, until

# In milliseconds. Three without a sign of life end a session, and a busy machine gives none for a moment, too.
HEARTBEAT = int(patience(1000))


class Recovery(TunnelTest):
    def start(self, *options):
        self.target = self.echo()
        self.server = self.start_server(*options, listen=lasting_port(), expose=lasting_port())
        self.client = self.start_client(self.server, self.target, *options)
        self.check_echo(self.server)

    def busy_visitor(self):
        """A visitor in the middle of something."""
        visitor = self.visit(self.server)
        visitor.sendall(b"x" * 1000)
        read_exactly(visitor, 1000)
        return visitor

    def assert_cut_off(self, visitor):
        self.assertEqual(read_all(visitor), b"")

    def test_client_killed(self):
        self.start()
        visitor = self.busy_visitor()
        self.client.signal(signal.SIGKILL)
        self.assert_cut_off(visitor)
        self.server.wait_for("client .* lost")
        mark = self.server.mark()
        self.client = self.start_client(self.server, self.target)
        self.server.wait_for("client connected", start=mark)
        self.check_echo(self.server)

    def test_server_killed(self):
        self.start()
        visitor = self.busy_visitor()
        mark = self.client.mark()
        self.server.signal(signal.SIGKILL)
        self.server.wait()
        self.assert_cut_off(visitor)
        self.client.wait_for("tunnel down", start=mark)
        self.server = self.start_server(listen=self.server.port, expose=self.server.exposed)
        self.client.wait_for("tunnel up", start=mark)
        self.check_echo(self.server)

    def test_killed_in_the_middle_of_a_download(self):
        # nginx behind the tunnel and curl in front of it: a download is cut off, which curl can tell, and the next is whole.
        web = self.nginx()
        digest = web.put("large", 200_000_000)
        self.server = self.start_server(listen=lasting_port(), expose=lasting_port())
        self.client = self.start_client(self.server, web)

        def curl(output, *options):
            return subprocess.Popen(
                [tool("curl"), "--fail", "--silent", "--noproxy", "*", *options, "-o", output,
                 f"http://127.0.0.1:{self.server.exposed}/large"])

        for victim in (self.client, self.server):
            half = self.path(f"half of {victim.name}")
            with curl(half, "--limit-rate", "20M") as download:
                until(lambda: os.path.exists(half) and os.path.getsize(half) > 1_000_000, 15, "it is in the middle")
                mark = self.client.mark()
                victim.signal(signal.SIGKILL)
                self.assertIn(download.wait(patience(30)), (18, 52, 56), "curl saw that it was not all")
            victim.wait()
            if victim is self.client:
                self.client = self.start_client(self.server, web)
            else:
                self.server = self.start_server(listen=self.server.port, expose=self.server.exposed)
                self.client.wait_for("tunnel up", start=mark)
            whole = self.path(f"all after {victim.name}")
            with curl(whole) as download:
                self.assertEqual(download.wait(patience(60)), 0)
            self.assertEqual(sha256_of(whole), digest)

    def test_server_away_for_a_while(self):
        self.start()
        mark = self.client.mark()
        self.server.signal(signal.SIGKILL)
        self.server.wait()
        self.client.wait_for("tunnel down", start=mark)
        time.sleep(4)  # not a wait for something: the outage itself, long enough for the backoff to grow
        self.server = self.start_server(listen=self.server.port, expose=self.server.exposed)
        self.client.wait_for("tunnel up", start=mark)
        self.check_echo(self.server)
        self.assertLess(self.client.text.count("failed"), 10, "the log is not flooded")

    def test_killed_again_and_again_under_load(self):
        self.start()
        stop = threading.Event()
        right = []

        def visit_until_stopped():
            while not stop.is_set():
                data = os.urandom(20_000)
                with contextlib.suppress(OSError, Closed):
                    with socket.create_connection(("127.0.0.1", self.server.exposed), patience(15)) as visitor:
                        visitor.sendall(data)
                        right.append(read_exactly(visitor, len(data)) == data)

        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            visitors = [threads.submit(visit_until_stopped) for _ in range(4)]
            try:
                for _ in range(3):
                    before = len(right)
                    until(lambda: len(right) > before + 20, 20, "visitors are served")
                    self.client.signal(signal.SIGKILL)
                    self.client = self.start_client(self.server, self.target)
                    before = len(right)
                    until(lambda: len(right) > before + 20, 20, "visitors are served again after the client's death")
                    mark = self.client.mark()
                    self.server.signal(signal.SIGKILL)
                    self.server.wait()
                    self.server = self.start_server(listen=self.server.port, expose=self.server.exposed)
                    self.client.wait_for("tunnel up", start=mark)
            finally:
                stop.set()
        self.assertEqual([visitor.exception() for visitor in visitors], [None] * 4)
        self.assertTrue(all(right))
        self.check_echo(self.server)

    def test_visitor_waits_for_the_client(self):
        self.target = self.echo()
        self.server = self.start_server()
        visitor = self.visit(self.server)
        visitor.sendall(b"is anybody there?")
        self.start_client(self.server, self.target)
        self.assertEqual(read_exactly(visitor, 17), b"is anybody there?")

    def test_visitor_does_not_wait_for_ever(self):
        server = self.start_server("--visitor-wait", 1)
        start = time.monotonic()
        with self.visit(server) as visitor:
            self.assert_cut_off(visitor)
        self.assertGreater(time.monotonic() - start, 0.9)
        self.assertLess(time.monotonic() - start, patience(5))
        server.wait_for("was not served: no client is here")

    def test_waiting_visitors_are_few(self):
        server = self.start_server("--max-waiting", 3)
        waiting = [self.visit(server) for _ in range(3)]
        with self.visit(server) as visitor:
            self.assert_cut_off(visitor)
        server.wait_for("was not served: 3 others are waiting")
        self.start_client(server, self.echo())
        for visitor in waiting:
            visitor.sendall(b"hello")
            self.assertEqual(read_exactly(visitor, 5), b"hello")

    def test_more_visitors_than_files(self):
        target = self.echo()
        for mode in ("self-signed", "none"):
            with self.subTest(mode):
                server = self.start_server("--tls", mode, files=256)
                self.start_client(server, target, "--tls", mode)
                self.check_echo(server)
                crowd = [self.visit(server) for _ in range(400)]
                served = 0
                for visitor in crowd:
                    with contextlib.suppress(OSError, Closed):
                        visitor.sendall(b"hello")
                        served += read_exactly(visitor, 5) == b"hello"
                self.assertGreater(served, 10)
                until(lambda: self.rests(server), 15, "it rests, and does not spin")
                server.wait_for("was not served: .* others are here already")
                for visitor in crowd:
                    visitor.close()
                until(lambda: self.served(server), 15, "there is room again")

    def test_files_of_a_visitor(self):
        # TunnelServer's settings count with these: more would run it out of files, fewer turn visitors away for nothing.
        target = self.echo()
        for mode in ("self-signed", "none"):
            with self.subTest(mode):
                server = self.start_server("--tls", mode)
                self.start_client(server, target, "--tls", mode, "--min", 8, "--max", 8)
                # Both listeners, the control channel, which has two, and the warm ones.
                until(lambda: self.files(server, "socket:") == 2 + 2 + 8, 15, "the pool is warm")
                before = self.files(server)
                crowd = [self.visit(server) for _ in range(50)]
                for visitor in crowd:
                    visitor.sendall(b"hello")
                    self.assertEqual(read_exactly(visitor, 5), b"hello")
                each = 2 if mode == "none" else 3  # his own and the pooled one, which a relay of TLS has twice
                until(lambda: self.files(server) == before + each * len(crowd), 15, f"{each} files for each visitor")

    def files(self, process, kinds=("socket:", "pipe:")):
        """The sockets and pipes of a process; what its threads have besides does not depend on visitors."""
        folder = f"/proc/{process.process.pid}/fd"
        count = 0
        for name in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                count += os.readlink(os.path.join(folder, name)).startswith(kinds)
        return count

    def rests(self, process):
        """For the second that is measured."""
        before = self.cpu_seconds(process)
        time.sleep(1)
        return self.cpu_seconds(process) - before < 0.5

    def cpu_seconds(self, process):
        with open(f"/proc/{process.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def served(self, server):
        with contextlib.suppress(OSError, Closed):
            self.check_echo(server, 1000)
            return True
        return False

    def test_waiting_visitor_takes_no_memory(self):
        server = self.start_server()
        visitor = self.visit(server)
        visitor.settimeout(1)
        data = b"0123456789abcdef" * 65536
        sent = 0
        with self.assertRaises(socket.timeout, msg="what nobody reads yet stays with the visitor"):
            while sent < 200 * len(data):
                sent += visitor.send(data[sent % len(data):])
        # And all of it arrives in the end.
        target = self.echo(answers=False)
        self.start_client(server, target)
        until(lambda: target.received and len(target.received[0]) == sent, 15, "all of it arrived")
        self.assertTrue((data * (sent // len(data) + 1)).startswith(target.received[0]))

    def test_client_that_falls_silent(self):
        # Stopped, not ended: nothing closes, and only the heartbeat tells.
        self.start("--heartbeat", HEARTBEAT)
        mark = self.server.mark()
        self.client.stop()
        self.server.wait_for("lost: nothing was heard from it", start=mark)
        second = self.start_client(self.server, self.target)
        self.check_echo(self.server)
        second.kill()
        mark = self.client.mark()
        self.client.signal(signal.SIGCONT)
        self.client.wait_for("tunnel down", start=mark)
        self.client.wait_for("tunnel up", start=mark)
        self.check_echo(self.server)

    def test_server_that_falls_silent(self):
        self.start("--heartbeat", HEARTBEAT)
        mark = self.client.mark()
        self.server.stop()
        self.client.wait_for("tunnel down: the control channel ended: nothing was heard from it", start=mark)
        mark = self.client.mark()
        self.server.signal(signal.SIGCONT)
        self.client.wait_for("tunnel up", start=mark)
        self.check_echo(self.server)

    def test_second_client_takes_over(self):
        self.start()
        visitor = self.busy_visitor()
        second_target = self.echo(greeting=b"second")
        self.start_client(self.server, second_target)
        self.client.wait_for("the server has closed the control channel .replaced.")
        with self.visit(self.server) as other:
            self.assertEqual(read_exactly(other, 6), b"second")
        # What was under way is not disturbed.
        visitor.sendall(b"still here")
        self.assertEqual(read_exactly(visitor, 10), b"still here")

    def test_target_away(self):
        port = lasting_port()
        server = self.start_server()
        client = self.start_client(server, port)
        with self.visit(server) as visitor:
            self.assert_cut_off(visitor)
        client.wait_for(r"cannot reach the target 127\.0\.0\.1:%d: .*is the service running" % port)
        with socket.create_server(("127.0.0.1", port)) as listener:
            with self.visit(server) as visitor:
                connection, _ = listener.accept()
                connection.sendall(b"back")
                connection.close()
                self.assertEqual(read_all(visitor), b"back")

    def test_no_server_yet(self):
        target = self.echo()
        port = lasting_port()
        client = self.start_client(port, target, wait=False)
        client.wait_for("refused")
        client.wait_for(r"The server's machine, or a firewall before it, refuses connections: \d+ attempts in a row failed")
        self.assertEqual(client.text.count("refuses connections"), 1)
        server = self.start_server(listen=port)
        client.wait_for("tunnel up")
        self.check_echo(server)


main()
