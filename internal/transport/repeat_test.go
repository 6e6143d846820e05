package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// stream is a body as AWS's SDK passes it: it can be read once, and net/http
// does not know that it is in memory.
type stream struct{ io.Reader }

func (stream) Close() error { return nil }

func post(t *testing.T, client *http.Client, url, body string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, stream{strings.NewReader(body)})
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = int64(len(body))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.ReadAll(response.Body)
	return err
}

// A kept connection that the server has closed meanwhile costs no try: the
// request goes out again, whole, over a new one.
func TestAKeptConnectionThatIsClosedIsReplaced(t *testing.T) {
	const body, ok = "Action=AssumeRole&x=1", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for name, end := range map[string]func(*net.TCPConn){
		"closed": func(*net.TCPConn) {},
		"reset":  func(c *net.TCPConn) { _ = c.SetLinger(0) },
	} {
		t.Run(name, func(t *testing.T) {
			var connections, whole atomic.Int32
			address := listen(t, func(conn net.Conn) {
				connections.Add(1)
				reader := bufio.NewReader(conn)
				for n := range 2 { // the second request gets no answer
					r, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					content, err := io.ReadAll(r.Body)
					if err == nil && string(content) == body && r.ContentLength == int64(len(body)) && r.Header.Get("X-Idempotency-Key") == "" {
						whole.Add(1)
					}
					if n == 0 {
						_, _ = io.WriteString(conn, ok)
					}
				}
				end(conn.(*net.TCPConn))
			})
			client := New(Options{})
			const calls = 20
			for range calls {
				if err := post(t, client, "http://"+address, body); err != nil {
					t.Fatal(err)
				}
			}
			// Each connection but the last answers one request and drops one.
			if c, w := connections.Load(), whole.Load(); c != calls || w != 2*calls-1 {
				t.Errorf("%d connections with %d whole requests, want %d and %d", c, w, calls, 2*calls-1)
			}
		})
	}
}

// On a new connection the request is not sent again: the server does not want
// it, and how often it is tried is for the caller to say.
func TestANewConnectionThatIsClosedIsAnError(t *testing.T) {
	var connections atomic.Int32
	address := listen(t, func(conn net.Conn) {
		connections.Add(1)
		_, _ = http.ReadRequest(bufio.NewReader(conn))
	})
	wantReason(t, post(t, New(Options{}), "http://"+address, "x=1"), Reset)
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// A request is sent in one piece, over TLS too: some servers answer what a
// single read returns.
func TestARequestComesInOnePiece(t *testing.T) {
	cert, authority := certificate(t, func(*x509.Certificate) {})
	body := strings.Repeat("WebIdentityToken=", 180) // three kilobytes
	var got atomic.Int32
	address := listen(t, func(conn net.Conn) {
		server := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
		piece := make([]byte, 16<<10)
		n, err := server.Read(piece)
		if err != nil {
			return
		}
		_, content, _ := bytes.Cut(piece[:n], []byte("\r\n\r\n"))
		got.Store(int32(len(content)))
		_, _ = io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	if err := post(t, New(Options{MoreRoots: authority}), "https://"+address, body); err != nil {
		t.Fatal(err)
	}
	if n := got.Load(); int(n) != len(body) {
		t.Errorf("the first piece holds %d bytes of the body, want %d", n, len(body))
	}
}

// failing is a body that cannot be read or closed.
type failing struct{ read, close error }

func (f failing) Read([]byte) (int, error) {
	if f.read != nil {
		return 0, f.read
	}
	return 0, io.EOF
}

func (f failing) Close() error { return f.close }

func TestABodyThatFailsEndsTheRequest(t *testing.T) {
	for _, body := range []failing{{read: errors.New(said)}, {close: errors.New(said)}} {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://127.0.0.1:1", body)
		if err != nil {
			t.Fatal(err)
		}
		response, err := New(Options{}).Do(request)
		if err == nil {
			response.Body.Close()
		}
		wantReason(t, err, Other)
	}
}
