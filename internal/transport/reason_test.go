package transport

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// said is what every hostile peer below sends at the place where it breaks the
// protocol. No error may contain it.
const said = "S3CRETdG9rZW4"

// listen serves each connection with handle, which may write what it likes.
func listen(t *testing.T, handle func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// answers reads a request, sends this text and then ends its side. It reads
// what follows: a connection with unread data is reset when it is closed, and
// the peer may see that before the text.
func answers(text string) func(net.Conn) {
	return func(conn net.Conn) {
		sends(text)(conn)
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	}
}

// sends is answers without an end.
func sends(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, text)
		}
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text) // a Buffer takes everything
	_ = w.Close()
	return b.String()
}

// brokenAnswers are the ways to break HTTP.
var brokenAnswers = map[string]struct {
	answer string
	reason Reason
}{
	"no status line":        {`{"value":"` + said + `"}`, Malformed},
	"bad version":           {"HTTP/" + said + " 200 OK\r\n\r\n", Malformed},
	"bad status code":       {"HTTP/1.1 " + said + " OK\r\n\r\n", Malformed},
	"bad header":            {"HTTP/1.1 200 OK\r\n" + said + "\r\n\r\n", Malformed},
	"bad length":            {"HTTP/1.1 200 OK\r\nContent-Length: " + said + "\r\n\r\n", Malformed},
	"two lengths":           {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + said, Malformed},
	"bad transfer encoding": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + said + "\r\n\r\n", Malformed},
	"bad chunk length":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + said + "\r\n", Malformed},
	"truncated chunk":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + said, Truncated},
	"bad chunk end":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n" + said, Malformed},
	"bad trailer":           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\n" + said + "\r\n\r\n", Malformed},
	"truncated header":      {"HTTP/1.1 200 OK\r\nX-A: " + said, Truncated},
	"truncated body":        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + said, Truncated},
	"long header":           {"HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat(said, maxHeader/len(said)+1) + "\r\n\r\n", Malformed},
	"bad gzip":              {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 13\r\n\r\n" + said, Malformed},
	"truncated gzip":        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + zipped(said)[:20], Truncated},
	"long body":             {"HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", MaxBody+1), TooLarge},
	"long gzip body":        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + zipped(strings.Repeat("x", MaxBody+1)), TooLarge},
	"no answer":             {"", Reset},
	"unasked upgrade":       {"HTTP/1.1 101 " + said + "\r\n\r\n", Status},
}

// ask returns the status of a response and the error of the request or of
// reading the body.
func ask(client *http.Client, url string) (status int, err error) {
	response, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.ReadAll(response.Body)
	return response.StatusCode, err
}

// wantReason checks that an error says this and nothing of the peer's.
func wantReason(t *testing.T, err error, want Reason) *Error {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", want)
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("%T is not mapped: %v", err, err)
	}
	if e.Reason != want {
		t.Errorf("reason %q, want %q", e.Reason, want)
	}
	for _, text := range []string{err.Error(), e.Error(), fmt.Sprintf("%+v %#v", e, e), e.Advice()} {
		if strings.Contains(text, said) {
			t.Errorf("the peer's text is in the error: %.200s", text)
		}
	}
	if inner := errors.Unwrap(e); inner != nil && inner != context.Canceled && inner != context.DeadlineExceeded {
		t.Errorf("unwraps to %T", inner)
	}
	return e
}

func TestBrokenAnswers(t *testing.T) {
	for name, tt := range brokenAnswers {
		t.Run(name, func(t *testing.T) {
			address := listen(t, answers(tt.answer))
			status, err := ask(New(Options{}), "http://"+address)
			if tt.reason == Status {
				if err != nil || status != http.StatusSwitchingProtocols {
					t.Errorf("status %d, error %v", status, err)
				}
				return
			}
			if e := wantReason(t, err, tt.reason); e.Proxy != "" || errors.Unwrap(e) != nil {
				t.Errorf("error %+v", e)
			}
		})
	}
}

