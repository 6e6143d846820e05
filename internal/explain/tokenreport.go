package explain

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/org/aws-oidc-action/internal/oidc"
)

// TokenReport is what a token says, without the token.
type TokenReport struct {
	Claims      oidc.Claims     `json:"claims"`
	Subject     SubjectReport   `json:"subject"`
	Statement   json.RawMessage `json:"statement,omitempty"`    // for the role's trust policy, see Propose
	Admits      string          `json:"admits,omitempty"`       // whose runs the statement admits
	NoStatement string          `json:"no-statement,omitempty"` // why there is none
}

// NewTokenReport reports the claims of a token.
func NewTokenReport(claims oidc.Claims) TokenReport {
	p, reason := Propose(claims, "")
	return TokenReport{claims, ExplainSubject(claims), json.RawMessage(p.Statement), p.Admits, reason}
}

// Text is the report in lines. It may hold text from outside: the caller
// sanitizes it before printing.
func (r TokenReport) Text() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "Token claims")
	for _, c := range AllClaims(r.Claims) {
		fmt.Fprintf(table, "  %s\t%s\n", c.Name, c.Value)
	}
	fmt.Fprintf(table, "\nSubject, part by part; its form is %s: %s\n", r.Subject.Form, r.Subject.Meaning)
	for _, p := range r.Subject.Parts {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", p.Text, orText(p.Claim, "-"), p.Meaning)
	}
	_ = table.Flush() // a strings.Builder does not fail
	switch {
	case r.NoStatement != "":
		fmt.Fprintf(&b, "\nNo statement is proposed for a trust policy: %s\n", r.NoStatement)
	case len(r.Statement) > 0:
		fmt.Fprintf(&b, "\nStatement for the trust policy of a role; it admits %s\n%s\n", r.Admits, r.Statement)
	}
	return b.String()
}
