# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""Someone who knows the address of the server's pool and its protocol, but not the secret: what he can say and hear."""

import contextlib
import hashlib
import hmac
import json
import os
import socket
import ssl

from harness import patience, read_exactly

ID_SIZE = 8
VERSION = 2


def connect(port, source="127.0.0.1", tls=True, narrow=False):
    """A connection as a client pool makes it, and the id that the server gave it. A narrow one takes little at once."""
    plain = socket.socket()
    plain.settimeout(patience(10))
    if narrow:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 500)
    plain.bind((source, 0))
    plain.connect(("127.0.0.1", port))
    if not tls:
        return plain, read_exactly(plain, ID_SIZE).decode()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    connection = context.wrap_socket(plain)
    return connection, read_exactly(connection, ID_SIZE).decode()


class Control:
    """Speaks the control channel's protocol on one connection."""

    def __init__(self, port, source="127.0.0.1", tls=True):
        self.connection, self.id = connect(port, source, tls)
        self.certificate = hashlib.sha256(self.connection.getpeercert(binary_form=True)).digest() if tls else bytes(32)
        self._rest = b""

    def say(self, message):
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def hear(self):
        """The next message; None at the end."""
        while b"\n" not in self._rest:
            try:
                data = self.connection.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def be_heard(self):
        """Returns when the other side has read all that was said, for it answers in order."""
        self.say({"ping": 1})
        while (message := self.hear()) != {"pong": 1}:
            assert message and "ping" in message, "unexpected: %s" % message

    def hello(self, nonce=None):
        self.nonce = nonce or os.urandom(32)
        self.say({"hello": "tidepool-tunnel", "version": VERSION, "nonce": self.nonce.hex()})
        answer = self.hear()
        return bytes.fromhex(answer["challenge"]) if answer else None

    def proof(self, secret, challenge, role="client"):
        text = b"tidepool-tunnel control %d " % VERSION + role.encode() + b" " + self.id.encode() + self.nonce + challenge + self.certificate
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()

    def prove(self, secret):
        """The server's answer to a proof with this secret."""
        challenge = self.hello()
        self.say({"proof": self.proof(secret, challenge)})
        return self.hear()

    def close(self):
        with contextlib.suppress(OSError):
            self.connection.close()