// A proxy breaks HTTP in its answer to CONNECT, which is read elsewhere.
func TestBrokenProxies(t *testing.T) {
	cases := map[string]struct {
		answer string
		reason Reason
	}{
		"407":              {"HTTP/1.1 407 " + said + "\r\n\r\n", ProxyAuthRequired},
		"403":              {"HTTP/1.1 403 " + said + "\r\n\r\n", ProxyRefused},
		"502":              {"HTTP/1.1 502 " + said + "\r\nX: " + said + "\r\n\r\n", ProxyRefused},
		"302":              {"HTTP/1.1 302 " + said + "\r\nLocation: http://" + said + "/\r\n\r\n", ProxyRefused},
		"101":              {"HTTP/1.1 101 " + said + "\r\n\r\n", ProxyRefused},
		"no answer":        {"", Truncated},
		"long header":      {"HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat(said, maxHeader/len(said)+1), Truncated},
		"no TLS behind it": {"HTTP/1.1 200 OK\r\n\r\n" + said, TLSHandshake},
	}
	for _, name := range []string{"no status line", "bad version", "bad status code", "bad header", "bad length", "two lengths", "bad transfer encoding", "truncated header"} {
		cases[name] = brokenAnswers[name]
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			address := listen(t, answers(tt.answer))
			_, err := ask(New(Options{Proxies: Proxies{HTTPSProxy: Proxy{"http://ann:" + said + "@" + address, "variable HTTPS_PROXY"}}}), "https://sts.example.com")
			e := wantReason(t, err, tt.reason)
			if want := tt.reason != TLSHandshake; (e.Proxy == "variable HTTPS_PROXY") != want || want && !strings.Contains(e.Advice(), "HTTPS_PROXY") {
				t.Errorf("error %+v, advice %q", e, e.Advice())
			}
		})
	}
	t.Run("plain http, 407", func(t *testing.T) {
		address := listen(t, answers("HTTP/1.1 407 "+said+"\r\nContent-Length: 0\r\n\r\n"))
		_, err := ask(New(Options{Proxies: Proxies{HTTPProxy: Proxy{"http://" + address, "variable http_proxy"}}}), "http://token.example.com")
		if e := wantReason(t, err, ProxyAuthRequired); e.Error() != "proxy of variable http_proxy: authentication required (status 407)" {
			t.Error(e)
		}
	})
	t.Run("socks", func(t *testing.T) {
		address := listen(t, func(conn net.Conn) {
			greeting := make([]byte, 3)
			if _, err := io.ReadFull(conn, greeting); err == nil {
				_, _ = conn.Write([]byte{5, 0xff}) // no acceptable method
			}
		})
		_, err := ask(New(Options{Proxies: Proxies{HTTPSProxy: Proxy{"socks5://" + address, "input http-proxy"}}}), "https://sts.example.com")
		if e := wantReason(t, err, ProxyRefused); e.Proxy != "input http-proxy" {
			t.Errorf("error %+v", e)
		}
	})
}

func TestNobodyAnswers(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := listener.Addr().String()
	_ = listener.Close()

	_, err = ask(New(Options{}), "http://"+dead)
	wantReason(t, err, Refused)

	_, err = ask(New(Options{Proxies: Proxies{HTTPSProxy: Proxy{"http://ann:" + said + "@" + dead, "variable https_proxy"}}}), "https://sts.example.com")
	if e := wantReason(t, err, Refused); e.Error() != "proxy of variable https_proxy: connection refused" || !strings.Contains(e.Advice(), "variable https_proxy") {
		t.Errorf("%v; %s", e, e.Advice())
	}

	reset := listen(t, func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
	})
	_, err = ask(New(Options{}), "http://"+reset)
	wantReason(t, err, Reset)

	// .invalid is never resolved (RFC 6761), whether there is a resolver or not.
	_, err = ask(New(Options{}), "http://"+said+".invalid")
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Reason != DNSNotFound && e.Reason != DNSFailed && e.Reason != TimedOut || strings.Contains(e.Error(), said) {
		t.Errorf("error %v", err)
	}
}

func TestAContextThatEnds(t *testing.T) {
	asked := make(chan bool)
	hanging := listen(t, func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			asked <- true
			_, _ = io.Copy(io.Discard, conn)
		}
	})
	half := listen(t, func(conn net.Conn) {
		sends("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + said)(conn)
		asked <- true
		_, _ = io.Copy(io.Discard, conn)
	})
	for name, address := range map[string]string{"no answer": hanging, "half an answer": half} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			go func() { <-asked; cancel() }()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := New(Options{}).Do(request)
			if err == nil {
				_, err = io.ReadAll(response.Body)
			}
			wantReason(t, err, Cancelled)
			if !errors.Is(err, context.Canceled) {
				t.Error("it does not say that the context ended it")
			}

			ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			go func() { <-asked }()
			response, err = New(Options{}).Do(request.Clone(ctx))
			if err == nil {
				_, err = io.ReadAll(response.Body)
			}
			wantReason(t, err, TimedOut)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error("it does not say that the context ended it")
			}
		})
	}
}

// A proxy that takes the connection and never opens the tunnel is named; one
// behind which the server does not answer is not.
func TestAProxyThatHangs(t *testing.T) {
	silent := listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	passing := listen(t, func(conn net.Conn) {
		sends("HTTP/1.1 200 OK\r\n\r\n")(conn)
		_, _ = io.Copy(io.Discard, conn)
	})
	for name, tt := range map[string]struct {
		proxy, target string
		named         bool
	}{
		"http":                  {"http://ann:" + said + "@" + silent, "https://sts.example.com", true},
		"socks":                 {"socks5://" + silent, "https://sts.example.com", true},
		"a server behind http":  {"http://" + passing, "https://sts.example.com", false},
		"unencrypted":           {"http://" + silent, "http://sts.example.com", false},
		"not used for the host": {"http://" + silent, "http://" + silent, false},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := Proxy{tt.proxy, "input http-proxy"}
			ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, tt.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = New(Options{Proxies: Proxies{HTTPProxy: proxy, HTTPSProxy: proxy}}).Do(request)
			e := wantReason(t, err, TimedOut)
			if (e.Proxy != "") != tt.named || tt.named && e.Error() != "proxy of input http-proxy: timed out" {
				t.Errorf("error %+v", e)
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error("it does not say that the context ended it")
			}
		})
	}
}

