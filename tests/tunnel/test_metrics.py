# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""The page for Prometheus: everything in PoolStatus is on it, and the metrics are those of what happened."""

import contextlib
import http.client
import os
import re
import socket
import time
import urllib.parse
import urllib.request

from harness import TunnelTest, lasting_port, main, patience, read_all, until

HEADERS = os.environ["TIDEPOOL_HEADERS"]


def scrape(url):
    """{name: {labels: value}}"""
    with urllib.request.urlopen(url, timeout=10) as response:
        text = response.read().decode()
    page = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r"([a-z0-9_]+)(?:\{(.*)\})? (\S+)", line).groups()
        pairs = tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels or "")))
        page.setdefault(name, {})[pairs] = float(value)
    return page, text


def address_of(url):
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port


def ask(url, method, path, **options):
    """The whole response."""
    connection = http.client.HTTPConnection(*address_of(url), timeout=patience(10))
    try:
        connection.request(method, path, **options)
        response = connection.getresponse()
        response.body = response.read()
        return response
    finally:
        connection.close()


def status_fields():
    """The names of all fields of PoolStatus, as the header has them."""
    with open(os.path.join(HEADERS, "poolstatus.h"), encoding="utf-8") as file:
        text = file.read()
    body = text[text.index("// Gauges"):text.index("[[nodiscard]] qint64 failedIn")]
    names = re.findall(r"^    \S.*?(\w+)(?: = [^;]*|\{[^;]*\})?;", body, re.MULTILINE)
    return [name for name in names if name != "lastErrorKind"]  # no metric: the failures are counted by phase


def snake(name):
    return re.sub(r"([A-Z])", r"_\1", name).lower()


