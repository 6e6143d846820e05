package action

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/transport"
)

// proxyCase has STS at https://sts.example.com, which only the proxy knows.
type proxyCase struct {
	name   string
	with   inputs
	job    vars
	behind bool   // the token endpoint is at https://token.example.com, which only the proxy knows, not on loopback
	asked  string // of the proxy
	code   string
	notes  string
	says   []string
}

var bundle = vars{"AWS_CA_BUNDLE": "{temp}/ca.pem"}

const (
	both    = "CONNECT token.example.com:443, CONNECT sts.example.com:443"
	stsOnly = "CONNECT sts.example.com:443"
)

// In these, {proxy} is host and port of the proxy, {dead} of one that refuses
// connections, {server} of the token endpoint.
var proxyCases = []proxyCase{
	{name: "input", with: inputs{"http-proxy": "http://{proxy}"}, job: bundle, asked: stsOnly},
	{name: "input with a password", with: inputs{"http-proxy": "http://ann:h%20nter2@{proxy}"}, job: bundle, asked: stsOnly + " as ann:h nter2"},
	{name: "HTTP_PROXY", job: also(bundle, vars{"HTTP_PROXY": "http://{proxy}"}), asked: stsOnly},
	{name: "HTTPS_PROXY", behind: true, job: also(bundle, vars{"HTTPS_PROXY": "http://{proxy}"}), asked: both},
	{name: "HTTPS_PROXY before HTTP_PROXY", behind: true, job: also(bundle, vars{"HTTPS_PROXY": "http://{proxy}", "HTTP_PROXY": "http://{dead}"}), asked: both},
	{name: "input before the variables", with: inputs{"http-proxy": "http://{proxy}"}, job: also(bundle, vars{"HTTPS_PROXY": "http://{dead}", "HTTP_PROXY": "http://{dead}"}), asked: stsOnly},
	{name: "input for STS, variable for the token endpoint", behind: true, with: inputs{"http-proxy": "http://sts:x@{proxy}"}, job: also(bundle, vars{"HTTPS_PROXY": "http://token:x@{proxy}"}), asked: "CONNECT token.example.com:443 as token:x, CONNECT sts.example.com:443 as sts:x"},
	{name: "variables in lower case", behind: true, job: also(bundle, vars{"https_proxy": "http://{proxy}"}), asked: both},
	{name: "an unencrypted token request", job: also(bundle, vars{"HTTP_PROXY": "http://{proxy}", "ACTIONS_ID_TOKEN_REQUEST_URL": "http://0.0.0.0:{port}{path}", "GITHUB_SERVER_URL": "http://0.0.0.0"}), asked: stsOnly},
	{name: "the same in lower case", job: also(bundle, vars{"http_proxy": "http://{proxy}", "https_proxy": "http://{proxy}", "ACTIONS_ID_TOKEN_REQUEST_URL": "http://0.0.0.0:{port}{path}", "GITHUB_SERVER_URL": "http://0.0.0.0"}), asked: stsOnly},
	{name: "no-proxy with other hosts", with: inputs{"http-proxy": "http://{proxy}", "no-proxy": ".example.org\nample.com 10.0.0.0/8"}, job: bundle, asked: stsOnly},
	{name: "a certificate that nobody vouches for", with: inputs{"http-proxy": "http://{proxy}", "disable-retry": "true"}, asked: stsOnly, code: "sts-unreachable", says: []string{"TLS certificate signed by an unknown authority", "set AWS_CA_BUNDLE"}},
	{name: "further roots of Node.js", with: inputs{"http-proxy": "http://{proxy}"}, job: vars{"NODE_EXTRA_CA_CERTS": "{temp}/ca.pem"}, asked: stsOnly, says: []string{"Trusted certificate authorities: the default ones, NODE_EXTRA_CA_CERTS\n"}},
	{name: "roots in place of the default ones", with: inputs{"http-proxy": "http://{proxy}"}, job: vars{"SSL_CERT_FILE": "{temp}/ca.pem"}, asked: stsOnly, says: []string{"Trusted certificate authorities: SSL_CERT_FILE (in place of the default ones)\n"}},
	{name: "all three", with: inputs{"http-proxy": "http://{proxy}"}, job: vars{"SSL_CERT_FILE": "{temp}/other.pem", "AWS_CA_BUNDLE": "{temp}/other.pem", "NODE_EXTRA_CA_CERTS": "{temp}/ca.pem"}, asked: stsOnly, says: []string{"Trusted certificate authorities: SSL_CERT_FILE (in place of the default ones), AWS_CA_BUNDLE, NODE_EXTRA_CA_CERTS\n"}},
	{name: "others in place of the default ones", with: inputs{"http-proxy": "http://{proxy}", "disable-retry": "true"}, job: vars{"SSL_CERT_FILE": "{temp}/other.pem"}, asked: stsOnly, code: "sts-unreachable", says: []string{"TLS certificate signed by an unknown authority"}},
	{name: "a bundle that is missing", with: inputs{"http-proxy": "http://{proxy}", "disable-retry": "true"}, job: vars{"AWS_CA_BUNDLE": "/nonexistent/ca.pem"}, asked: stsOnly, code: "sts-unreachable", notes: "warning AWS_CA_BUNDLE", says: []string{`"/nonexistent/ca.pem" does not exist; the action continues without the file`}},
	{name: "roots that are missing", with: inputs{"http-proxy": "http://{proxy}"}, job: also(bundle, vars{"SSL_CERT_FILE": "/nonexistent/ca.pem"}), asked: stsOnly, notes: "warning SSL_CERT_FILE", says: []string{`"/nonexistent/ca.pem" does not exist; the action continues without the file`, "Trusted certificate authorities: the default ones, AWS_CA_BUNDLE\n"}},
	{name: "a bundle without a certificate", with: inputs{"http-proxy": "http://{proxy}"}, job: also(bundle, vars{"NODE_EXTRA_CA_CERTS": "{temp}/empty.pem"}), asked: stsOnly, notes: "warning NODE_EXTRA_CA_CERTS", says: []string{"the file contains no certificate in PEM format; the action continues without it", "Trusted certificate authorities: the default ones, AWS_CA_BUNDLE\n"}},
	{name: "an unencrypted endpoint in the network", with: inputs{"http-proxy": "http://{proxy}", "sts-endpoint": "http://minio:9000"}, asked: "POST minio:9000", notes: "warning STS endpoint", says: []string{"STS endpoint: http://minio:9000 (input sts-endpoint), not AWS's\n", "input sts-endpoint: http://minio:9000 is not encrypted: anyone who can read the connection gets the token and the credentials"}},
	{name: "a proxy that is down", with: inputs{"http-proxy": "http://{dead}", "disable-retry": "true"}, job: bundle, code: "sts-unreachable", says: []string{"proxy of input http-proxy: connection refused", "check the URL in input http-proxy"}},
	{name: "HTTPS_PROXY that is down", behind: true, with: inputs{"disable-retry": "true"}, job: also(bundle, vars{"HTTPS_PROXY": "http://ann:h%20nter2@{dead}"}), code: "id-token-endpoint", says: []string{"proxy of variable HTTPS_PROXY: connection refused", "check the URL in variable HTTPS_PROXY"}},
	{name: "https_proxy that is down", with: inputs{"disable-retry": "true"}, job: also(bundle, vars{"https_proxy": "http://{dead}"}), code: "sts-unreachable", says: []string{"proxy of variable https_proxy: connection refused", "check the URL in variable https_proxy"}},
	{name: "a proxy that says no", with: inputs{"http-proxy": "http://{proxy}", "disable-retry": "true", "sts-endpoint": "https://closed.example.com"}, job: bundle, asked: "CONNECT closed.example.com:443", code: "sts-unreachable", says: []string{"closed.example.com", "proxy of input http-proxy: connection to the host not allowed (status 403)", "allow the host in the proxy"}},
	{name: "a proxy that is none", with: inputs{"http-proxy": "ftp://ann:h%20nter2@{proxy}"}, job: bundle, code: "invalid-input", says: []string{"input http-proxy"}},
}

