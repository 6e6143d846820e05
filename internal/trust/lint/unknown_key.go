package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var unknownKey = Rule{
	ID:       "unknown-key",
	Severity: Critical,
	Summary:  "a condition tests a key that no token fills",
	check: func(in *inspection) {
		for _, g := range in.grants {
			for _, c := range g.Statement.Conditions {
				if !testsAbsentKey(g, c) {
					continue
				}
				severity, follows := Critical, "the condition always holds and demands nothing"
				if failsWithoutKey(c.Operator) {
					severity, follows = Error, "the condition never holds"
				}
				in.report(severity, c.Pos, whyAbsent(g, c.Key)+": "+follows, insteadOf(g, c))
			}
		}
	},
}

// testsAbsentKey reports whether the key of c is never in a request with a
// token of the grant's providers.
func testsAbsentKey(g grant.Grant, c trust.Condition) bool {
	if _, ours := g.Claim(c.Key); ours {
		return !trust.IsConditionKey(c.Key)
	}
	service, _, _ := strings.Cut(strings.ToLower(c.Key), ":")
	global := service == "aws" || service == "sts"
	return !global && !g.Wildcard && !slices.ContainsFunc(g.Statement.Principal.Entries, func(e trust.PrincipalEntry) bool {
		provider, _ := trust.ProviderOfARN(e.ID)
		named, _ := trust.SplitKey(c.Key)
		return strings.EqualFold(provider, named)
	})
}

// failsWithoutKey reports whether a condition with the operator is false when
// the key is missing.
func failsWithoutKey(o trust.Operator) bool {
	if o.Set != "" {
		return o.Set == trust.ForAnyValue
	}
	return !o.IfExists && !o.Negated() && o.Base != "Null"
}

func whyAbsent(g grant.Grant, key string) string {
	provider, claim := trust.SplitKey(key)
	_, ours := g.Claim(key)
	switch {
	case ours && trust.IsClaimOnly(claim):
		return fmt.Sprintf("%s is a claim of the token, but AWS has no condition key for it", claim)
	case ours:
		return fmt.Sprintf("condition key %q does not exist", key)
	case trust.IsGitHub(provider):
		return fmt.Sprintf("condition key %q belongs to another provider than the principal", key)
	}
	return fmt.Sprintf("condition key %q is not in the request of a web identity", key)
}

// insteadOf proposes a key for what the missing one was meant to test.
func insteadOf(g grant.Grant, c trust.Condition) string {
	_, claim := trust.SplitKey(strings.ToLower(c.Key))
	switch claim {
	case "repository_owner", "enterprise":
		return line(g.Key(claim+"_id"), "ID")
	case "workflow_ref", "workflow_sha", "job_workflow_sha":
		return line(g.Key("job_workflow_ref"), "OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/main")
	case "base_ref", "head_ref", "ref_type", "sha", "ref_protected":
		return line(g.Key("ref"), "refs/heads/main")
	}
	if trust.IsConditionKey(g.Key(claim)) && len(c.Values) > 0 {
		return line(g.Key(claim), c.Values[0].Text)
	}
	return "one of the keys that exist: " + strings.Join(trust.ConditionKeys(strings.TrimSuffix(g.Key(""), ":")), ", ")
}
