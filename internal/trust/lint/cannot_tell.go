package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var cannotTell = Rule{
	ID:       "cannot-tell",
	Severity: High,
	Summary:  "the document does not determine who can assume the role",
	Why: "A value that only the deployment knows, such as a parameter without a default, decides who can assume the role. " +
		"The other findings cover what is certain. The severity is high if the provider or the owner is open, warning if the repository is, note if only the branch or environment is.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			if s.Unknown != nil {
				in.reportUnknown(High, s.Pos, "who can assume the role is unknown: the policy", s.Unknown)
			}
		}
		for _, g := range in.grants {
			if g.Unknown != nil {
				in.reportUnknown(High, g.Statement.Principal.Pos, "whether the role trusts GitHub's provider is unknown: the principal", g.Unknown)
				continue
			}
			in.reportOpen(g)
		}
	},
}

// openings say what of a grant is open, and how grave that is.
var openings = map[grant.Openness]struct {
	severity Severity
	what     string
}{
	grant.OpenOwner:      {High, "whose workflows can assume the role is unknown: "},
	grant.OpenRepository: {Warning, "which repository can assume the role is unknown: "},
	grant.OpenContext:    {Note, "which branches, environments or other runs can assume the role is unknown: "},
}

// reportOpen reports what of a grant is the most open, once.
func (in *inspection) reportOpen(g grant.Grant) {
	worst, at, what := grant.Determined, trust.Pos{}, ""
	var unknown *trust.Unknown
	consider := func(open grant.Openness, pos trust.Pos, subject string, u *trust.Unknown) {
		if open = g.StillOpen(open); open > worst {
			worst, at, what, unknown = open, pos, subject, u
		}
	}
	for _, c := range g.Open {
		consider(grant.OpenOwner, c.Pos, "a condition", c.Unknown)
	}
	for _, c := range g.Constraints {
		if c.Unknown != nil {
			consider(c.Open(), c.Pos, fmt.Sprintf("condition key %q", c.Key), c.Unknown)
		}
		for _, v := range c.Values {
			if u := v.Unknown(); u != nil && c.Identifies() {
				consider(c.Subject(v).Open, v.Pos, fmt.Sprintf("%s %q", c.Claim, v.Text), u)
			}
		}
	}
	for _, c := range g.Statement.Conditions {
		for _, v := range c.Values {
			if u := v.Unknown(); u != nil {
				consider(grant.OpenContext, v.Pos, fmt.Sprintf("%s %q", c.Key, v.Text), u)
			}
		}
	}
	if worst > grant.Determined {
		o := openings[worst]
		in.reportUnknown(o.severity, at, o.what+what, unknown)
	}
}

func (in *inspection) reportUnknown(s Severity, at trust.Pos, what string, u *trust.Unknown) {
	remedy := ""
	names := document.Parameters(u.DependsOn)
	switch {
	case len(document.Placeholders(u.DependsOn)) > 0:
		remedy = "; the file is a template: fill it in first"
	case len(names) > 0:
		remedy = "; set --parameter " + strings.Join(names, "=VALUE --parameter ") + "=VALUE"
	}
	in.report(s, at, what+" depends on "+strings.Join(u.DependsOn, ", ")+remedy)
}
