#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""Both ends of the pool's wire format, in nothing but Python's standard library.

  peer.py server --format hex8|raw4 [--cert FILE --key FILE] [--behind TEXT]
      Prints "PORT n". Sends each client an id, with TEXT right behind it, and prints "SENT id".
  peer.py client --port N --format hex8|raw4 [--tls] [--ca FILE --name NAME] [--count N] [--early TEXT]
      Connects N times, sends TEXT at once, reads the id and prints "ID id" ("TLS version" before it).

Afterwards both echo what they get, and run until standard input ends.
"""

import argparse
import os
import socket
import ssl
import sys
import threading

output_lock = threading.Lock()


def say(*words):
    with output_lock:
        print(*words, flush=True)


def encode(identifier, id_format):
    return identifier.hex().encode() if id_format == "hex8" else identifier


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError(f"closed after {len(data)} of {count} bytes")
        data += piece
    return data


def echo(connection):
    try:
        while piece := connection.recv(65536):
            connection.sendall(piece)
    except OSError:
        pass
    finally:
        connection.close()


def serve_one(connection, context, options):
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        identifier = os.urandom(4)
        say("SENT", identifier.hex())
        connection.sendall(encode(identifier, options.format) + options.behind.encode())
    except OSError as error:
        say("FAILED", error)
        connection.close()
        return
    echo(connection)


def server(options):
    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(options.cert, options.key)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    say("PORT", listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve_one, args=(connection, context, options), daemon=True).start()


def client_context(options):
    if not options.tls:
        return None
    context = ssl.create_default_context(cafile=options.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # which Python 3.13 and newer do anyway
    if not options.ca:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def connect_one(context, options):
    try:
        connection = socket.create_connection(("127.0.0.1", options.port), timeout=10)
        if context:
            connection = context.wrap_socket(connection, server_hostname=options.name)
            say("TLS", connection.version())
        connection.sendall(options.early.encode())
        data = read_exactly(connection, 8 if options.format == "hex8" else 4)
        say("ID", data.decode() if options.format == "hex8" else data.hex())
        connection.settimeout(None)
    except (OSError, EOFError) as error:
        say("FAILED", error)
        return
    echo(connection)


def client(options):
    context = client_context(options)
    for _ in range(options.count):
        threading.Thread(target=connect_one, args=(context, options), daemon=True).start()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["server", "client"])
    parser.add_argument("--format", choices=["hex8", "raw4"], default="hex8")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--behind", default="")
    parser.add_argument("--port", type=int)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--ca")
    parser.add_argument("--name")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--early", default="")
    options = parser.parse_args()
    role = server if options.role == "server" else client
    threading.Thread(target=role, args=(options,), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
