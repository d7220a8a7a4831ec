# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""What the tests of the program `tidepool` share: processes that end with the test, nginx, and a patient eye on logs."""

import contextlib
import hashlib
import http.client
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

# CTest sets these; by hand: TIDEPOOL_PROGRAM=build/dev/bin/tidepool python3 tests/tunnel/test_tls.py
PROGRAM = os.environ.get("TIDEPOOL_PROGRAM", "tidepool")
SLOWNESS = float(os.environ.get("TIDEPOOL_SLOWNESS", "1"))
SECRET = "a secret that only this test knows"
SKIPPED = 77


def patience(seconds):
    """Seconds to wait for something on a machine that may be slow, or run a sanitizer."""
    return seconds * SLOWNESS


def times(count):
    """So often, or under a sanitizer less often, so that it takes no longer."""
    return range(int(count / SLOWNESS))


def until(condition, seconds, what):
    """Waits until condition() is true, and returns what it returned."""
    deadline = time.monotonic() + patience(seconds)
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience(seconds):.0f} s: {what}")
        time.sleep(0.02)


class Closed(AssertionError):
    """The other end closed a connection before all had come."""


def lasting_port():
    """A free port that the system hands to nobody by itself, for servers that cannot choose one or come back there."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        end = int(file.read().split()[0])
    while True:
        port = random.randrange(min(10_000, end - 1_000), end)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Process:
    """A running program whose output is read all the time."""

    def __init__(self, *arguments, environment=None, name=None, files=None):
        self.name = name or arguments[0]
        self.output = []
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", env=environment, preexec_fn=files and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.output.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self.output.append(None)
            self._changed.notify_all()

    @property
    def text(self):
        with self._changed:
            return "\n".join(line for line in self.output if line is not None)

    def wait_for(self, pattern, seconds=15, start=0):
        """The match of the first output line, from line number start on, in which pattern is found."""
        deadline = time.monotonic() + patience(seconds)
        number = start
        with self._changed:
            while True:
                while number < len(self.output):
                    line = self.output[number]
                    if line is None:
                        raise AssertionError(f"{self.name} ended without saying /{pattern}/:\n{self.dump()}")
                    match = re.search(pattern, line)
                    if match:
                        return match
                    number += 1
                rest = deadline - time.monotonic()
                if rest <= 0:
                    raise AssertionError(f"{self.name} did not say /{pattern}/ in time:\n{self.dump()}")
                self._changed.wait(rest)

    def dump(self):
        return "\n".join("    " + line for line in self.output if line is not None)

    def mark(self):
        """The number of lines so far, for wait_for(start=...)."""
        with self._changed:
            return len(self.output)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Returns when it stands still, until SIGCONT."""
        self.signal(signal.SIGSTOP)
        until(lambda: self.system_status("State") == "T", 15, f"{self.name} stands still")

    def wait_for_signal_handlers(self):
        """It says where it listens before it has them, and without them a signal ends it."""
        wanted = sum(1 << number - 1 for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))

        def are_set():
            caught, ignored = (int(self.system_status(field), 16) for field in ("SigCgt", "SigIgn"))
            return (caught | ignored) & wanted == wanted  # it leaves alone what nohup, for example, has ignored

        until(are_set, 15, f"{self.name} handles signals")

    def system_status(self, field):
        """The first word of this line in /proc."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii", errors="replace") as file:
            return re.search(rf"^{field}:\s*(\S+)", file.read(), re.MULTILINE)[1]

    def metric(self, name):
        """The value on its page; for those that were started with --metrics."""
        with urllib.request.urlopen(self.wait_for(r"metrics on (\S+)")[1], timeout=patience(10)) as page:
            return float(re.search(rf'^{name}{{end="\w+"}} (\S+)$', page.read().decode(), re.MULTILINE)[1])

    def wait(self, seconds=15):
        """The exit status."""
        status = self.process.wait(patience(seconds))
        self._reader.join(patience(5))
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(patience(5))
        self.process.stdout.close()


class Nginx:
    """nginx with a folder of files."""

    def __init__(self, folder):
        self.root = os.path.join(folder, "www")
        os.makedirs(self.root)
        self.port = lasting_port()
        configuration = os.path.join(folder, "nginx.conf")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(f"""
                daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr warn;
                events {{ worker_connections 4096; }}
                http {{
                    access_log off; sendfile on; keepalive_requests 1000000;
                    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
                    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
                    server {{ listen 127.0.0.1:{self.port} backlog=1024; root {self.root}; }}
                }}""")
        self.process = Process(tool("nginx"), "-p", folder, "-c", configuration, "-e", "stderr", name="nginx")
        until(self._answers, 10, "nginx answers")

    def _answers(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def put(self, name, size):
        """Makes a file of random bytes; returns their SHA-256."""
        digest = hashlib.sha256()
        with open(os.path.join(self.root, name), "wb") as file:
            for start in range(0, size, 1 << 20):
                block = os.urandom(min(1 << 20, size - start))
                digest.update(block)
                file.write(block)
        return digest.hexdigest()


class EchoTarget:
    """A service that greets each connection and sends back what it gets; it remembers everything it got."""

    def __init__(self, greeting=b"", close_after_greeting=False, answers=True):
        self.greeting = greeting
        self.answers = answers
        self.close_after_greeting = close_after_greeting
        self.received = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        got = bytearray()
        self.received.append(got)
        with connection, contextlib.suppress(OSError):
            connection.sendall(self.greeting)
            if self.close_after_greeting:
                return
            while True:
                data = connection.recv(65536)
                if not data:
                    return
                got += data
                if self.answers:
                    connection.sendall(data)

    def close(self):
        # Wakes accept(), which close() alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def tool(name):
    """The path of a program; the script ends as skipped if it is not installed."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        print(f"skipped: {name} is not installed; apt-get install {name}")
        sys.stdout.flush()
        os._exit(SKIPPED)
    return path


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise Closed(f"closed after {len(data)} of {size} bytes")
        data += part
    return data


