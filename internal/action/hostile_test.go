package action

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/propertytest"
)

// hostile is a proxy in front of the sandbox: it passes requests on, and breaks HTTP in
// the answers it chooses, with what the answer would have been in the broken
// place. It is a server as well as a proxy.
type hostile struct {
	*testing.T
	address string
	target  string // host and port of the sandbox

	mu      sync.Mutex
	breaks  func(*http.Request) bool
	framing framing
	broken  int             // answers so far
	secrets map[string]bool // that it was sent or passed on
}

// framing is a way to break HTTP.
type framing struct {
	name   string
	answer func(body string) string
	whole  bool // the answer is complete, and what comes beyond it breaks HTTP
	xml    bool // the same, for a reader that ends with the document
}

func chunked(text string) string {
	return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + text
}

func lengthy(n int, header, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n%sContent-Length: %d\r\n\r\n%s", header, n, body)
}

var framings = []framing{
	{name: "no status line", answer: func(b string) string { return b }},
	{name: "bad version", answer: func(b string) string { return "HTTP/" + b + " 200 OK\r\n\r\n" }},
	{name: "bad status code", answer: func(b string) string { return "HTTP/1.1 " + b + " OK\r\n\r\n" }},
	{name: "reason phrase", answer: func(b string) string { return "HTTP/1.1 403 " + b + "\r\nContent-Length: 0\r\n\r\n" }},
	{name: "bad header", answer: func(b string) string { return "HTTP/1.1 200 OK\r\n" + b + "\r\n\r\n" }},
	{name: "bad header name", answer: func(b string) string { return "HTTP/1.1 200 OK\r\n" + b + ": x\r\n\r\n" }},
	{name: "bad header value", answer: func(b string) string { return "HTTP/1.1 200 OK\r\nX: " + b + "\x01\r\n\r\n" }},
	{name: "request id", answer: func(b string) string {
		return "HTTP/1.1 403 No\r\nX-Amzn-Requestid: " + b + "\r\nContent-Length: 3\r\n\r\nno."
	}},
	{name: "redirect", answer: func(b string) string {
		return "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/" + url.PathEscape(b) + "\r\nContent-Length: 0\r\n\r\n"
	}},
	{name: "bad length", answer: func(b string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + b + "\r\n\r\n" + b }},
	{name: "bad transfer encoding", answer: func(b string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + b + "\r\n\r\n" + b }},
	{name: "bad chunk length", answer: func(b string) string { return chunked(b + "\r\n" + b) }},
	{name: "bad chunk end", answer: func(b string) string { return chunked("5\r\n" + b) }},
	{name: "truncated chunk", answer: func(b string) string { return chunked("ffff\r\n" + b) }, xml: true},
	{name: "bad trailer", answer: func(b string) string { return chunked("5\r\n" + b[:5] + "\r\n0\r\n" + b + "\r\n\r\n") }},
	{name: "truncated body", answer: func(b string) string { return lengthy(len(b)+100, "", b) }, xml: true},
	{name: "shorter than its length", answer: func(b string) string { return lengthy(len(b), "", b[:len(b)/2]) }},
	{name: "longer than its length", answer: func(b string) string { return lengthy(len(b)/2, "", b) }},
	{name: "another answer behind it", answer: func(b string) string { return lengthy(len(b), "", b) + lengthy(len(b), "", b) }, whole: true},
	{name: "no gzip", answer: func(b string) string { return lengthy(len(b), "Content-Encoding: gzip\r\n", b) }},
	{name: "broken gzip", answer: func(b string) string {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		_, _ = io.WriteString(w, b) // a Buffer takes everything
		_ = w.Flush()
		return lengthy(zipped.Len()+len(b), "Content-Encoding: gzip\r\n", zipped.String()+b)
	}, xml: true},
	{name: "text behind it", answer: func(b string) string { return lengthy(len(b)+1+len(b)/2, "", b[:len(b)/2]+"<"+b) }},
	{name: "too long", answer: func(b string) string { return lengthy(2<<20, "", strings.Repeat(b, 2<<20/len(b)+1)) }, xml: true},
	{name: "too long a header", answer: func(b string) string {
		return "HTTP/1.1 200 OK\r\nX: " + strings.Repeat(b, 70<<10/len(b)+1) + "\r\n\r\n"
	}},
}

func newHostile(t *testing.T, target string) *hostile {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{T: t, address: listener.Addr().String(), target: target, secrets: map[string]bool{}}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go h.serve(conn)
		}
	}()
	return h
}

