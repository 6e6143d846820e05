package lint

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var principalWildcard = Rule{
	ID:       "principal-wildcard",
	Severity: Critical,
	Summary:  "everyone is trusted, and only conditions keep others out",
	Why: "\"*\" trusts every AWS account and every identity provider of the account; NotPrincipal trusts everyone but a few. " +
		"Sources disagree about {\"AWS\": \"*\"}: the IAM user guide calls it equivalent to \"*\", the AWS CDK documentation says that some services treat them differently; " +
		"here it is judged as \"*\". Access Analyzer reports \"*\" and NotPrincipal as unsupported in a trust policy " +
		"(ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL), while the user guide describes both.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			if s.Effect == trust.Allow && s.Unknown == nil && trustsEveryone(s.Principal) {
				in.checkEveryone(s)
			}
		}
	},
}

// trustsEveryone reports whether a principal means everyone, in any of
// the ways to write that.
func trustsEveryone(e trust.PrincipalElement) bool {
	if e.Negated {
		return !e.Any
	}
	return e.Any || slices.ContainsFunc(e.Entries, func(p trust.PrincipalEntry) bool {
		return p.ID == "*" && (p.Type == "AWS" || p.Type == "Federated")
	})
}

// trustsProviders reports whether such a principal undisputedly includes
// identity providers.
func trustsProviders(e trust.PrincipalElement) bool {
	return e.Negated || e.Any || slices.ContainsFunc(e.Entries, func(p trust.PrincipalEntry) bool { return p.ID == "*" && p.Type == "Federated" })
}

// checkEveryone judges a statement for everyone by what its conditions leave,
// of tokens and of AWS principals.
func (in *inspection) checkEveryone(s trust.Statement) {
	tokens, narrowed := in.everyToken(s)
	severity, message := Note, ""
	includes := "the principal includes every identity provider of the account"
	if !trustsProviders(s.Principal) {
		includes = `{"AWS": "*"} may include every identity provider of the account, on which sources disagree`
	}
	switch {
	case tokens && !narrowed:
		severity, message = Critical, includes+", and no condition says whose tokens; anyone with a token of one of them can assume the role"
	case tokens:
		severity, message = Medium, includes+"; only the conditions keep others out"
	}
	if left, what := in.everyAccount(s); what != "" && left >= severity {
		severity, message = left, what
	}
	if message != "" {
		in.propose(severity, s, s.Principal.Pos, message, in.onlyGitHub(s))
	}
}

// everyToken reports whether the statement may admit web identities, and
// whether its conditions limit whose. What is said of AWS principals is taken
// to be said of everyone.
func (in *inspection) everyToken(s trust.Statement) (admits, narrowed bool) {
	policy := in.policy.Edit(s.Pos, func(st *trust.Statement) { st.Principal = trust.PrincipalElement{Pos: st.Principal.Pos, Any: true} })
	for _, g := range grant.Of(policy) {
		if g.Statement.Pos == s.Pos && g.Never() == "" {
			c, ok := g.Decisive()
			return true, ok && c.Binding() && c.Reach() > grant.OwnerPattern
		}
	}
	return false, false
}

// everyAccount judges what the statement admits of AWS principals.
func (in *inspection) everyAccount(s trust.Statement) (Severity, string) {
	someone := trust.Principal{Type: "AWS", ID: "arn:aws:iam::000000000000:role/x", Account: "000000000000"}
	if !s.MayApply("sts:AssumeRole", someone) {
		return Note, ""
	}
	conditions := slices.Clone(s.Conditions)
	for _, d := range in.statements() {
		if c, ok := grant.Demanded(d); ok && d.Applies("sts:AssumeRole", someone) {
			conditions = append(conditions, c)
		}
	}
	left, message := Critical, "the principal includes every AWS account; anyone with an AWS account can assume the role"
	for _, c := range conditions {
		switch limit := limitsCaller(c); {
		case limit == Note:
			return Note, ""
		case limit < left:
			left, message = limit, "the principal includes every AWS account; only "+c.Key+" limits who can assume the role"
		}
	}
	return left, message
}

// limitsCaller returns how grave it is that nothing but a condition limits
// which AWS principals can assume the role: Note if it names them, or if none
// can meet it.
func limitsCaller(c trust.Condition) Severity {
	provider, _ := trust.SplitKey(c.Key)
	if c.Unknown != nil || !grant.FailsWithoutKey(c.Operator) {
		return Critical
	}
	open := slices.ContainsFunc(c.Values, func(v trust.Value) bool { return startsOpen(v.Pattern(c.Operator)) })
	switch key := strings.ToLower(c.Key); {
	case trust.IsGitHub(provider):
		return Note // no AWS principal brings GitHub's claims
	case open || !strings.HasPrefix(c.Operator.Base, "String") && !strings.HasPrefix(c.Operator.Base, "Arn"):
		return High
	case key == "aws:principalarn":
		if slices.ContainsFunc(c.Values, func(v trust.Value) bool { return !arn.IsAccountID(arn.Account(v.Text)) }) {
			return High
		}
		return Note
	case key == "aws:principalaccount" || key == "aws:userid" || key == "aws:sourcearn" || key == "aws:sourceaccount":
		return Note
	case key == "aws:principalorgid" || key == "aws:principalorgpaths":
		return Low
	}
	return High // of an external id anyone can learn, or an address
}

// onlyGitHub proposes GitHub's provider in place of everyone.
func (in *inspection) onlyGitHub(s trust.Statement) remedy {
	if !s.MayApply(trust.WebIdentityAction, trust.Principal{Type: "Federated", ID: "any"}) {
		return remedy{}
	}
	account := arn.Account(in.ARN)
	shown := account
	if !arn.IsAccountID(account) {
		account, shown = "111122223333", "ACCOUNT_ID"
	}
	return edited(`use "Principal": {"Federated": "`+arn.OIDCProvider(arn.AWS, shown, oidc.GitHubHost)+`"}`, func(st *trust.Statement) {
		st.Principal = trust.NewPrincipal("Federated", arn.OIDCProvider(arn.AWS, account, oidc.GitHubHost), st.Principal.Pos)
	})
}
