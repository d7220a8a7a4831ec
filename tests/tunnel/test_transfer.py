# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""The tunnel in front of nginx: every byte arrives, many at once too, and under load nothing fails."""

import concurrent.futures
import contextlib
import hashlib
import random
import re
import socket
import subprocess
import threading
import time

from harness import SLOWNESS, TunnelTest, main, patience, read_all, sha256_of, times, tool, until

LARGE = 200_000_000


class Transfer(TunnelTest):
    def start(self, *options):
        self.web = self.nginx()
        # A hundred handshakes at once take long under a sanitizer.
        self.server = self.start_server("--visitor-wait", str(int(patience(10))))
        self.client = self.start_client(self.server, self.web, *options)

    def url(self, name):
        return f"http://127.0.0.1:{self.server.exposed}/{name}"

    def test_large_file(self):
        self.start()
        digest = self.web.put("large", LARGE)
        output = self.path("got")
        subprocess.run(
            [tool("curl"), "--fail", "--silent", "--show-error", "--noproxy", "*", "-o", output, self.url("large")],
            check=True, timeout=patience(120))
        self.assertEqual(sha256_of(output), digest)

    def test_hundred_at_once(self):
        self.start()
        digests = [self.web.put(f"file{i}", 500_000 + i) for i in range(10)]
        arguments = []
        for i in range(100):
            arguments += ["-o", self.path(f"got{i}"), self.url(f"file{i % 10}")]
        subprocess.run(
            [tool("curl"), "--fail", "--silent", "--show-error", "--noproxy", "*", "--parallel", "--parallel-immediate",
             "--parallel-max", "100", "-H", "Connection: close", *arguments],
            check=True, timeout=patience(120))
        for i in range(100):
            self.assertEqual(sha256_of(self.path(f"got{i}")), digests[i % 10], i)

    def load(self, *options):
        result = subprocess.run(
            [tool("wrk"), "-t2", "-c32", "-d10s", "--timeout", "10s", *options, self.url("small")],
            check=True, timeout=patience(60), capture_output=True, text=True)
        self.assertNotIn("Socket errors", result.stdout, result.stdout)
        self.assertNotIn("Non-2xx", result.stdout, result.stdout)
        requests = int(re.search(r"(\d+) requests in", result.stdout)[1])
        print(f"{requests} requests", end=" ... ", flush=True)
        return requests

    def test_wrk_on_kept_connections(self):
        self.start()
        self.web.put("small", 1000)
        self.assertGreater(self.load(), 1000 / SLOWNESS)

    def test_new_connection_for_every_request(self):
        # Every request takes a connection out of the pool. wrk counts a close that it did not ask for as a read error, so
        # that this one is done by hand.
        self.start("--max", 128)
        digest = self.web.put("small", 10_000)
        wrong = []
        request = b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

        def visit_many():
            for _ in times(50):
                with socket.create_connection(("127.0.0.1", self.server.exposed), patience(15)) as visitor:
                    visitor.sendall(request)
                    answer = read_all(visitor)
                if hashlib.sha256(answer.partition(b"\r\n\r\n")[2]).hexdigest() != digest:
                    wrong.append(answer[:200])

        with concurrent.futures.ThreadPoolExecutor(10) as threads:
            visitors = [threads.submit(visit_many) for _ in range(10)]
        self.assertEqual([visitor.exception() for visitor in visitors], [None] * 10)
        self.assertEqual(wrong, [])

    def test_target_that_speaks_first_and_closes(self):
        target = self.echo(greeting=b"welcome, and good-bye\n", close_after_greeting=True)
        server = self.start_server()
        self.start_client(server, target)
        for _ in times(300):
            with self.visit(server) as visitor:
                self.assertEqual(read_all(visitor), target.greeting)

    def test_answer_to_a_visitor_who_has_said_all(self):
        # As `nc -N` does, and HTTP/1.0. Half-close needs plain TCP all the way.
        def answer_at_the_end(listener):
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"got " + read_all(connection))

        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=answer_at_the_end, args=(listener,), daemon=True).start()
            server = self.start_server("--tls", "none")
            self.start_client(server, listener.getsockname()[1], "--tls", "none")
            question = b"all of it" * 100_000
            with self.visit(server) as visitor:
                visitor.sendall(question)
                visitor.shutdown(socket.SHUT_WR)
                self.assertEqual(read_all(visitor), b"got " + question)

    def test_refusal_in_the_middle_of_an_upload(self):
        # The service answers at once, ends, and hears nothing of the rest. The visitor reads that while he still sends.
        refusal = b"HTTP/1.1 413 Content Too Large\r\n\r\n" + random.randbytes(3_000_000)

        def refuse(listener):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(refusal)
                    connection.shutdown(socket.SHUT_WR)
                    read_all(connection)

        def send_for_ever(visitor):
            with contextlib.suppress(OSError):
                while True:
                    visitor.sendall(bytes(100_000))

        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=refuse, args=(listener,), daemon=True).start()
            server = self.start_server()
            self.start_client(server, listener.getsockname()[1])
            for _ in range(5):
                with self.visit(server) as visitor:
                    threading.Thread(target=send_for_ever, args=(visitor,), daemon=True).start()
                    time.sleep(0.3)
                    answer = read_all(visitor)
                    self.assertEqual(len(answer), len(refusal))
                    self.assertTrue(answer == refusal)
                    visitor.shutdown(socket.SHUT_RDWR)

    def test_visitor_who_speaks_and_leaves(self):
        # An answer would reset his connection, with what is still on its way.
        target = self.echo(answers=False)
        server = self.start_server()
        self.start_client(server, target)
        data = b"a message to nobody in particular\n" * 1000
        for number in times(100):
            with self.visit(server) as visitor:
                visitor.sendall(data)
            until(lambda: len(target.received) > number and bytes(target.received[number]) == data, 15, "all of it arrived")


main()