// breakAnswers breaks those to the chosen requests from now on; nil for none.
func (h *hostile) breakAnswers(f framing, to func(*http.Request) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.framing, h.breaks, h.broken = f, to, 0
}

func (h *hostile) serve(conn net.Conn) {
	defer conn.Close()
	requests := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(requests)
		if err != nil {
			return
		}
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
		r.Form, _ = url.ParseQuery(string(sent))
		body := h.note(r)
		var answer bytes.Buffer
		if r.Method != http.MethodConnect {
			if body, err = h.forward(r, &answer); err != nil {
				h.Error(err)
				return
			}
		}
		h.mu.Lock()
		broken, f := h.breaks != nil && h.breaks(r), h.framing
		if broken {
			h.broken++
		}
		h.mu.Unlock()
		if !broken {
			if _, err := conn.Write(answer.Bytes()); err != nil {
				return
			}
			continue
		}
		if _, err := io.WriteString(conn, f.answer(body)); err != nil {
			return
		}
		if !f.whole && f.name != "longer than its length" {
			return // or the client would wait for more
		}
	}
}

// note keeps what is secret in a request, and returns the most secret of it.
func (h *hostile) note(r *http.Request) (secret string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, bearer, _ := strings.Cut(r.Header.Get("Authorization"), "Bearer ")
	_, basic, _ := strings.Cut(r.Header.Get("Proxy-Authorization"), "Basic ")
	both, _ := base64.StdEncoding.DecodeString(basic)
	_, password, _ := strings.Cut(string(both), ":")
	for _, s := range []string{bearer, basic, password, r.Header.Get("X-Amz-Security-Token"), r.Form.Get("WebIdentityToken")} {
		if s != "" {
			h.secrets[s] = true
			secret += s + " "
		}
	}
	return secret
}

// secretInBody leaves the access key ids out: they are in no error either, but
// the state knows a session by its own.
var secretInBody = regexp.MustCompile(`<(?:SecretAccessKey|SessionToken)>([^<]+)<|"value":"([^"]+)"`)

// forward asks the sandbox, writes its answer as it is and returns the body.
func (h *hostile) forward(r *http.Request, answer io.Writer) (body string, err error) {
	r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", h.target
	r.Header.Del("Proxy-Authorization")
	r.Header.Set("Accept-Encoding", "identity")
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	response.Body = io.NopCloser(bytes.NewReader(content))
	h.mu.Lock()
	for _, m := range secretInBody.FindAllStringSubmatch(string(content), -1) {
		h.secrets[m[1]+m[2]] = true
	}
	h.mu.Unlock()
	return string(content), response.Write(answer)
}

// leaks returns what of the secrets is in a text: 16 characters in a row, as
// they are or in one of the encodings in which servers and tools show them.
func (h *hostile) leaks(text string) []string {
	const length = 16
	pieces := map[string]bool{}
	for i := 0; i+length <= len(text); i++ {
		pieces[text[i:i+length]] = true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.secrets) == 0 {
		h.Error("there are no secrets to look for")
	}
	var found []string
	for s := range h.secrets {
		forms := []string{s, url.QueryEscape(s), url.PathEscape(s)}
		for skip := range 3 {
			tail := []byte(s[min(skip, len(s)):])
			forms = append(forms, base64.RawStdEncoding.EncodeToString(tail), base64.RawURLEncoding.EncodeToString(tail))
		}
		if len(s) < length && strings.Contains(text, s) {
			found = append(found, s)
		}
		for _, form := range forms {
			for i := 0; i+length <= len(form); i++ {
				if pieces[form[i:i+length]] {
					found = append(found, form[i:i+length])
					break
				}
			}
		}
	}
	return found
}

// scan looks for secrets in all that the job has written: the log without the
// masks themselves, and every file but the ones that hold credentials for
// later steps.
func (h *hostile) scan(w *world) {
	h.Helper()
	var all strings.Builder
	for _, write := range w.Job.Raw() {
		for line := range strings.Lines(string(write.Data)) {
			if !strings.HasPrefix(line, "::add-mask::") {
				all.WriteString(line)
			}
		}
	}
	for path, content := range w.files(h.T) {
		name := filepath.Base(path)
		switch {
		case name == jobstate.HelperName, name == "session.json", name == "login.json", strings.HasPrefix(name, "set_env_"), strings.HasPrefix(name, "set_output_"):
			continue
		}
		all.WriteString(content)
	}
	if found := h.leaks(all.String()); len(found) > 0 {
		h.Errorf("secrets were written: %q\n%s", found, cut(w.Job.Log()))
	}
}

