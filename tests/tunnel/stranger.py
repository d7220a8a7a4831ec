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


def connect(port, source="127.0.0.1"):
    """A TLS connection as a client pool makes it, and the id that the server gave it."""
    plain = socket.create_connection(("127.0.0.1", port), patience(10), source_address=(source, 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    connection = context.wrap_socket(plain)
    return connection, read_exactly(connection, ID_SIZE).decode()


class Control:
    """Speaks the control channel's protocol on one connection."""

    def __init__(self, port, source="127.0.0.1"):
        self.connection, self.id = connect(port, source)
        self.certificate = hashlib.sha256(self.connection.getpeercert(binary_form=True)).digest()
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

    def hello(self, nonce=None):
        self.nonce = nonce or os.urandom(32)
        self.say({"hello": "tidepool-tunnel", "version": 1, "nonce": self.nonce.hex()})
        answer = self.hear()
        return bytes.fromhex(answer["challenge"]) if answer else None

    def proof(self, secret, challenge, role="client"):
        text = b"tidepool-tunnel control 1 " + role.encode() + b" " + self.id.encode() + self.nonce + challenge + self.certificate
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()

    def prove(self, secret):
        """The server's answer to a proof with this secret."""
        challenge = self.hello()
        self.say({"proof": self.proof(secret, challenge)})
        return self.hear()

    def close(self):
        with contextlib.suppress(OSError):
            self.connection.close()
