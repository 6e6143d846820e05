package ambient

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
)

func TestContainerEndpoint(t *testing.T) {
	for _, tt := range []struct{ relative, full, want string }{
		{relative: "/v2/credentials/3f", want: "http://169.254.170.2/v2/credentials/3f"},
		{relative: "/v2?id=3f", full: "http://elsewhere.example", want: "http://169.254.170.2/v2?id=3f"},
		{relative: "//elsewhere.example/v2", want: "http://169.254.170.2//elsewhere.example/v2"},
		{relative: ".elsewhere.example/v2"},
		{relative: "@elsewhere.example/v2"},
		{relative: "http://169.254.170.2/v2"},
		{full: "https://agent.example.com/v2", want: "https://agent.example.com/v2"},
		{full: "https://192.0.2.1:8443/v2", want: "https://192.0.2.1:8443/v2"},
		{full: "http://169.254.170.2/v2", want: "http://169.254.170.2/v2"},
		{full: "http://169.254.170.23/v1/credentials", want: "http://169.254.170.23/v1/credentials"},
		{full: "http://[fd00:ec2::23]/v1/credentials", want: "http://[fd00:ec2::23]/v1/credentials"},
		{full: "http://[fd00:0ec2:0::0:23]:80/v1", want: "http://[fd00:0ec2:0::0:23]:80/v1"},
		{full: "http://127.0.0.1:8080/v2", want: "http://127.0.0.1:8080/v2"},
		{full: "http://127.8.8.8/v2", want: "http://127.8.8.8/v2"},
		{full: "http://[::1]/v2", want: "http://[::1]/v2"},
		{full: "http://[::ffff:127.0.0.1]/v2", want: "http://[::ffff:127.0.0.1]/v2"},
		{full: "http://localhost:8080/v2", want: "http://localhost:8080/v2"},
		{full: "http://169.254.169.254/latest"},
		{full: "http://169.254.170.20/v2"},
		{full: "http://[fd00:ec2::254]/v1"},
		{full: "http://10.0.0.1/v2"},
		{full: "http://localhost.elsewhere.example/v2"},
		{full: "http://127.0.0.1.elsewhere.example/v2"},
		{full: "http://127.0.0.1@elsewhere.example/v2"},
		{full: "http://user:h4nter2@127.0.0.1/v2"},
		{full: "ftp://127.0.0.1/v2"},
		{full: "127.0.0.1/v2"},
		{full: "http:///v2"},
	} {
		got, err := containerEndpoint(tt.relative, tt.full)
		switch {
		case tt.want == "" && err == nil:
			t.Errorf("relative %q, full %q: led to %s", tt.relative, tt.full, got)
		case tt.want != "" && (err != nil || got != tt.want):
			t.Errorf("relative %q, full %q: %q, %v; want %q", tt.relative, tt.full, got, err, tt.want)
		case err != nil && strings.Contains(err.Error(), "h4nter2"):
			t.Errorf("%q: the error shows the password: %v", tt.full, err)
		}
	}
}

// recorder refuses all requests, and notes where the first went.
type recorder struct{ first string }

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	if r.first == "" {
		r.first = request.URL.String()
	}
	return nil, syscall.ECONNREFUSED
}

// The metadata service is asked at the address of its protocol, unless one is
// set.
func TestInstanceEndpoint(t *testing.T) {
	const path = "/latest/api/token"
	for _, tt := range []struct {
		name string
		set  map[string]string
		want string
	}{
		{name: "by default", want: "http://169.254.169.254" + path},
		{name: "IPv4", set: map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv4"}, want: "http://169.254.169.254" + path},
		{name: "IPv6", set: map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv6"}, want: "http://[fd00:ec2::254]" + path},
		{name: "an endpoint and a mode", set: map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"},
			want: "http://127.0.0.1:1" + path},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.set("AWS_EC2_METADATA_DISABLED", "false")
			for name, value := range tt.set {
				w.set(name, value)
			}
			var asked recorder
			chain := w.chain()
			chain.Direct = &http.Client{Transport: &asked}
			_, err := chain.Machine(t.Context())
			w.refused(err, "instance metadata service", "connection refused")
			if asked.first != tt.want {
				t.Errorf("asked %q, want %q", asked.first, tt.want)
			}
		})
	}
}

// A container's agent that does not accept connections yet is asked again.
func TestContainerThatStarts(t *testing.T) {
	w := newWorld(t)
	w.set(relativeURI, "/v2/credentials/3f")
	var asked recorder
	chain := w.chain()
	chain.Direct = &http.Client{Transport: &asked}
	_, err := chain.Machine(t.Context())
	w.refused(err, "container's credentials endpoint ("+relativeURI+"): connection refused")
	if asked.first != "http://169.254.170.2/v2/credentials/3f" || w.sleeps != attempts-1 {
		t.Errorf("asked %q, waited %d times", asked.first, w.sleeps)
	}
}

// Only what has the form of an AWS error code is shown of an answer.
func TestCodesOfErrors(t *testing.T) {
	for code, shown := range map[string]bool{
		"AccessDenied": true, "UnauthorizedException": true,
		"": false, "UnknownError": false, "Access denied": false, "h4nter2": false, "::error::x": false, strings.Repeat("x", 65): false,
	} {
		if isCode(code) != shown {
			t.Errorf("%q is shown: want %v", code, shown)
		}
	}
}

func TestServiceEndpoint(t *testing.T) {
	const own, all = "https://sso.example.com", "https://aws.example.com"
	for _, tt := range []struct {
		name    string
		environ []string
		want    string // "": the service's own
		fails   bool
	}{
		{name: "none"},
		{name: "of the service", environ: []string{"AWS_ENDPOINT_URL=" + all, "AWS_ENDPOINT_URL_SSO=" + own}, want: own},
		{name: "of all services", environ: []string{"AWS_ENDPOINT_URL=" + all}, want: all},
		{name: "ignored", environ: []string{"AWS_ENDPOINT_URL=" + all, "AWS_ENDPOINT_URL_SSO=" + own, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"}},
		{name: "not a URL", environ: []string{"AWS_ENDPOINT_URL_SSO=sso.example.com"}, fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := (&Chain{Environ: tt.environ}).endpoint("SSO")
			switch {
			case tt.fails:
				if err == nil || !strings.Contains(err.Error(), "variable AWS_ENDPOINT_URL_SSO") {
					t.Errorf("error %v", err)
				}
			case err != nil || (got != nil) != (tt.want != "") || got != nil && *got != tt.want:
				t.Errorf("%v, %v; want %q", got, err, tt.want)
			}
		})
	}
}
