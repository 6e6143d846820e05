package explain

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

// longestSubject bounds what is made into a statement, in characters: IAM
// takes no longer policy anyway.
const longestSubject = 2048

// gravest is the severity from which on the linter's findings keep a statement
// from being proposed.
const gravest = lint.Medium

// Proposal is a statement for the list of a role's trust policy. The evaluator
// has admitted the run by it, and the linter has found nothing of medium
// severity or above in it.
type Proposal struct {
	Statement string // indented JSON
	Admits    string // whose runs, for a sentence: "runs of … and no others"
}

// Propose returns the statement that admits the run that the claims describe,
// and as few others as the condition keys of the token's provider allow. Of an
// unknown role, the account is written ACCOUNT_ID. If there is no such
// statement, reason says why; it is empty for a token that is not one of
// GitHub's.
func Propose(claims oidc.Claims, role string) (p Proposal, reason string) {
	const unknown = "arn:aws:iam::123456789012:role/unknown"
	of := orText(role, unknown)
	p, reason = newWebIdentity(claims, &diagnosis.Denial{Role: of}, Evidence{}).propose(of, rolePolicy{})
	if role == "" {
		p.Statement = strings.Replace(p.Statement, arn.Account(unknown), "ACCOUNT_ID", 1) // the principal's
	}
	return p, reason
}

// propose is Propose for a role whose present policy may be known.
func (w webIdentity) propose(role string, present rolePolicy) (p Proposal, reason string) {
	t := w.token
	sub := t.Get("sub")
	if !t.fromGitHub() || sub == "" {
		return Proposal{}, ""
	}
	pins := t.pins()
	switch {
	case len(sub) > longestSubject:
		return Proposal{}, "the subject is longer than a trust policy can be"
	case unprintable(t.provider) || slices.ContainsFunc(slices.Collect(maps.Values(pins)), unprintable):
		return Proposal{}, "the token's claims have characters that cannot be printed"
	}
	s := t.statement(role, pins)
	if fault := s.fault(w, present); fault != "" {
		return Proposal{}, fault
	}
	return Proposal{s.String(), t.admitted(pins)}, ""
}

// pins are the values of claims that a statement demands so that it admits
// runs like the token's and no others: besides the subject its reusable
// workflow, the repository's id where the subject has none, and the ref where
// the subject leaves it open: it is not of GitHub's default form, or it has an
// environment and the run is on a branch. Tags, which are new for each release,
// and refs of pull requests are not pinned beside an environment. Claims that
// IAM has no key for are left out.
func (t token) pins() map[string]string {
	claims := []string{"aud", "sub"}
	switch t.form() {
	case ImmutableSubject:
	case ClassicSubject:
		claims = append(claims, "repository_id")
	default:
		claims = append(claims, "repository_id", "ref")
	}
	if t.isEnvironmentOnBranch() {
		claims = append(claims, "ref")
	}
	if t.reusable() {
		claims = append(claims, "job_workflow_ref")
	}
	pins := map[string]string{}
	for _, claim := range claims {
		value := t.Get(claim)
		if audiences := t.Audiences(); claim == "aud" && len(audiences) > 0 {
			value = audiences[0]
		}
		if value != "" && trust.IsConditionKey(t.provider+":"+claim) {
			pins[claim] = value
		}
	}
	return pins
}

// isEnvironmentOnBranch reports whether the subject has GitHub's default form
// with an environment, and the run is on a branch.
func (t token) isEnvironmentOnBranch() bool {
	isDefault := t.form() == ClassicSubject || t.form() == ImmutableSubject
	return isDefault && t.subject.context().kind() == environmentKind && strings.HasPrefix(t.Get("ref"), "refs/heads/")
}

// statement admits tokens with these values. Those that look like wildcards
// are escaped under an operator that has them, as IAM reads them.
func (t token) statement(role string, pins map[string]string) statement {
	s := statement{
		Effect:    "Allow",
		Principal: map[string]string{"Federated": t.providerARN(role)},
		Action:    actions{trust.WebIdentityAction},
		Condition: map[string]map[string]string{},
	}
	for claim, value := range pins {
		operator := "StringEquals"
		value = strings.ReplaceAll(value, "${", "${$}{")
		if strings.ContainsAny(value, "*?") {
			operator = "StringLike"
			value = strings.NewReplacer("*", "${*}", "?", "${?}").Replace(value)
		}
		if s.Condition[operator] == nil {
			s.Condition[operator] = map[string]string{}
		}
		s.Condition[operator][t.provider+":"+claim] = value
	}
	return s
}

// admitted says whose runs a statement with these pins admits. That it admits
// no others takes the repository's id and a run that is known: a name can be
// registered again after it was given up.
func (t token) admitted(pins map[string]string) string {
	repository := orText(cut(t.Get("repository")), "this repository")
	text, known, remark := "runs with this subject", pins["ref"] != "", ""
	switch context := t.subject.context(); {
	case t.form() != ClassicSubject && t.form() != ImmutableSubject:
		if known {
			text = fmt.Sprintf("runs of %s on %s with this subject", repository, cut(pins["ref"]))
		}
	case context.kind() == environmentKind:
		text, known = fmt.Sprintf("jobs of %s with the environment %s", repository, quote(strings.ReplaceAll(context.value, "%3A", ":"))), true
		if pins["ref"] != "" {
			text += " on " + cut(pins["ref"])
			remark = "; without the condition on ref, it admits them on any branch or tag"
		}
	case context.kind() == pullRequestKind:
		text, known = "pull requests of "+repository, true
	case context.key == "ref":
		text, known = fmt.Sprintf("runs of %s on %s", repository, cut(context.value)), true
	}
	if workflow := pins["job_workflow_ref"]; workflow != "" {
		text += ", in the reusable workflow " + cut(workflow) + ","
	}
	switch {
	case !known:
		return text
	case pins["repository_id"] != "" || t.form() == ImmutableSubject:
		return text + " and no others" + remark
	}
	return strings.TrimSuffix(text, ",") + "; anyone who re-registers a released name matches too" + remark
}

func unprintable(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) })
}

// statement is one of a policy, with its members in the usual order.
type statement struct {
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    actions
	Resource  string                       `json:",omitempty"`
	Condition map[string]map[string]string `json:",omitempty"`
}

// actions are written as policies write a list: a single one without brackets.
type actions []string

func (a actions) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

func (s statement) String() string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(s) // strings and a buffer do not fail
	return strings.TrimSuffix(b.String(), "\n")
}

// fault says why the statement is not a remedy for a refused request, or "". By
// itself it must admit the request and pass the linter, and added to the role's
// present policy, if that is known, it must admit the request too.
func (s statement) fault(a asked, present rolePolicy) string {
	version := trust.Version2012
	if len(present.policies) > 0 {
		version = present.policies[0].Version // it decides how values are read
	}
	policy, err := trust.Parse(fmt.Appendf(nil, `{"Version": %q, "Statement": [%s]}`, version, s))
	if err != nil || review(trust.Alternatives{policy}, a).outcome != admitted {
		return "no condition that IAM has can match this request"
	}
	for _, f := range lint.Check(document.Role{Policies: trust.Alternatives{policy}}, lint.Options{}) {
		if f.Severity >= gravest {
			return fmt.Sprintf("trust lint would report it as %s (%s): %s", f.Rule, f.Severity, cut(f.Message))
		}
	}
	for _, p := range present.policies {
		both := *p
		both.Statements = slices.Concat(p.Statements, policy.Statements)
		if v := review(trust.Alternatives{&both}, a); v.outcome != admitted {
			return v.cause(present.file)
		}
	}
	return ""
}
