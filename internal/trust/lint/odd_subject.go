package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var oddSubject = Rule{
	ID:       "odd-subject",
	Severity: Warning,
	Summary:  "no subject that GitHub issues by default matches",
	Why: "GitHub's default subject is repo:OWNER/REPOSITORY:CONTEXT, where the context is a ref, an environment or pull_request. " +
		"Other subjects exist only in repositories that customize theirs.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.On("sub") {
				if c.Operator.Negated() || c.Operator.Base == "Null" {
					continue
				}
				for _, v := range known(c.Values) {
					if !hasVariable(v) && !literalWildcard(c.Operator, v) {
						in.checkSubject(g, c, v)
					}
				}
			}
		}
	},
}

// hasVariable reports whether v has a policy variable, even if the policy's
// version does not know them.
func hasVariable(v trust.Value) bool { return strings.Contains(v.Text, "${") && v.Unknown() == nil }

func (in *inspection) checkSubject(g grant.Grant, c grant.Constraint, v trust.Value) {
	s := c.Subject(v)
	if trimmed := strings.TrimSpace(v.Text); trimmed != v.Text {
		in.propose(Warning, g.Statement, v.Pos, fmt.Sprintf("sub %q begins or ends with white space; it matches no subject of GitHub's default form", v.Text),
			narrowValue(g, c, v, grant.ParseSubject(trust.NewPattern(trimmed))))
		return
	}
	why, meant, ref := oddity(s)
	if why == "" {
		return
	}
	r := remedy{}
	if meant != "" {
		s.Context = trust.NewPattern(meant)
		r = narrowValue(g, c, v, s)
	}
	if ref != "" {
		r = both(r, addConditions(g, "ref", ref))
	}
	in.propose(Warning, g.Statement, v.Pos, fmt.Sprintf("sub %q %s; it matches no subject of GitHub's default form", v.Text, why), r)
}

// oddity returns what is wrong with a subject, and, where it can be guessed,
// the context that is meant, with a ref besides; or "".
func oddity(s grant.Subject) (why, meant, ref string) {
	if why := s.Fault(); why != "" {
		return why, s.MeantContext(), ""
	}
	if s.Customized || s.Reach < grant.OwnerPattern || s.Context.HasUnknown() {
		return "", "", ""
	}
	key, name, _ := strings.Cut(prefix(s.Context), ":")
	if key == "environment" {
		if why, meant, ref = afterEnvironment(s.Context); why != "" {
			return why, meant, ref
		}
	}
	if value, after, colon := strings.Cut(name, ":"); colon && !grant.IsSubjectKey(strings.Split(after, ":")[0]) {
		return "has a colon in a name, which GitHub writes as %3A", key + ":" + value + "%3A" + strings.ReplaceAll(after, ":", "%3A"), ""
	}
	return "", "", ""
}

// isOdd reports whether a value of c is one that odd-subject reports.
func isOdd(c grant.Constraint, s grant.Subject) bool {
	if c.Claim != "sub" {
		return s.Fault() != ""
	}
	why, _, _ := oddity(s)
	return why != ""
}

// afterEnvironment finds a second context behind an environment, which takes
// its place in a subject: pull_request, or a ref behind a wildcard. A ref that
// follows directly is that of a customized subject.
func afterEnvironment(context trust.Pattern) (why, meant, ref string) {
	parts := context.Split(':', 3)
	if len(parts) < 3 {
		return "", "", ""
	}
	environment, second := parts[1].String(), parts[2].String()
	switch {
	case second == "pull_request":
		return "has pull_request after an environment, which replaces it", "environment:" + environment, ""
	case strings.HasSuffix(environment, "*ref"):
		if environment = strings.TrimSuffix(environment, "*ref"); environment == "" {
			environment = "ENVIRONMENT"
		}
		return "has a ref after an environment, which replaces it", "environment:" + environment, strings.Trim(second, "*")
	}
	return "", "", ""
}
