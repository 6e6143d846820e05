package explain

import (
	"strconv"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
)

// longest bounds a value from outside in a text, in characters. GitHub's
// subjects are far shorter.
const longest = 400

// cut shortens a text from outside and keeps it on one line.
func cut(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}

// quote shows a value from outside in a sentence.
func quote(s string) string { return strconv.Quote(cut(s)) }

// shown are the claims by which people recognize a run, in this order.
var shown = []string{"sub", "aud", "iss", "ref", "environment", "event_name", "job_workflow_ref"}

// shownClaims returns the claims that a diagnosis shows. It shows the environment
// also if there is none, because the subject depends on it.
func shownClaims(c oidc.Claims) []diagnosis.Claim {
	var all []diagnosis.Claim
	for _, name := range shown {
		value := c.Get(name)
		if name == "aud" {
			value = strings.Join(c.Audiences(), ", ")
		}
		switch {
		case value != "":
			all = append(all, diagnosis.Claim{Name: name, Value: cut(value)})
		case name == "environment" && len(all) > 0:
			all = append(all, diagnosis.Claim{Name: name, Value: "(none)"})
		}
	}
	return all
}

// token is a web identity token as trust policies see it.
type token struct {
	oidc.Claims
	provider string // the issuer, as IAM names it
	subject  subject
}

func newToken(c oidc.Claims) token {
	return token{Claims: c, provider: trust.ProviderOfIssuer(c.Get("iss")), subject: readSubject(c.Get("sub"))}
}

// fromGitHub reports whether the token is GitHub's, or has GitHub's claims.
func (t token) fromGitHub() bool {
	return trust.IsGitHub(t.provider) || t.Get("repository") != ""
}

// reusable reports whether the job belongs to a reusable workflow: it is defined
// in another file than the run's.
func (t token) reusable() bool {
	caller, _, _ := strings.Cut(t.Get("workflow_ref"), "@")
	called, _, _ := strings.Cut(t.Get("job_workflow_ref"), "@")
	return caller != "" && called != "" && caller != called
}

// providerARN is the ARN that the issuer's provider has in the role's account.
func (t token) providerARN(role string) string {
	return arn.OIDCProvider(arn.Partition(role), arn.Account(role), t.provider)
}