// certificate makes one that is its own authority, with its key.
func certificate(t *testing.T, change func(*x509.Certificate)) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: said},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{said + ".test"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestKindsOfTLSFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*x509.Certificate)
		server func(*tls.Config)
		trust  bool
		want   Reason
	}{
		"unknown authority": {want: TLSUnknownAuthority},
		"name mismatch":     {trust: true, change: func(c *x509.Certificate) { c.IPAddresses = nil }, want: TLSNameMismatch},
		"expired":           {trust: true, change: func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, want: TLSExpired},
		"not yet valid":     {trust: true, change: func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, want: TLSExpired},
		"for other uses":    {trust: true, change: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, want: TLSCertificate},
		"old version":       {trust: true, server: func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, want: TLSHandshake},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.change == nil {
				tt.change = func(*x509.Certificate) {}
			}
			cert, authority := certificate(t, tt.change)
			config := &tls.Config{Certificates: []tls.Certificate{cert}}
			if tt.server != nil {
				tt.server(config)
			}
			address := listen(t, func(conn net.Conn) { _ = tls.Server(conn, config).Handshake() })
			var o Options
			if tt.trust {
				o.MoreRoots = authority
			}
			_, err := ask(New(o), "https://"+address)
			e := wantReason(t, err, tt.want)
			if e.Permanent() != (tt.want != TLSHandshake) {
				t.Errorf("permanent: %t", e.Permanent())
			}
		})
	}
	for name, server := range map[string]func(net.Conn){
		"no TLS":       func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 "+said+"\r\n\r\n") },
		"no record":    func(conn net.Conn) { _, _ = io.WriteString(conn, strings.Repeat(said, 9)) },
		"a short end":  func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) },
		"wrong record": func(conn net.Conn) { _, _ = conn.Write([]byte{22, 3, 3, 0, 4, 1, 0, 0, 0}) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ask(New(Options{}), "https://"+listen(t, server))
			if e, ok := errors.AsType[*Error](err); ok && e.Reason == Reset && name == "a short end" {
				return // the rest of the client's hello met a closed socket
			}
			wantReason(t, err, TLSHandshake)
		})
	}
}

// The bodies of clients that read no more than the announced length.
func TestABodyOfTheLongestLengthIsWhole(t *testing.T) {
	for _, chunk := range []int{1 << 10, 1<<20 + 1} {
		b := &body{of: io.NopCloser(strings.NewReader(strings.Repeat("x", MaxBody))), ctx: context.Background(), left: MaxBody}
		n := 0
		for p := make([]byte, chunk); ; {
			k, err := b.Read(p)
			n += k
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if n != MaxBody {
			t.Errorf("read %d bytes", n)
		}
	}
}

// sdkError is what AWS's SDK wraps an answer in, without the SDK.
type sdkError struct {
	status int
	err    error
}

func (e sdkError) Error() string       { return said }
func (e sdkError) HTTPStatusCode() int { return e.status }
func (e sdkError) Unwrap() error       { return e.err }

func TestClassifyOtherClients(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"text only":             {errors.New(said), "request failed"},
		"cancelled":             {fmt.Errorf(said+": %w", context.Canceled), "cancelled"},
		"a deadline":            {fmt.Errorf(said+": %w", context.DeadlineExceeded), "timed out"},
		"refused":               {&url.Error{Op: said, URL: said, Err: &net.DNSError{Err: said, Name: said, IsNotFound: true}}, "host name not found"},
		"resolver":              {&net.DNSError{Err: said, Name: said, Server: said}, "host name lookup failed"},
		"an answer, unreadable": {sdkError{200, errors.New(said)}, "malformed response"},
		"an answer, broken off": {sdkError{200, io.ErrUnexpectedEOF}, "response ended early"},
		"an answer, too large":  {sdkError{200, &Error{Reason: TooLarge}}, "response too large"},
		"a refusal":             {sdkError{403, errors.New(said)}, "unexpected response (status 403)"},
		"a redirect":            {sdkError{307, errors.New(said)}, "redirect not followed (status 307)"},
		"no answer":             {sdkError{0, errors.New(said)}, "request failed"},
	} {
		if got := Classify(tt.err).Error(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if !errors.Is(Classify(fmt.Errorf("x: %w", context.Canceled)), context.Canceled) {
		t.Error("a cancelled request does not say so")
	}
}