func TestProxy(t *testing.T) {
	for i, tt := range proxyCases {
		if propertytest.LeaveOut(i, 3) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			w := &tableJob{world: newWorld(t, strings.Replace(tableWorld, "# more of the workflow", "", 1))}
			p := newProxy(w)
			token, err := url.Parse(w.Job.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"))
			if err != nil {
				t.Fatal(err)
			}
			names := strings.NewReplacer("{proxy}", p.address, "{dead}", deadAddress(t), "{port}", token.Port(), "{path}", token.RequestURI(), "{temp}", w.Job.Temp())

			job := vars{"AWS_ENDPOINT_URL_STS": "https://sts.example.com"}
			if tt.behind {
				job["ACTIONS_ID_TOKEN_REQUEST_URL"] = "https://token.example.com" + token.RequestURI()
			}
			for name, value := range tt.job {
				job[name] = names.Replace(value)
			}
			w.set(job)
			with := inputs{}
			for name, value := range tt.with {
				with[name] = names.Replace(value)
			}
			r := w.use(with)

			if tt.code != "" {
				w.failed(r, tt.code)
			} else if r.Failed {
				t.Fatal(cut(w.Job.Log()))
			} else if got := w.Calls(); got != "token AssumeRoleWithWebIdentity" {
				t.Errorf("calls: %s", got)
			}
			if got := strings.Join(p.asked, ", "); got != tt.asked {
				t.Errorf("the proxy was asked for\n%s, want\n%s", got, tt.asked)
			}
			var notes []string
			for _, a := range w.Job.Annotations() {
				if a.Level != "error" {
					notes = append(notes, a.Level+" "+a.Title)
				}
			}
			if got := strings.Join(notes, "; "); got != tt.notes {
				t.Errorf("notes %q, want %q", got, tt.notes)
			}
			for _, part := range tt.says {
				if !strings.Contains(w.Job.Log(), part) {
					t.Errorf("the log lacks %q:\n%s", part, cut(w.Job.Log()))
				}
			}
			if strings.Contains(w.Job.Log(), "nter2") {
				t.Errorf("the proxy's password is shown:\n%s", cut(w.Job.Log()))
			}
		})
	}
}

