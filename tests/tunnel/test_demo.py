# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""`tidepool demo`: both ends in one process, every byte checked."""

import re
import signal

from harness import TunnelTest, main


class Demo(TunnelTest):
    def test_ends_well(self):
        demo = self.run_program("demo", "--seconds", 1, "--connections", 8, "--megabytes", 1, secret=None)
        self.assertEqual(demo.wait(60), 0, demo.text)
        match = re.search(r"(\d+) right, 0 wrong, 0 broken off", demo.text)
        self.assertIsNotNone(match, demo.text)
        self.assertGreaterEqual(int(match[1]), 8)
        self.assertEqual(demo.text.count("every byte right by SHA-256"), 2)
        self.assertRegex(demo.text, r"All of it is right: +%s connections" % match[1])

    def test_plain_text_without_a_terminal(self):
        demo = self.run_program(
            "demo", "--seconds", 1, "--connections", 2, "--megabytes", 1, secret=None, environment={"LC_ALL": "C"})
        self.assertEqual(demo.wait(60), 0, demo.text)
        self.assertNotIn("\x1b", demo.text)
        self.assertTrue(demo.text.isascii(), demo.text)

    def test_interrupted_is_not_a_success(self):
        demo = self.run_program("demo", "--seconds", 60, "--connections", 20, "--megabytes", 1, secret=None)
        demo.wait_for("active")  # in the middle of it
        demo.signal(signal.SIGINT)
        self.assertEqual(demo.wait(), 1)
        self.assertIn("interrupted", demo.text)
        self.assertNotIn("warning", demo.text)  # of what broke off because of it

    def test_fits_into_the_files_it_may_open(self):
        demo = self.run_program("demo", "--connections", 200, secret=None, files=256)
        self.assertEqual(demo.wait(), 1)
        remedy = re.search(r"tidepool demo: --connections 200 are too many .*ulimit -n.* or try (\d+)\.", demo.text)
        self.assertTrue(remedy, demo.text)
        demo = self.run_program("demo", "--seconds", 1, "--connections", remedy[1], "--megabytes", 1, secret=None, files=256)
        self.assertEqual(demo.wait(60), 0, demo.text)
        self.assertNotIn("warning", demo.text)

    def test_last_visitors_are_counted(self):
        demo = self.run_program("demo", "--seconds", 1, "--connections", 4, "--megabytes", 1000, secret=None)
        demo.wait_for(r"^  last 4 +active", 30)


main()
