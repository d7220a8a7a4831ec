# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""tidepool client --state-file: what it has learned outlives it, and nothing in the file can hurt."""

import json
import os
import re
import signal
import stat
import urllib.request

from harness import SECRET, TunnelTest, main, patience, read_exactly, until


class StateFile(TunnelTest):
    def setUp(self):
        super().setUp()
        self.file = self.path("state")
        self.target = self.echo()
        self.server = self.start_server()

    def client(self, *options, **how):
        return self.start_client(self.server, self.target, "--state-file", self.file, "--min", "2", *options, **how)

    def end(self, client):
        client.signal(signal.SIGTERM)
        self.assertEqual(client.wait(), 0)

    def read(self):
        with open(self.file, encoding="utf-8") as file:
            return json.load(file)

    def active(self, port):
        """How many connections the client has parked."""
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=patience(5)) as page:
            return int(float(re.search(r"^tidepool_pool_active(?:{.*})? (\S+)$", page.read().decode(), re.M)[1]))

    def test_what_was_learned_outlives_the_client(self):
        client = self.client()
        self.assertFalse(os.path.exists(self.file))
        rush = [self.visit(self.server) for _ in range(12)]
        for visitor in rush:
            visitor.sendall(b"hello")
        for visitor in rush:
            self.assertEqual(read_exactly(visitor, 5), b"hello")
            visitor.close()
        self.end(client)
        state = self.read()
        self.assertEqual((state["format"], state["version"]), ("tidepool-sizing-levels", 1))
        self.assertGreater(state["dialTimeMs"], 0)
        most = max(level["connections"] for level in state["levels"])
        self.assertGreaterEqual(most, 1)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.assertNotIn(SECRET, json.dumps(state))
        self.assertEqual(os.listdir(self.folder).count("state"), 1)
        self.assertFalse([name for name in os.listdir(self.folder) if name.startswith("state.")], "left over")

        # The levels made larger, so that they stand out: the next client dials them at once.
        state["levels"][0]["connections"] = 29
        self.write("state", json.dumps(state))
        os.chmod(self.file, 0o666)
        client = self.client("--metrics", "127.0.0.1:0")
        metrics = int(client.wait_for(r"metrics on \S+:(\d+)/")[1])
        until(lambda: self.active(metrics) >= 30, 15, "30 are parked")
        self.assertNotIn("state file", client.text)
        self.end(client)
        self.assertEqual(max(level["connections"] for level in self.read()["levels"]), 29)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)

    def test_what_is_something_else_is_told_and_left_alone(self):
        good = {"format": "tidepool-sizing-levels", "version": 1, "savedAt": "2026-01-01T00:00:00Z", "levels": [],
                "levelsOutsideBursts": [], "bursts": [], "base": 0, "dialTimeMs": 0}
        for content, says in (
            ("", "it is not JSON"),
            ("rubbish", "it is not JSON"),
            (json.dumps(good)[:-5], "it is not JSON"),
            ("[" * 60_000, "it is not JSON"),
            (" " * 100_000, "more than 65536 bytes"),
            ("{}", '"format" is not'),
            (json.dumps({"name": "package"}), '"format" is not'),
            (json.dumps({**good, "version": 2}), "update it"),
            (json.dumps({**good, "levels": [{"connections": -1, "ageMs": 0}]}), r"levels\[0\].connections"),
            (json.dumps({**good, "base": 1e300}), '"base" is not a whole number'),
        ):
            with self.subTest(content[:60]):
                self.write("state", content)
                client = self.client()
                client.wait_for(rf"warning the state file {self.file} is not used: .*{says}.*name another with --state-file")
                self.check_echo(self.server)
                self.end(client)
                with open(self.file, encoding="utf-8") as file:
                    self.assertEqual(file.read(), content)

    def test_what_is_no_file_is_told(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        for file, says in ((self.folder, "not a plain file"), (pipe, "not a plain file"), ("/dev/null", "not a plain file")):
            with self.subTest(file):
                self.file = file
                before = os.stat(file)
                client = self.client()
                client.wait_for(rf"warning the state file {file} is not used: it is {says}")
                self.end(client)
                self.assertEqual(os.stat(file).st_mode, before.st_mode)

    def test_a_folder_that_is_not_there_is_told_at_the_end(self):
        self.file = self.path("nowhere/state")
        client = self.client()
        self.check_echo(self.server)
        self.end(client)
        client.wait_for(rf"warning cannot write the state file {self.file}: .*check the folder")
        self.assertIn("closed", client.text)

    def test_a_name_is_needed(self):
        client = self.client("--state-file", "", wait=False)
        self.assertEqual(client.wait(), 2)
        self.assertIn("--state-file needs the name of a file", client.text)


main()
