// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Both ends of the pool's wire format, in nothing but Go's standard library. The command line and the
// output are those of peer.py.
package main

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

var outputLock sync.Mutex

func say(words ...any) {
	outputLock.Lock()
	defer outputLock.Unlock()
	fmt.Println(words...)
}

func fail(err error) {
	say("FAILED", err)
	os.Exit(1)
}

type options struct {
	format, cert, key, behind, ca, name, early string
	port, count                                int
	tls                                        bool
}

func (o options) encode(id []byte) []byte {
	if o.format == "raw4" {
		return id
	}
	return []byte(hex.EncodeToString(id))
}

func serveOne(connection net.Conn, o options) {
	defer connection.Close()
	id := make([]byte, 4)
	if _, err := rand.Read(id); err != nil {
		say("FAILED", err)
		return
	}
	say("SENT", hex.EncodeToString(id))
	if _, err := connection.Write(append(o.encode(id), o.behind...)); err != nil {
		say("FAILED", err)
		return
	}
	io.Copy(connection, connection)
}

func server(o options) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	say("PORT", listener.Addr().(*net.TCPAddr).Port)
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			fail(err)
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13})
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		go serveOne(connection, o)
	}
}

func dial(o options) (net.Conn, error) {
	address := fmt.Sprintf("127.0.0.1:%d", o.port)
	if !o.tls {
		return net.Dial("tcp", address)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13, ServerName: o.name, InsecureSkipVerify: o.ca == ""}
	if o.ca != "" {
		roots, err := os.ReadFile(o.ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(roots)
	}
	connection, err := tls.Dial("tcp", address, config)
	if err != nil {
		return nil, err
	}
	if connection.ConnectionState().Version == tls.VersionTLS13 {
		say("TLS", "TLSv1.3")
	}
	return connection, nil
}

func connectOne(o options) {
	connection, err := dial(o)
	if err != nil {
		say("FAILED", err)
		return
	}
	defer connection.Close()
	size := 8
	if o.format == "raw4" {
		size = 4
	}
	data := make([]byte, size)
	if _, err := connection.Write([]byte(o.early)); err != nil {
		say("FAILED", err)
		return
	}
	if _, err := io.ReadFull(connection, data); err != nil {
		say("FAILED", err)
		return
	}
	if o.format == "raw4" {
		say("ID", hex.EncodeToString(data))
	} else {
		say("ID", string(data))
	}
	io.Copy(connection, connection)
}

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("server or client?"))
	}
	var o options
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	flags.StringVar(&o.format, "format", "hex8", "hex8 or raw4")
	flags.StringVar(&o.cert, "cert", "", "")
	flags.StringVar(&o.key, "key", "", "")
	flags.StringVar(&o.behind, "behind", "", "")
	flags.StringVar(&o.ca, "ca", "", "")
	flags.StringVar(&o.name, "name", "", "")
	flags.StringVar(&o.early, "early", "", "")
	flags.IntVar(&o.port, "port", 0, "")
	flags.IntVar(&o.count, "count", 1, "")
	flags.BoolVar(&o.tls, "tls", false, "")
	flags.Parse(os.Args[2:])
	switch os.Args[1] {
	case "server":
		go server(o)
	case "client":
		for i := 0; i < o.count; i++ {
			go connectOne(o)
		}
	}
	io.Copy(io.Discard, os.Stdin)
}
