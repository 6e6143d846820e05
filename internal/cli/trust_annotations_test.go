package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

// TestAnnotationsOfFindings: each finding is one workflow command, whatever its
// texts hold.
func TestAnnotationsOfFindings(t *testing.T) {
	at := trust.Pos{Line: 3, Column: 7}
	var out bytes.Buffer
	err := writeAnnotations(&out, []lint.Finding{
		{Rule: "no-audience", Severity: lint.Low, File: "trust.json", Pos: at, Message: "no condition on aud"},
		{Rule: "any-run", Severity: lint.Medium, File: "a,b:c%\n.json", Pos: at, Role: "r\n::error::x", Message: "100%\r\nsure", Fix: "x"},
		{Rule: "any-repository", Severity: lint.Critical, File: "trust.json", Pos: at, Role: "hub", Message: "sub is a wildcard"},
	}, []document.Unread{{File: "broken.json", Message: "no JSON,\nno YAML"}})
	want := []string{
		"::notice col=7,file=trust.json,line=3,title=low%3A no-audience::no condition on aud",
		"::warning col=7,file=a%2Cb%3Ac%25%0A.json,line=3,title=medium%3A any-run::role r%0A::error::x: 100%25%0D%0Asure%0AFix: x",
		"::error col=7,file=trust.json,line=3,title=critical%3A any-repository::role hub: sub is a wildcard",
		"::error col=1,file=broken.json,line=1,title=error%3A unread::no JSON,%0Ano YAML",
		"",
	}
	if diff := cmp.Diff(want, strings.Split(out.String(), "\n")); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
