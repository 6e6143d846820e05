package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var valueForm = Rule{
	ID:       "value-form",
	Severity: Error,
	Summary:  "a value has the wrong form for its operator or its key",
	Why: "A value that is no date, number, address, ARN or Boolean equals nothing under an operator of that type, and an account id, a region or an id of GitHub " +
		"of another form equals none that exists. Access Analyzer reports TYPE_MISMATCH_DATE, _NUMBER, _BOOLEAN and _IP_RANGE, INVALID_VPC_FORMAT and the like.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			for _, c := range s.Conditions {
				if c.Unknown != nil || misfit(c) { // operator-type reports it
					continue
				}
				for _, v := range c.Values {
					if want := expectedForm(c, v); want != "" {
						follows := "it never matches"
						if c.Operator.Negated() {
							follows = "it excludes nobody"
						}
						in.report(Error, v.Pos, fmt.Sprintf("value %q of %s is not %s; %s", v.Text, c.Key, want, follows))
					}
				}
			}
			for _, e := range s.Principal.Entries {
				if why := principalFault(e); why != "" {
					in.report(Error, e.Pos, fmt.Sprintf("principal %q %s; IAM refuses the policy", e.ID, why))
				}
			}
		}
	},
}

// expectedForm returns what a value should be and is not, or "".
func expectedForm(c trust.Condition, v trust.Value) string {
	if v.Unknown() != nil || v.HasVariables() {
		return ""
	}
	if want := trust.ValueFault(c.Operator, v); want != "" {
		return want
	}
	if literalWildcard(c.Operator, v) || c.Operator.Base == "Null" {
		return ""
	}
	if !trust.IsGlobalKey(c.Key) {
		provider, claim := trust.SplitKey(c.Key)
		if form, ok := claimForms[strings.ToLower(claim)]; ok && !form.valid(v.Pattern(c.Operator)) && trust.IsGitHub(provider) {
			return form.name
		}
		return ""
	}
	if c.Operator.Wildcards() && strings.ContainsAny(v.Text, "*?") {
		return ""
	}
	if form, ok := keyForms[strings.ToLower(c.Key)]; ok && !form.valid(v.Text) {
		return form.name
	}
	return ""
}

// claimForm is how the values of a claim look, patterns of them included.
type claimForm struct {
	name  string
	valid func(trust.Pattern) bool
}

// like returns the form of what can match a pattern.
func like(name, pattern string) claimForm {
	all := trust.NewPattern(pattern)
	return claimForm{name, func(p trust.Pattern) bool { return p.Overlaps(all) }}
}

var (
	idForm = claimForm{"an id, which has only digits", func(p trust.Pattern) bool {
		return strings.Trim(p.String(), "0123456789*?") == "" && len(p) > 0
	}}
	claimForms = map[string]claimForm{
		"actor_id":            idForm,
		"enterprise_id":       idForm,
		"repository_id":       idForm,
		"repository_owner_id": idForm,
		"ref":                 like("a full ref, such as refs/heads/main", "refs/*"),
		"job_workflow_ref":    like("a workflow with its ref, OWNER/REPOSITORY/.github/workflows/FILE@REF", "*/*/*@*"),
		"repository": {"a repository, OWNER/REPOSITORY", func(p trust.Pattern) bool {
			return p.Overlaps(trust.NewPattern("*/*")) && grant.ParseRepository(p).Fault() == ""
		}},
	}
)

// form is how the values of a key look.
type form struct {
	name  string
	valid func(string) bool
}

var (
	accountForm = form{"an account id, which has 12 digits", arn.IsAccountID}
	keyForms    = map[string]form{
		"aws:principalaccount": accountForm,
		"aws:resourceaccount":  accountForm,
		"aws:sourceaccount":    accountForm,
		"aws:vpceaccount":      accountForm,
		"aws:requestedregion":  {"a region", arn.IsRegion},
		"aws:sourcevpc":        {"the id of a VPC, such as vpc-11223344", func(s string) bool { return isID(s, "vpc-", 8, 17) }},
		"aws:sourcevpce":       {"the id of a VPC endpoint, such as vpce-11223344", func(s string) bool { return isID(s, "vpce-", 8, 17) }},
		"aws:principalorgid":   {"the id of an organization, such as o-1234567890", isOrganization},
	}
)

// isID reports whether s is prefix and one of several numbers of lower-case
// letters and digits.
func isID(s, prefix string, lengths ...int) bool {
	id, found := strings.CutPrefix(s, prefix)
	return found && slices.Contains(lengths, len(id)) && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

// isOrganization holds to the form of the API reference of AWS Organizations.
func isOrganization(s string) bool {
	n := len(s) - len("o-")
	return 10 <= n && n <= 32 && isID(s, "o-", n)
}

// principalFault returns what is wrong with an AWS principal, or "".
func principalFault(e trust.PrincipalEntry) string {
	if e.Type != "AWS" || e.ID == "*" || e.Text().Unknown() != nil {
		return ""
	}
	a, isARN := arn.Parse(e.ID)
	ofIAM := isARN && (a.Service == "iam" || a.Service == "sts")
	switch {
	case strings.Contains(e.ID, "${"):
		return "has a policy variable, which principals do not support"
	case strings.ContainsAny(e.ID, "*?"):
		return "has a wildcard, which principals do not support"
	case strings.HasPrefix(e.ID, "arn:") && !isARN:
		return "is not an ARN with its six parts"
	case !isARN && e.ID != "" && strings.Trim(e.ID, "0123456789") == "" && !arn.IsAccountID(e.ID):
		return "has not the 12 digits of an account id"
	case ofIAM && !arn.IsAccountID(a.AccountID) && !isPlaceholder(a.AccountID):
		return fmt.Sprintf("has the account %q instead of 12 digits", a.AccountID)
	case ofIAM && a.Region != "":
		return fmt.Sprintf("has the region %q, which ARNs of %s do not have", a.Region, strings.ToUpper(a.Service))
	case isARN && !arn.IsPartition(a.Partition):
		return fmt.Sprintf("has the partition %q, which AWS does not have", a.Partition)
	}
	return ""
}
