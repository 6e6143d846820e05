package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var oddSubject = Rule{
	ID:       "odd-subject",
	Severity: Warning,
	Summary:  "no subject of GitHub's default form matches",
	check: func(in *inspection) {
		in.subjects(func(g grant.Grant, c grant.Constraint, v trust.Value, s grant.Subject) {
			if v.Wholly() != nil || s.Context.HasUnknown() || strings.Contains(v.Text, "${") && v.Unknown() == nil || literalWildcard(c.Operator, v) {
				return
			}
			if why, meant, ref := oddity(v.Text, s); why != "" {
				s.Context = trust.NewPattern(meant)
				r := narrowValue(g, c, v, s)
				if ref != "" {
					r = both(r, addConditions(g, "", "ref", ref))
				}
				in.propose(Warning, g, v.Pos, fmt.Sprintf("sub %q %s: it matches no subject of GitHub's default form", v.Text, why), r)
			}
		})
	},
}

// contexts are the beginnings of what follows the repository.
var contexts = []string{"ref:refs/heads/", "ref:refs/tags/", "ref:refs/pull/", "environment:", "pull_request"}

// oddity returns what is wrong with a subject, and the context that may be
// meant, with a ref besides; or "".
func oddity(text string, s grant.Subject) (why, meant, ref string) {
	fixed := prefix(s.Context)
	key, name, _ := strings.Cut(fixed, ":")
	begins := func(known string) bool {
		return strings.HasPrefix(fixed, known) || s.Context.HasWildcards() && strings.HasPrefix(known, fixed)
	}
	switch {
	case strings.TrimSpace(text) != text:
		return "begins or ends with white space", "", ""
	case s.Malformed:
		return "is not repo:OWNER/REPOSITORY:CONTEXT", "", ""
	case s.Customized || s.Reach < grant.OwnerPattern || isOpen(s.Context):
		return "", "", ""
	case !slices.ContainsFunc(contexts, begins):
		if key != "ref" && grant.IsSubjectKey(key) {
			return "", "", "" // customized
		}
		if branch := fixed[strings.LastIndexAny(fixed, ":/")+1:]; branch != "" {
			meant = "ref:refs/heads/" + branch
		}
		return fmt.Sprintf("has %q where ref:refs/heads/BRANCH, ref:refs/tags/TAG, environment:NAME or pull_request should stand", s.Context), meant, ""
	case key == "environment":
		if why, meant, ref = afterEnvironment(s.Context); why != "" {
			return why, meant, ref
		}
	}
	if value, after, colon := strings.Cut(name, ":"); colon && !grant.IsSubjectKey(strings.Split(after, ":")[0]) {
		return "has a colon in a name, which GitHub writes as %3A", key + ":" + value + "%3A" + strings.ReplaceAll(after, ":", "%3A"), ""
	}
	return "", "", ""
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
		return "has pull_request behind an environment, which takes its place", "environment:" + environment, ""
	case strings.HasSuffix(environment, "*ref"):
		if environment = strings.TrimSuffix(environment, "*ref"); environment == "" {
			environment = "ENVIRONMENT"
		}
		return "has a ref behind an environment, which takes its place", "environment:" + environment, strings.Trim(second, "*")
	}
	return "", "", ""
}
