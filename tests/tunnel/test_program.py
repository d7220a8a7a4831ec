# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""How the program behaves as a program: help, exit statuses, signals, the command line that the server prints."""

import fcntl
import os
import pty
import re
import shlex
import signal
import socket
import stat
import struct
import subprocess
import termios
import threading
import time

from harness import PROGRAM, SECRET, SLOWNESS, Closed, Process, TunnelTest, lasting_port, main, patience, read_all, read_exactly, until


class Words(TunnelTest):
    def ask(self, *arguments, status, secret=None):
        process = self.run_program(*arguments, secret=secret)
        self.assertEqual(process.wait(), status, process.text)
        return process.text

    def test_help(self):
        text = self.ask("--help", status=0)
        for word in ("server", "client", "demo", "TIDEPOOL_SECRET=... tidepool client"):
            self.assertIn(word, text)
        for command in ("server", "client", "demo"):
            text = self.ask(command, "--help", status=0)
            self.assertRegex(text, r"Examples:\n(.*\n)* +tidepool %s " % command)

    def test_version(self):
        self.assertRegex(self.ask("--version", status=0), r"^tidepool \d+\.\d+\.\d+ \(Qt 6\.")

    def test_locale_that_is_not_utf8(self):
        # Qt wants UTF-8, and would say so on stderr first of all.
        for locale in ({"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LC_CTYPE": "C"}, {"LANG": "en_US.ISO-8859-1"}, {}):
            with self.subTest(locale):
                environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
                process = Process(PROGRAM, "--version", environment={**environment, **locale})
                self.processes.append(process)
                self.assertEqual(process.wait(), 0)
                self.assertRegex(process.text, r"\Atidepool \d[^\n]*\Z")

    def test_wrong_options(self):
        for arguments, remedy in (
            ((), "See: tidepool --help"),
            (("serve",), "there are server, client and demo"),
            (("server", "--expose", ":1"), "--listen is missing; for example --listen :8443"),
            (("server", "--listen", ":0", "--expose", ":0", "--tls", "verified"), "--cert fullchain.pem"),
            (("client", "--server", "a:1", "--target", ":1", "--pin", "abc"), "sha256:"),
            (("client", "--server", "a:1", "--target", ":1"), "TIDEPOOL_SECRET"),
            (("demo", "--seconds", "0"), "from 1 to"),
        ):
            with self.subTest(arguments):
                # Start it directly: run_program() names a process by its first argument.
                process = Process(PROGRAM, *arguments, environment={**os.environ, "TIDEPOOL_SECRET": ""} if not arguments else None)
                self.processes.append(process)
                self.assertEqual(process.wait(), 2, process.text)
                self.assertIn(remedy, process.text)
                self.assertIn("See: tidepool", process.text)

    def test_few_descriptors(self):
        for limit in (5, 8, 13, 22, 24, 40):
            for command in (
                ("demo", "--seconds", "1"),
                ("server", "--listen", "127.0.0.1:0", "--expose", "127.0.0.1:0"),
                ("client", "--server", "localhost:9", "--target", "localhost:9"),
            ):
                with self.subTest(limit=limit, command=command):
                    process = Process("/bin/sh", "-c", f'ulimit -n {limit}; exec "$0" "$@"', PROGRAM, *command,
                                      environment={**os.environ, "TIDEPOOL_SECRET": SECRET})
                    self.processes.append(process)
                    self.assertEqual(process.wait(), 1, process.text)
                    self.assertIn("ulimit -n", process.text)

    def test_no_threads(self):
        if os.geteuid() != 0 or SLOWNESS != 1:
            self.skipTest("the limit of processes needs another user, and a sanitizer a thread of its own")
        without = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "prlimit", "--nproc=1")
        if subprocess.run([*without, PROGRAM, "--version"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("another user cannot start the program")
        process = Process(*without, PROGRAM, "demo", "--seconds", "1")
        self.processes.append(process)
        self.assertEqual(process.wait(), 1, process.text)
        self.assertIn("The system has no thread left for I/O; raise the limit of processes (ulimit -u).", process.text)

    def test_cannot_start(self):
        server = self.start_server()
        used = f"127.0.0.1:{server.port}"
        missing = self.path("missing")
        short = self.write("short", "abc\n")
        rubbish = self.write("rubbish", "rubbish")
        for name in ("one", "other"):
            self.start_server("--cert", self.path(name), "--key", self.path(name + ".key"))
        for arguments, says in (
            (("server", "--listen", used, "--expose", "127.0.0.1:0"), ["--listen: Cannot listen on 127.0.0.1 port", "choose another port"]),
            (("server", "--listen", "127.0.0.1:0", "--expose", used), [f"--expose: Cannot listen on {used}", "Choose another"]),
            (("server", "--listen", ":0", "--expose", ":0", "--allow", "::ffff:10.0.0.0/8"), ['--allow: "::ffff:10.0.0.0/8"']),
            (("server", "--listen", ":0", "--expose", ":0", "--secret-file", missing), [missing, "openssl rand -hex 32"]),
            (("server", "--listen", ":0", "--expose", ":0", "--secret-file", short), [short, "3 characters", "at least 16"]),
            (("server", "--listen", ":0", "--expose", ":0", "--tls", "verified", "--cert", missing, "--key", missing), [missing]),
            (("server", "--listen", ":0", "--expose", ":0", "--cert", rubbish, "--key", rubbish), [rubbish, "PEM"]),
            (("server", "--listen", ":0", "--expose", ":0", "--cert", self.path("one"), "--key", self.path("other.key")),
             ["--cert and --key: ", "does not belong to the certificate"]),
            (("client", "--server", used, "--target", ":1", "--tls", "verified", "--ca", missing), [missing]),
        ):
            with self.subTest(arguments):
                text = self.ask(*arguments, status=1, secret=SECRET)
                for words in says:
                    self.assertIn(words, text)
                self.assertEqual(len(text.splitlines()), 1, text)


class Paste(TunnelTest):
    def printed_command(self, server):
        return server.wait_for(r"^  (TIDEPOOL_SECRET=\S+ tidepool client .*)$")[1]

    def paste(self, command, target):
        """What a shell makes of it, with the program's folder in PATH."""
        self.assertTrue(command.endswith("--target HOST:PORT"), command)
        command = command.replace("HOST:PORT", f"127.0.0.1:{target.port}")
        variables = dict(os.environ, PATH=os.path.dirname(PROGRAM) + os.pathsep + os.environ["PATH"])
        variables.pop("TIDEPOOL_SECRET", None)
        client = Process("/bin/sh", "-c", "exec env " + command, environment=variables, name="pasted client")
        self.processes.append(client)
        return client

    def test_printed_command_works(self):
        for mode in ("self-signed", "none"):
            with self.subTest(mode):
                server = self.start_server("--tls", mode, secret=None)
                command = self.printed_command(server)
                self.assertEqual("--pin" in command, mode == "self-signed")
                client = self.paste(command, self.echo())
                client.wait_for("tunnel up")
                self.check_echo(server)

    def test_printed_command_works_with_a_private_authority(self):
        self.make_authority()
        # The client reaches the server by its address, which the certificate may or may not name.
        for also, name in (("IP:127.0.0.1", ""), ("DNS:*.example.org", " --server-name tunnel.example.org")):
            with self.subTest(also):
                certificate = self.make_certificate("tunnel.example.org", also=also)
                server = self.start_server("--tls", "verified", *certificate, secret=None)
                command = self.printed_command(server)
                client = self.paste(command, self.echo())
                client.wait_for("tunnel up")
                self.check_echo(server)
                client.kill()
                # And with what it says to write instead of the pin.
                instead = server.wait_for(r"^  (--tls verified.*) --ca FILE$")[1]
                self.assertEqual(instead, "--tls verified" + name)
                command = re.sub(r"--pin \S+", f"{instead} --ca {self.path('ca.pem')}", command)
                self.paste(command, self.echo()).wait_for("tunnel up")
                self.check_echo(server)

    def test_pasted_unchanged(self):
        server = self.start_server(secret=None)
        command = self.printed_command(server)
        variables = dict(os.environ, PATH=os.path.dirname(PROGRAM) + os.pathsep + os.environ["PATH"])
        client = Process("/bin/sh", "-c", command, environment=variables)
        self.processes.append(client)
        self.assertEqual(client.wait(), 2)
        self.assertIn("HOST:PORT stands for", client.text)

    def test_secret_is_shown_only_if_made_up(self):
        target = self.echo()
        server = self.start_server("--verbose")
        client = self.start_client(server, target, "--verbose")
        self.check_echo(server)
        for process in (server, client):
            self.assertNotIn(SECRET, process.text)
            self.assertNotIn("TIDEPOOL_SECRET", process.text)

        server = self.start_server("--verbose", secret=None)
        command = self.printed_command(server)
        secret = shlex.split(command)[0].partition("=")[2]
        self.assertEqual(len(secret), 64)
        client = self.paste(command + "", target)
        client.wait_for("tunnel up")
        self.check_echo(server)
        self.assertEqual(server.text.count(secret), 1)
        self.assertNotIn(secret, client.text)
        # Nor can other users of this machine read it.
        with open(f"/proc/{client.process.pid}/cmdline", "rb") as file:
            self.assertNotIn(secret.encode(), file.read())

    def test_secret_file(self):
        target = self.echo()
        file = self.write("secret", "a secret that is in a file\n")
        os.chmod(file, stat.S_IRUSR)
        server = self.start_server("--secret-file", file, secret=None)
        self.start_client(server, target, "--secret-file", file, secret=None)
        self.check_echo(server)


class Signals(TunnelTest):
    def start(self):
        self.target = self.echo()
        self.server = self.start_server()
        self.client = self.start_client(self.server, self.target)

    def test_idle_ends_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.start()
            for process in (self.client, self.server):
                process.signal(number)
                self.assertEqual(process.wait(), 0)
                self.assertNotIn("the time to finish is up", process.text)

    def test_what_is_under_way_may_finish(self):
        for name in ("server", "client"):
            with self.subTest(name):
                self.start()
                ending = getattr(self, name)
                visitor = self.visit(self.server)
                visitor.sendall(b"before")
                read_exactly(visitor, 6)
                ending.signal(signal.SIGTERM)
                ending.wait_for("closing: no more visitors, 1 to finish")
                visitor.sendall(b"after")
                self.assertEqual(read_exactly(visitor, 5), b"after")
                if name == "server":
                    until(lambda: self.refuses(self.server.exposed), 5, "no more visitors are let in")
                visitor.close()
                self.assertEqual(ending.wait(), 0)
                self.assertNotIn("the time to finish is up", ending.text)

    def refuses(self, port):
        try:
            socket.create_connection(("127.0.0.1", port), patience(5)).close()
        except OSError as error:
            return isinstance(error, ConnectionRefusedError)
        return False

    def test_but_not_for_ever(self):
        self.start()
        visitor = self.visit(self.server)
        visitor.sendall(b"before")
        read_exactly(visitor, 6)
        start = time.monotonic()
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(), 0)
        self.assertGreater(time.monotonic() - start, 4.5)
        self.assertIn("1 connections are cut off", self.server.text)
        self.assertEqual(read_all(visitor), b"")

    def test_second_signal_ends_it_at_once(self):
        self.start()
        visitor = self.visit(self.server)
        visitor.sendall(b"before")
        read_exactly(visitor, 6)
        self.server.signal(signal.SIGINT)
        self.server.wait_for("closing")
        self.server.signal(signal.SIGINT)
        self.assertEqual(self.server.wait(), 130)
        self.assertNotIn("the time to finish is up", self.server.text)

    def test_closed_terminal_is_a_signal_to_finish(self):
        # SIGHUP comes from the system, and from the shell, too.
        for name in ("server", "client"):
            with self.subTest(name):
                self.start()
                ending = getattr(self, name)
                visitor = self.visit(self.server)
                visitor.sendall(b"before")
                read_exactly(visitor, 6)
                ending.signal(signal.SIGHUP)
                ending.wait_for("closing: no more visitors, 1 to finish")
                ending.signal(signal.SIGHUP)
                visitor.sendall(b"after")
                self.assertEqual(read_exactly(visitor, 5), b"after")
                visitor.close()
                self.assertEqual(ending.wait(), 0)

    def test_nohup(self):
        server = Process("nohup", PROGRAM, "server", "--listen", "127.0.0.1:0", "--expose", "127.0.0.1:0")
        self.processes.append(server)
        server.wait_for("exposed on")
        server.wait_for_signal_handlers()
        server.signal(signal.SIGHUP)
        server.signal(signal.SIGHUP)
        with self.assertRaises(subprocess.TimeoutExpired):
            server.process.wait(0.5)
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)

    def test_closing_client_makes_room_for_the_next(self):
        # It says good-bye: visitors who come now wait for the next client and are not lost.
        self.start()
        old = self.visit(self.server)
        old.sendall(b"old")
        read_exactly(old, 3)
        start = time.monotonic()
        self.client.signal(signal.SIGTERM)
        self.server.wait_for("takes no more visitors: closing")
        old.sendall(b"old")
        self.assertEqual(read_exactly(old, 3), b"old")
        new = self.visit(self.server)
        new.sendall(b"new")
        mark = self.server.mark()
        self.start_client(self.server, self.target)
        self.server.wait_for("client connected", 15, mark)
        self.assertEqual(read_exactly(new, 3), b"new")
        try:
            old.sendall(b"old")
            self.assertEqual(read_exactly(old, 3), b"old")
        except (OSError, Closed):
            self.assertGreater(time.monotonic() - start, 4.5, "he is cut off before his time is up")