def read_all(connection):
    """What comes until the end; a reset is an end too."""
    data = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionError:
            return data
        if not part:
            return data
        data += part


class TunnelTest(unittest.TestCase):
    """Starts the ends of a tunnel, and ends them with the test."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tidepool-test-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.processes = []
        self.addCleanup(self._kill_all)

    def _kill_all(self):
        failed = any(error for _, error in getattr(self._outcome, "errors", [])) or any(
            case is self for case, _ in getattr(getattr(self._outcome, "result", None), "failures", []))
        for process in self.processes:
            process.kill()
            if failed:
                print(f"--- {process.name} said:\n{process.dump()}", file=sys.stderr)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content)
        return self.path(name)

    def openssl(self, *arguments):
        subprocess.run([tool("openssl"), *arguments], check=True, capture_output=True, cwd=self.folder, timeout=60)

    def make_authority(self):
        """In ca.pem and ca.key."""
        self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "1", "-subj", "/CN=test authority")

    def make_certificate(self, name, key="ec", also="IP:127.0.0.1"):
        """The server's options with a certificate that the authority signed, for this host name and what else is said."""
        kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["rsa:2048"]
        self.openssl("req", "-newkey", *kind, "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={name}")
        self.write("extensions", f"subjectAltName=DNS:{name},{also}\n")
        self.openssl(
            "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1",
            "-extfile", "extensions", "-out", "server.pem")
        return ["--cert", self.path("server.pem"), "--key", self.path("server.key")]

    def nginx(self):
        server = Nginx(self.folder)
        self.processes.append(server.process)
        return server

    def echo(self, **options):
        target = EchoTarget(**options)
        self.addCleanup(target.close)
        return target

    def run_program(self, *arguments, environment=None, secret=SECRET, files=None):
        """A running tidepool with these arguments, which may open so many files."""
        variables = dict(os.environ, **(environment or {}))
        variables.pop("TIDEPOOL_SECRET", None)
        if secret is not None:
            variables["TIDEPOOL_SECRET"] = secret
        process = Process(PROGRAM, *map(str, arguments), environment=variables, name=f"tidepool {arguments[0]}", files=files)
        self.processes.append(process)
        return process

    def start_server(self, *options, listen=0, expose=0, address="127.0.0.1", secret=SECRET, files=None):
        """A server; its ports are in .port and .exposed."""
        server = self.run_program(
            "server", "--listen", f"{address}:{listen}", "--expose", f"127.0.0.1:{expose}", *options, secret=secret,
            files=files)
        server.port = int(server.wait_for(r"listening on \S+:(\d+)")[1])
        server.exposed = int(server.wait_for(r"exposed on \S+:(\d+)")[1])
        return server

    def start_client(self, server, target, *options, secret=SECRET, wait=True, address="127.0.0.1",
                     host="127.0.0.1"):
        """A client; target is a port of host, or something that has one."""
        port = getattr(target, "port", target)
        client = self.run_program(
            "client", "--server", f"{address}:{getattr(server, 'port', server)}", "--target", f"{host}:{port}", *options,
            secret=secret)
        if wait:
            client.wait_for("tunnel up")
        return client

    def visit(self, server, seconds=15):
        """A connection to the exposed port."""
        connection = socket.create_connection(("127.0.0.1", server.exposed), patience(seconds))
        self.addCleanup(connection.close)
        return connection

    def check_echo(self, server, size=100_000):
        """One visitor who gets back what he sends."""
        data = os.urandom(size)
        with self.visit(server) as visitor:
            sender = threading.Thread(target=visitor.sendall, args=(data,))
            sender.start()
            received = read_exactly(visitor, size)
            sender.join()
        self.assertEqual(hashlib.sha256(received).hexdigest(), hashlib.sha256(data).hexdigest())

    def get(self, server, name):
        """A page, by HTTP."""
        connection = http.client.HTTPConnection("127.0.0.1", server.exposed, timeout=patience(15))
        try:
            connection.request("GET", "/" + name)
            response = connection.getresponse()
            self.assertEqual(response.status, 200)
            return response.read()
        finally:
            connection.close()


def main():
    signal.alarm(int(patience(600)))  # whatever happens, a test ends
    result = unittest.main(verbosity=2, warnings="ignore", exit=False).result
    sys.exit(1 if not result.wasSuccessful() else SKIPPED if result.skipped else 0)
