package ambient

import (
	"strings"
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