class Log(TunnelTest):
    def test_plain_lines_without_a_terminal(self):
        server = self.start_server()
        self.start_client(server, self.echo())
        self.check_echo(server)
        for line in server.text.splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} (info|warning) \S")

    def test_why_a_visit_is_over(self):
        server = self.start_server("--verbose")
        client = self.start_client(server, self.echo(greeting=b"bye", close_after_greeting=True), "--verbose")
        self.assertEqual(read_all(self.visit(server)), b"bye")
        client.wait_for("a visit is over: the target closed it; 3 bytes into the tunnel, 0 bytes out of it")
        server.wait_for("a visit is over: the other end of the tunnel closed it; 0 bytes into the tunnel, 3 bytes out of it")
        client.kill()
        client = self.start_client(server, self.echo(), "--verbose")
        visitor = self.visit(server)
        visitor.sendall(b"hello")
        read_exactly(visitor, 5)
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        visitor.close()
        server.wait_for("a visit is over: the connection of the visitor failed .*reset")
        for process in (server, client):
            self.assertNotIn("::", process.text)

    def test_dead_target(self):
        server = self.start_server()
        client = self.start_client(server, lasting_port())
        for _ in range(5):
            self.assertEqual(read_all(self.visit(server)), b"")
        client.wait_for(r"visitor 127\.0\.0\.1:\d+ was not served: cannot reach the target .*: Connection refused; is the service")
        client.wait_for(r"cannot reach the target .* \(and 3 more like it\)")  # the rest, later
        self.assertEqual(client.text.count("cannot reach the target"), 2)

    def test_status_line_on_a_terminal(self):
        script = Terminal(self, "server", "--listen", "127.0.0.1:0", "--expose", "127.0.0.1:0")
        until(lambda: "waiting for a client" in script.seen(), 10, "the status line is there")
        script.process.send_signal(signal.SIGINT)
        self.assertEqual(script.process.wait(patience(10)), 0)
        until(lambda: "closed" in script.seen(), 10, "the last log line")
        # Drawn on a line of its own, and taken away at the end.
        self.assertTrue(re.search(r"\r\x1b\[K[^\r\n]*waiting for a client", script.seen()))
        last = script.seen().rstrip().splitlines()[-1]
        self.assertTrue(last.endswith("info closed"), last)


    def test_status_line_fits_a_narrow_terminal(self):
        columns = 40
        commands = (
            ("server", "--listen", "127.0.0.1:0", "--expose", "127.0.0.1:0"),
            ("demo", "--seconds", "1", "--connections", "4", "--megabytes", "1"),
        )
        for command in commands:
            with self.subTest(command[0]):
                script = Terminal(self, *command, columns=columns)
                until(lambda: re.search(r"\r\x1b\[K[^\r]{20,}", script.seen()), 20, "the status line is there")
                script.process.send_signal(signal.SIGINT)
                script.process.wait(patience(10))
                # What is rewritten in place, without the colours.
                for line in re.findall(r"\r\x1b\[K([^\r\n]*)(?=\r\x1b)", script.seen()):
                    self.assertLess(len(re.sub(r"\x1b\[[0-9;]*m", "", line)), columns, line)


class Terminal:
    """The program in a terminal of its own."""

    def __init__(self, test, *arguments, columns=80):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._seen = []
        environment = dict(os.environ, TIDEPOOL_SECRET=SECRET, TERM="xterm")
        self.process = subprocess.Popen(
            [PROGRAM, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
        os.close(slave)
        test.addCleanup(self._end)

        def read():
            while True:
                try:
                    data = os.read(master, 65536)
                except OSError:
                    return
                self._seen.append(data.decode(errors="replace"))

        threading.Thread(target=read, daemon=True).start()

    def _end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def seen(self):
        return "".join(self._seen)


main()
