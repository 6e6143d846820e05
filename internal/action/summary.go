package action

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/explain"
)

func successSummary(r result) string {
	chain := []string{cell(string(r.profile.Source))}
	for _, h := range r.profile.Chain {
		chain = append(chain, cell(string(h.Role)))
	}
	expires := "never"
	if !r.session.Expires.IsZero() {
		expires = r.session.Expires.Format(time.RFC3339)
	}
	return fmt.Sprintf("### AWS credentials\n\n| account | role | session name | expires | chain |\n|---|---|---|---|---|\n| %s | %s | %s | %s | %s |\n\n",
		cell(r.session.Account), cell(r.session.Role.Name()), cell(r.session.SessionName), cell(expires), strings.Join(chain, "<br>"))
}

func failureSummary(d explain.Diagnosis) string {
	return fmt.Sprintf("### AWS credentials: %s\n\n<pre>%s</pre>\n\n", d.Code, html.EscapeString(d.Text()))
}

// cell makes text safe inside a Markdown table.
func cell(text string) string {
	return strings.NewReplacer("|", "&#124;", "`", "&#96;", "\n", " ", "*", "&#42;", "_", "&#95;", "[", "&#91;").Replace(html.EscapeString(text))
}
