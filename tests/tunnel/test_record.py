# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""tidepool client --record: when visitors came, as tidepool-sim reads it."""

import os
import signal
import subprocess
import time

from harness import TunnelTest, main, read_exactly, until


class Record(TunnelTest):
    def setUp(self):
        super().setUp()
        self.file = self.path("trace")
        self.target = self.echo()
        self.server = self.start_server("--metrics", "127.0.0.1:0")

    def visit_and_leave(self):
        # Who waits for a connection may be offered two, and then he is recorded twice.
        until(lambda: self.server.metric("tidepool_tunnel_ready") > 0, 15, "a connection stands ready for him")
        with self.visit(self.server) as visitor:
            visitor.sendall(b"hello")
            self.assertEqual(read_exactly(visitor, 5), b"hello")

    def times(self):
        with open(self.file, encoding="utf-8") as file:
            return [float(line) for line in file if not line.startswith("#")]

    def test_each_visitor_is_a_line(self):
        client = self.start_client(self.server, self.target, "--record", self.file)
        for _ in range(3):
            self.visit_and_leave()
        time.sleep(1.2)
        self.visit_and_leave()
        client.signal(signal.SIGTERM)
        self.assertEqual(client.wait(), 0)
        times = self.times()
        self.assertEqual(len(times), 4)
        self.assertEqual(times, sorted(times))
        self.assertGreaterEqual(round(times[3] - times[2], 3), 1.199)  # each is rounded
        with open(self.file, encoding="utf-8") as file:
            self.assertNotIn("127.0.0.1", file.read(), "times only")
        played = subprocess.run([os.environ["TIDEPOOL_SIM"], self.file], text=True, capture_output=True, timeout=60, check=False)
        self.assertEqual(played.returncode, 0, played.stderr)
        self.assertIn("4 takes", played.stdout)

    def test_what_is_there_is_left_alone(self):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("dear\n")
        client = self.start_client(self.server, self.target, "--record", self.file, wait=False)
        self.assertEqual(client.wait(), 1)
        self.assertIn("name a file that does not exist yet with --record", client.text)
        with open(self.file, encoding="utf-8") as file:
            self.assertEqual(file.read(), "dear\n")

    def test_no_name(self):
        client = self.start_client(self.server, self.target, "--record", "", wait=False)
        self.assertEqual(client.wait(), 2)
        self.assertIn("--record needs the name of a file", client.text)


if __name__ == "__main__":
    main()