class Metrics(TunnelTest):
    def start(self):
        target = self.echo()
        server = self.start_server("--metrics", "127.0.0.1:0")
        client = self.start_client(server, target, "--metrics", "127.0.0.1:0", "--min", 4)
        urls = [process.wait_for(r"metrics on (\S+)")[1] for process in (server, client)]
        return server, client, urls

    def test_all_of_pool_status_is_there(self):
        _, _, urls = self.start()
        fields = status_fields()
        self.assertGreater(len(fields), 25)
        self.assertIn("servedAfterWait", fields)
        for url in urls:
            page, _ = scrape(url)
            for field in fields:
                names = [name for name in page if name.startswith("tidepool_pool_" + snake(field))]
                self.assertTrue(names, f"{field} is not on {url}")

    def test_every_cause_and_phase_has_its_line(self):
        _, _, urls = self.start()
        page, _ = scrape(urls[1])
        with open(os.path.join(HEADERS, "enums.h"), encoding="utf-8") as file:
            enums = file.read()
        for enum, metric, label in (("EvictionCause", "evicted", "cause"), ("Phase", "failed", "phase"), ("PoolState", "state", "state")):
            body = re.search(r"enum class %s \{(.*?)\};" % enum, enums, re.DOTALL)[1]
            names = re.findall(r"^    (\w+)", body, re.MULTILINE)
            lines = page["tidepool_pool_" + metric + ("" if metric == "state" else "_total")]
            self.assertEqual({dict(labels)[label] for labels in lines}, set(names))
            self.assertTrue(all(dict(labels)["end"] == "client" for labels in lines))
        self.assertEqual(sum(page["tidepool_pool_state"].values()), 1)

    def test_metrics_are_those_of_what_happened(self):
        server, _, urls = self.start()
        size = 100_000
        for _ in range(5):
            self.check_echo(server, size)

        def finished():
            page, _ = scrape(urls[0])
            end = (("end", "server"),)
            return page if page["tidepool_relays_active"][end] == 0 and page["tidepool_relays_started_total"][end] == 5 else None

        page = until(finished, 10, "five relays are over")
        for direction in ("into_tunnel", "from_tunnel"):
            self.assertEqual(page["tidepool_relays_bytes_total"][(("direction", direction), ("end", "server"))], 5 * size)
        one = (("end", "server"),)
        self.assertEqual(page["tidepool_tunnel_visitors_total"][one], 5)
        self.assertEqual(page["tidepool_tunnel_visitors_served_total"][one], 5)
        self.assertEqual(page["tidepool_tunnel_connected"][one], 1)
        self.assertGreaterEqual(page["tidepool_pool_taken_total"][one], 6)  # and the control channel

    def test_histograms_are_cumulative(self):
        server, _, urls = self.start()
        for _ in range(3):
            self.check_echo(server, 1000)
        for url in urls:
            page, text = scrape(url)
            for name in ("tidepool_pool_dial_time_seconds", "tidepool_pool_wait_time_seconds", "tidepool_tunnel_visitor_wait_seconds"):
                self.assertIn(f"# TYPE {name} histogram", text)
                buckets = {dict(labels)["le"]: value for labels, value in page[name + "_bucket"].items()}
                bounds = [float(bound) for bound in buckets]
                self.assertEqual(bounds, sorted(bounds))
                self.assertEqual(bounds[-1], float("inf"))
                values = list(buckets.values())
                self.assertEqual(values, sorted(values))
                count = next(iter(page[name + "_count"].values()))
                self.assertEqual(values[-1], count)
                self.assertGreater(count, 0, name)
                self.assertGreater(next(iter(page[name + "_sum"].values())), 0)

    def test_only_the_tunnels_metrics(self):
        _, _, urls = self.start()
        for url in urls:
            page, text = scrape(url)
            self.assertEqual({name.partition("_")[0] for name in page}, {"tidepool"})
            self.assertNotIn("nan", text.lower())

    def test_what_is_not_the_page(self):
        server, client, urls = self.start()
        asked = (
            ("GET", "/", 404), ("GET", "/favicon.ico", 404), ("GET", "/metrics/more", 404), ("GET", "/metrics/../etc/passwd", 404),
            ("PUT", "/", 404), ("POST", "/", 404), ("POST", "/metrics", 405), ("PUT", "/metrics", 405), ("DELETE", "/metrics", 405),
            ("OPTIONS", "/metrics", 405), ("GET", "/metrics?a=b", 200), ("HEAD", "/metrics", 200))
        for process, url in zip((server, client), urls):
            for method, path, status in asked:
                with self.subTest(end=process.name, method=method, path=path):
                    response = ask(url, method, path, body=b"a body" if method in ("PUT", "POST") else None)
                    self.assertEqual(response.status, status)
                    self.assertEqual("Allow" in response.headers, status == 405)
                    self.assertEqual(response.body == b"", method == "HEAD")
                    self.assertIsNone(process.process.poll(), "it ended")
            self.assertIn("/metrics", ask(url, "GET", "/").body.decode())

    def test_garbage(self):
        server, client, urls = self.start()
        asked = (
            b"\r\n\r\n", b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET /metrics\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n",
            b"GET /%00 HTTP/1.1\r\n\r\n", b"GET /" + b"../" * 1000 + b" HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00" + b"\xff" * 512,
            b"GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
            b"POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 10_000 + b"\r\n")
        for process, url in zip((server, client), urls):
            for request in asked:
                with self.subTest(end=process.name, request=request[:40]), socket.create_connection(address_of(url), patience(10)) as peer:
                    with contextlib.suppress(OSError):  # it need not read all of it
                        peer.sendall(request)
                        peer.shutdown(socket.SHUT_WR)
                    read_all(peer)
                    self.assertIsNone(process.process.poll(), "it ended")
            self.assertIn("tidepool_tunnel_connected", scrape(url)[0])

    def test_slow_clients_keep_nobody_out(self):
        _, _, urls = self.start()
        for url in urls:
            for count, says in ((32, b"G"), (300, b"")):
                with self.subTest(url=url, count=count):
                    # A busy machine may take long once. Each time the crowd is a new one, for it is closed after 2 s.
                    quick = any(self.time_in_a_crowd(url, count, says) < patience(1.5) for _ in range(3))
                    self.assertTrue(quick, "the page comes only when the crowd is gone")

    def time_in_a_crowd(self, url, count, says):
        """How long the page takes while so many others have said only this."""
        with contextlib.ExitStack() as slow:
            for _ in range(count):
                peer = slow.enter_context(socket.create_connection(address_of(url), patience(10)))
                with contextlib.suppress(OSError):  # the oldest make room
                    peer.sendall(says)
            start = time.monotonic()
            self.assertEqual(ask(url, "GET", "/metrics").status, 200)
            return time.monotonic() - start

    def test_slow_client_is_closed(self):
        _, _, urls = self.start()
        with socket.create_connection(address_of(urls[0]), patience(30)) as peer:
            start = time.monotonic()
            try:
                for byte in b"GET /metrics HTTP/1.1\r\nX: " + b"a" * 1000:
                    peer.sendall(bytes([byte]))
                    time.sleep(0.2)
                    if time.monotonic() - start > patience(15):
                        self.fail("a client that takes for ever is still served")
            except ConnectionError:
                pass

    def test_a_port_alone_is_for_this_machine_only(self):
        server = self.start_server("--metrics", ":0")
        url = server.wait_for(r"metrics on (\S+)")[1]
        host, port = address_of(url)
        self.assertEqual(host, "127.0.0.1")
        self.assertIn("tidepool_tunnel_connected", scrape(url)[0])
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), patience(5)).close()

    def test_all_addresses(self):
        server = self.start_server("--metrics", "*:0")
        _, port = address_of(server.wait_for(r"metrics on (\S+)")[1])
        self.assertIn("tidepool_tunnel_connected", scrape(f"http://127.0.0.2:{port}/metrics")[0])

    def test_address_in_use(self):
        _, _, urls = self.start()
        taken = re.search(r"//([^/]+)/", urls[0])[1]
        second = self.run_program("server", "--listen", "127.0.0.1:0", "--expose", "127.0.0.1:0", "--metrics", taken)
        self.assertEqual(second.wait(), 1)
        self.assertRegex(second.text, r"cannot serve metrics on %s: .*choose another --metrics" % re.escape(taken))

    def test_ipv6(self):
        server = self.run_program("server", "--listen", "127.0.0.1:0", "--expose", "127.0.0.1:0", "--metrics", "[::1]:0")
        said = server.wait_for(r"metrics on (http://\[::1\]:\S+)|cannot serve metrics on ")
        if said[1]:  # else this machine has no IPv6
            self.assertIn("tidepool_tunnel_connected", scrape(said[1])[1])

    def test_one_metric_of_a_fixed_port(self):
        port = lasting_port()
        server = self.start_server("--metrics", f"127.0.0.1:{port}")
        self.assertEqual(server.wait_for(r"metrics on (\S+)")[1], f"http://127.0.0.1:{port}/metrics")
        page, _ = scrape(f"http://127.0.0.1:{port}/metrics")
        self.assertEqual(page["tidepool_tunnel_connected"][(("end", "server"),)], 0)


main()