// TestProxyCredentialsAreMasked has user and password masked in every form,
// before anything else is printed, wherever the URL was set and whether it can
// be used or not.
func TestProxyCredentialsAreMasked(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for url, forms := range map[string][]string{
		"http://annie:h%23nter2@127.0.0.1:1": {"annie", "h%23nter2", "h#nter2", "annie:h#nter2", b64("annie:h#nter2")},
		"annie:h#nt@er2@127.0.0.1:1":         {"annie", "h#nt@er2", "h%23nt%40er2", b64("annie:h#nt@er2")},
	} {
		for _, name := range []string{"INPUT_HTTP-PROXY", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "INPUT_STS-ENDPOINT", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"} {
			state := filepath.Join(t.TempDir(), "state")
			if err := os.WriteFile(state, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			Step{Environ: []string{"GITHUB_STATE=" + state, "INPUT_AWS-REGION=nowhere", name + "=" + url}, Stdout: &log, HTTP: transport.New, Now: time.Now, Sleep: retry.Sleep}.Run(t.Context())
			masks, rest, _ := strings.Cut(log.String(), "::error")
			for _, form := range forms {
				if !strings.Contains(masks, "::add-mask::"+strings.ReplaceAll(form, "%", "%25")+"\n") {
					t.Errorf("%s: no mask for %q before the rest:\n%s", name, form, log.String())
				}
				if strings.Contains(rest, form) {
					t.Errorf("%s: %q is shown:\n%s", name, form, rest)
				}
			}
		}
	}
}

// proxy plays a company's proxy: it forwards plain requests to whom they name,
// and tunnels to sts.example.com and token.example.com, whose certificate is the
// test's own.
type proxy struct {
	address string

	mu    sync.Mutex
	asked []string
}

func newProxy(w *tableJob) *proxy {
	w.Helper()
	target, err := url.Parse(w.Server.URL())
	if err != nil {
		w.Fatal(err)
	}
	sts := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // which is signed
		},
	})
	sts.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it are meant
	sts.StartTLS()
	w.Cleanup(sts.Close)
	for name, content := range map[string][]byte{
		"ca.pem":    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sts.Certificate().Raw}),
		"other.pem": otherRoot(w.T),
		"empty.pem": []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
	} {
		if err := os.WriteFile(filepath.Join(w.Job.Temp(), name), content, 0o600); err != nil {
			w.Fatal(err)
		}
	}
	p := &proxy{}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if r.In.URL.Host == "minio:9000" {
			r.SetURL(target)
		}
	}}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		p.note(r)
		switch {
		case r.Method != http.MethodConnect:
			forward.ServeHTTP(out, r)
		case r.Host == "sts.example.com:443", r.Host == "token.example.com:443":
			tunnel(out, sts.Listener.Addr().String())
		default:
			http.Error(out, "this proxy does not lead there", http.StatusForbidden)
		}
	}))
	w.Cleanup(server.Close)
	p.address = server.Listener.Addr().String()
	return p
}