// hostileWorld is a world whose servers are reached through a hostile one.
func hostileWorld(t *testing.T) (*tableJob, *hostile) {
	t.Helper()
	w := &tableJob{world: newWorld(t, strings.Replace(tableWorld, "# more of the workflow", "", 1))}
	sts, err := url.Parse(w.Server.URL())
	if err != nil {
		t.Fatal(err)
	}
	h := newHostile(t, sts.Host)
	token := w.Job.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL")
	w.set(vars{
		"AWS_ENDPOINT_URL_STS":         "http://" + h.address,
		"ACTIONS_ID_TOKEN_REQUEST_URL": strings.Replace(token, sts.Host, h.address, 1),
	})
	return w, h
}

func action(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Form.Get("Action") == name }
}

// TestHostilePeers has a token endpoint, STS and proxies break HTTP in every
// way, in the main phase, in renewals and before the post phase: nothing of
// what they were sent or would have answered is written anywhere.
func TestHostilePeers(t *testing.T) {
	log.SetOutput(io.Discard) // as package cli does, where that is tested
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	const password = "h%20nter2-0123456789"
	for i, place := range []struct {
		name    string
		proxied bool
		sts     string // endpoint, if it is not the hostile one
		breaks  func(*http.Request) bool
		code    string
	}{
		{name: "token endpoint", breaks: func(r *http.Request) bool { return r.Method == http.MethodGet }, code: "id-token-endpoint"},
		{name: "first hop", breaks: action("AssumeRoleWithWebIdentity"), code: "sts-unreachable"},
		{name: "second hop", breaks: action("AssumeRole"), code: "sts-unreachable"},
		{name: "first hop, through a proxy", proxied: true, sts: "http://minio:9000", breaks: action("AssumeRoleWithWebIdentity"), code: "sts-unreachable"},
		{name: "tunnel", proxied: true, sts: "https://sts.example.com", breaks: func(r *http.Request) bool { return r.Method == http.MethodConnect }, code: "sts-unreachable"},
	} {
		t.Run(place.name, func(t *testing.T) {
			w, h := hostileWorld(t)
			with := inputs{
				"role-chain": "arn:aws:iam::222222222222:role/deploy", "job-summary": "always",
				"retry-max-attempts": "2", "sts-endpoint": place.sts,
			}
			if place.proxied {
				with["http-proxy"] = "http://ann:" + password + "@" + h.address
			}
			passes := func(f framing) bool { return f.whole || f.xml && place.name != "token endpoint" }
			for j, f := range framings {
				if propertytest.LeaveOut(i+j, 8) {
					continue
				}
				h.breakAnswers(f, place.breaks)
				r := w.use(with)
				if r.Failed {
					w.failed(r, place.code)
				}
				if r.Failed == passes(f) && place.name != "tunnel" || h.broken == 0 {
					t.Errorf("%s: failed %t, %d answers were broken", f.name, r.Failed, h.broken)
				}
			}
			h.scan(w.world)
			if place.sts == "" {
				h.renew(w, with, place.breaks, passes)
			}
			w.finish()
			h.scan(w.world)
		})
	}
}

// renew leaves a program that renews the session, and breaks every renewal.
func (h *hostile) renew(w *tableJob, with inputs, breaks func(*http.Request) bool, passes func(framing) bool) {
	h.Helper()
	h.breakAnswers(framing{}, nil)
	with["refresh"] = "true"
	if r := w.use(with); r.Failed {
		h.Fatal(cut(w.Job.Log()))
	}
	w.Time = w.Time.Add(50 * time.Minute)
	for i, f := range framings {
		if propertytest.LeaveOut(i, 8) {
			continue
		}
		h.breakAnswers(f, breaks)
		later := w.ask("default")
		later.Sleep = func(context.Context, time.Duration) error { return nil }
		_, d := later.Get(h.Context(), "default")
		if (d == nil) != passes(f) || h.broken == 0 {
			h.Errorf("%s: %d answers were broken, diagnosis %v", f.name, h.broken, d)
		}
		if d == nil {
			w.Time = w.Time.Add(50 * time.Minute)
			continue
		}
		w.Time = w.Time.Add(2 * time.Minute) // past the pause after a failure
		notes, err := filepath.Glob(filepath.Join(w.Job.Temp(), jobstate.DirName, "refresh", "*", "failure.json"))
		if err != nil || len(notes) != 1 {
			h.Fatalf("notes of failures: %v %v", notes, err)
		}
		note, err := os.ReadFile(notes[0])
		must(w.world, err)
		if found := h.leaks(d.Text() + string(note)); len(found) > 0 {
			h.Errorf("%s: %q of the secrets in\n%s\n%s", f.name, found, d.Text(), note)
		}
	}
}
