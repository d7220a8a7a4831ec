#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

"""A SOCKS5 proxy (RFC 1928, CONNECT only, no authentication) in Python's standard library.

Prints "PORT n", then "CONNECT host port" for each request. With --refuse it turns every request down.
Runs until standard input ends.
"""

import ipaddress
import socket
import struct
import sys
import threading

REFUSED = b"\x05\x05\x00\x01" + bytes(6)
GRANTED = b"\x05\x00\x00\x01" + bytes(6)


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def pump(source, sink):
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(client, refuse):
    try:
        _, methods = read_exactly(client, 2)
        read_exactly(client, methods)
        client.sendall(b"\x05\x00")
        _, command, _, kind = read_exactly(client, 4)
        if kind == 1:
            host = str(ipaddress.IPv4Address(read_exactly(client, 4)))
        elif kind == 4:
            host = str(ipaddress.IPv6Address(read_exactly(client, 16)))
        else:
            host = read_exactly(client, read_exactly(client, 1)[0]).decode()
        (port,) = struct.unpack("!H", read_exactly(client, 2))
        sys.stdout.write(f"CONNECT {host} {port}\n")  # one write: threads must not mix their lines
        sys.stdout.flush()
        if refuse or command != 1:
            client.sendall(REFUSED)
            client.close()
            return
        server = socket.create_connection((host, port))
        client.sendall(GRANTED)
    except (OSError, EOFError):
        client.close()
        return
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    pump(client, server)


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    sys.stdout.write(f"PORT {listener.getsockname()[1]}\n")
    sys.stdout.flush()
    refuse = "--refuse" in sys.argv

    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, refuse), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