// otherRoot is the certificate of an authority that signed nothing here.
func otherRoot(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (p *proxy) note(r *http.Request) {
	text := r.Method + " " + r.Host
	if _, basic, ok := strings.Cut(r.Header.Get("Proxy-Authorization"), "Basic "); ok {
		who, _ := base64.StdEncoding.DecodeString(basic)
		text += " as " + string(who)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, text)
}

// tunnel joins the client's connection with one to the address, until either
// side ends.
func tunnel(out http.ResponseWriter, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, _, err := http.NewResponseController(out).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	if _, err := io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
		close(done)
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
	<-done
}

// deadAddress returns an address on which no process listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// TestKeysWithoutSpecialCharacters counts on the sandbox's keys, of which some
// have special characters, as AWS's.
func TestKeysWithoutSpecialCharacters(t *testing.T) {
	w := newWorld(t, strings.Replace(tableWorld, "# more of the workflow", "", 1)+"\nfaults: [{call: sts, fault: special-characters}]\n")
	r := w.use(inputs{"special-characters-workaround": "true", "disable-retry": "true"})
	if r.Failed {
		t.Fatal(w.Job.Log())
	}
	special := func(s string) bool {
		return strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	}
	// Each session's three secrets follow the token's.
	for i := 1; i < len(w.Secrets()); i += 3 {
		last := i+3 == len(w.Secrets())
		if special(w.Secrets()[i]+w.Secrets()[i+1]) == last {
			t.Errorf("session %d: secret key %.4s…, but it is the last: %t", i/3, w.Secrets()[i+1], last)
		}
	}
	if n := count(w.Calls(), "AssumeRoleWithWebIdentity"); n < 2 || n > 12 || count(w.Calls(), "token") != 1 {
		t.Errorf("calls: %s", w.Calls())
	}
	if special(r.Env["AWS_SECRET_ACCESS_KEY"]) {
		t.Error("the exported key has special characters")
	}
}

// TestVariablesThatCount compares the list of variables that replace empty
// inputs with the one that workflows rely on.
func TestVariablesThatCount(t *testing.T) {
	want := strings.Fields(`AWS_REGION ROLE_TO_ASSUME WEB_IDENTITY_TOKEN_FILE ROLE_CHAINING AUDIENCE HTTPS_PROXY HTTP_PROXY
		MASK_AWS_ACCOUNT_ID ROLE_DURATION_SECONDS ROLE_EXTERNAL_ID ROLE_SESSION_NAME ROLE_SKIP_SESSION_TAGGING TRANSITIVE_TAG_KEYS
		INLINE_SESSION_POLICY MANAGED_SESSION_POLICIES OUTPUT_CREDENTIALS UNSET_CURRENT_CREDENTIALS DISABLE_RETRY RETRY_MAX_ATTEMPTS
		SPECIAL_CHARACTERS_WORKAROUND USE_EXISTING_CREDENTIALS NO_PROXY OVERWRITE_AWS_PROFILE`)
	got := map[string]bool{}
	for _, in := range plan.Inputs {
		for _, name := range in.Env {
			got[name] = true
		}
	}
	for _, name := range want {
		if !got[name] {
			t.Errorf("%s counts for nothing", name)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("these count too: %v", got)
	}
}
