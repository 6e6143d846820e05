package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/trust"
)

// asked is a refused request as the trust policy of its role sees it.
type asked interface {
	request() trust.Request

	// unseen reports whether only AWS knows the value of a key.
	unseen(key string) bool

	// concerns reports whether a statement is meant for requests of this kind.
	concerns(s trust.StatementResult) bool

	// gap returns why a condition keeps the request out.
	gap(t test) gap

	// elsewhere returns the gap of a statement about another Principal or Action.
	elsewhere(element string) gap
}

// test is a condition that keeps the request out.
type test struct {
	trust.ConditionResult
	operator trust.Operator // the positive one, where the policy's is negated
	effect   trust.Effect
	excludes bool // the request has a value that it must not have; otherwise it lacks one that it must have
}

// finding is one thing in a policy that keeps the request out.
type finding struct {
	gap
	line int
	text string
}

// outcome is a policy's answer, as far as its inputs are known.
type outcome int

const (
	unmentioned outcome = iota // no statement is meant for such requests
	refused                    // none admits it
	perhaps                    // it depends on what is not known here
	admitted                   // another policy refused the request
	denied                     // by a Deny statement
)

// verdict is a policy's answer with its reasons.
type verdict struct {
	outcome   outcome
	statement trust.StatementResult // the one that decides
	findings  []finding             // in the policy's order
}

// review evaluates a policy for a refused request. If a template leaves the
// policy open, policies has every version of it.
func review(policies trust.Alternatives, a asked) verdict {
	var all []verdict
	for _, p := range policies {
		all = append(all, reviewPolicy(p, a))
	}
	for _, v := range all[1:] {
		if v.outcome != all[0].outcome {
			result := policies.Evaluate(a.request())
			return verdict{perhaps, v.statement, []finding{{line: v.statement.Line, text: undetermined("what the template leaves open", result.DependsOn)}}}
		}
	}
	return all[0]
}

// undetermined says what something depends on.
func undetermined(what string, dependsOn []string) string {
	return fmt.Sprintf("%s depends on %s", what, cut(strings.Join(dependsOn, ", ")))
}

func reviewPolicy(p *trust.Policy, a asked) verdict {
	var allow, deny verdict
	for i, result := range p.Evaluate(a.request()).Statements {
		s := p.Statements[i]
		if s.Effect == trust.Deny {
			if v := weighDeny(s, result, a); v.outcome > deny.outcome {
				deny = v
			}
			continue
		}
		if v := weighAllow(s, result, a); v.outcome > allow.outcome || v.outcome == refused && allow.outcome == refused && v.width() < allow.width() {
			allow = v
		}
	}
	if deny.outcome == denied || deny.outcome == perhaps && allow.outcome >= perhaps {
		return deny
	}
	return allow
}

func (v verdict) width() (sum int) {
	for _, f := range v.findings {
		sum += f.gap.width
	}
	return sum
}

// weighAllow says whether a statement admits the request, and which of its
// elements and conditions do not.
func weighAllow(s trust.Statement, result trust.StatementResult, a asked) verdict {
	if s.Unknown != nil {
		return verdict{perhaps, result, []finding{{line: s.Pos.Line, text: undetermined("the statement", s.Unknown.DependsOn)}}}
	}
	if !a.concerns(result) {
		return verdict{}
	}
	var against, unseen []finding
	for _, e := range []trust.ElementResult{result.Principal, result.Action} {
		if len(e.DependsOn) > 0 {
			unseen = append(unseen, finding{line: e.Line, text: undetermined(e.Name, e.DependsOn)})
		} else if !e.Matched {
			against = append(against, finding{a.elsewhere(e.Name), e.Line, DescribeElement(e)})
		}
	}
	for i, c := range result.Conditions {
		switch {
		case len(c.DependsOn) > 0:
			unseen = append(unseen, finding{line: c.Line, text: undetermined(fmt.Sprintf("%s %s", c.Operator, c.Key), c.DependsOn)})
		case a.unseen(c.Key):
			unseen = append(unseen, finding{line: c.Line, text: describeUnseen(c)})
		case !c.Matched:
			against = append(against, newFinding(s.Conditions[i], c, trust.Allow, a))
		}
	}
	switch {
	case len(against) > 0:
		return verdict{refused, result, against}
	case len(unseen) > 0:
		return verdict{perhaps, result, unseen}
	}
	return verdict{admitted, result, nil}
}

// weighDeny says whether a statement denies the request, and by what.
func weighDeny(s trust.Statement, result trust.StatementResult, a asked) verdict {
	var against, unseen []finding
	for _, e := range []trust.ElementResult{result.Principal, result.Action} {
		if len(e.DependsOn) > 0 {
			unseen = append(unseen, finding{line: e.Line, text: undetermined(e.Name, e.DependsOn)})
		} else if !e.Matched {
			return verdict{}
		}
	}
	for i, c := range result.Conditions {
		switch {
		case len(c.DependsOn) > 0:
			unseen = append(unseen, finding{line: c.Line, text: undetermined(fmt.Sprintf("%s %s", c.Operator, c.Key), c.DependsOn)})
		case a.unseen(c.Key):
			unseen = append(unseen, finding{line: c.Line, text: describeUnseen(c)})
		case !c.Matched:
			return verdict{} // it denies other requests
		default:
			against = append(against, newFinding(s.Conditions[i], c, trust.Deny, a))
		}
	}
	if len(unseen) > 0 {
		return verdict{perhaps, result, unseen}
	}
	return verdict{denied, result, against}
}

func newFinding(c trust.Condition, result trust.ConditionResult, effect trust.Effect, a asked) finding {
	t := newTest(c, result, effect)
	return finding{a.gap(t), result.Line, t.String()}
}

func newTest(c trust.Condition, result trust.ConditionResult, effect trust.Effect) test {
	t := test{ConditionResult: result, operator: c.Operator, effect: effect}
	if opposite, negated := c.Operator.Opposite(); negated {
		t.operator = opposite
		t.excludes = effect == trust.Allow
	} else {
		t.excludes = effect == trust.Deny
	}
	return t
}

// longestPolicy is more than IAM's quotas allow a trust policy, in bytes.
const longestPolicy = 8192

// nearest returns the narrowest gap to one of the expected values.
func (t test) nearest(to func(expected string, wildcards bool) gap) gap {
	var best gap
	for _, expected := range t.Expected {
		g := gap{"", noForm}
		if len(expected) <= longestPolicy {
			g = to(expected, t.operator.Wildcards())
		}
		if g.width == 0 { // the value would fit, but the operator cannot compare it
			g = gap{"", noForm}
		}
		if best.width == 0 || g.width < best.width {
			best = g
		}
	}
	if best.width == 0 {
		return gap{"", noForm} // no value at all
	}
	return best
}

// isExternalID reports whether a key is that of external ids, which are never
// shown: some users treat them as secrets.
func isExternalID(key string) bool { return strings.EqualFold(key, "sts:ExternalId") }

func (t test) String() string {
	verb := "expected"
	switch {
	case t.effect == trust.Deny && t.excludes:
		verb = "denies"
	case t.effect == trust.Deny:
		verb = "denies all but"
	case t.excludes:
		verb = "expected " + negation
	}
	expected, actual := quoteAll(t.Expected, " or "), quoteAll(t.Actual, " and ")
	if isExternalID(t.Key) {
		expected = "a value"
		if t.Present {
			expected, actual = "another value", "the external id of this hop"
		}
	}
	return fmt.Sprintf("%s %s: %s %s, got %s", t.Operator, t.Key, verb, expected, actual)
}

// negation comes before what the request must not have.
const negation = "anything but"

// DescribeCondition says what a condition expects and what the request has:
// StringEquals KEY: expected "a" or "b", got "c". Rehearsals and errors use the
// same words.
func DescribeCondition(c trust.ConditionResult) string {
	return c.Operator + " " + c.Key + ": " + expectedGot(strings.Contains(c.Operator, "Not"), c.Expected, c.Actual)
}

// DescribeElement says what Principal or Action expects and what the request
// has.
func DescribeElement(e trust.ElementResult) string {
	text := e.Name + ": " + expectedGot(strings.HasPrefix(e.Name, "Not"), e.Expected, []string{e.Actual})
	if strings.HasSuffix(e.Name, "Principal") && !e.Matched && strings.ContainsAny(strings.Join(e.Expected, ""), "*?") {
		text += "; principals do not support wildcards"
	}
	return text
}

func expectedGot(negated bool, expected, actual []string) string {
	but := ""
	if negated {
		but = negation + " "
	}
	return fmt.Sprintf("expected %s%s, got %s", but, quoteAll(expected, " or "), quoteAll(actual, " and "))
}

func describeUnseen(c trust.ConditionResult) string {
	return fmt.Sprintf("%s %s: expected %s, got a value that only AWS knows", c.Operator, c.Key, quoteAll(c.Expected, " or "))
}

// mostValues bounds how many values a text shows.
const mostValues = 8

func quoteAll(values []string, or string) string {
	if len(values) == 0 {
		return "nothing"
	}
	var quoted []string
	for _, v := range values[:min(len(values), mostValues)] {
		quoted = append(quoted, quote(v))
	}
	text := strings.Join(quoted, or)
	if more := len(values) - mostValues; more > 0 {
		text += fmt.Sprintf("%s%d more", or, more)
	}
	return text
}

// code returns the code of the first finding that has one.
func (v verdict) code(fallback diagnosis.Code) diagnosis.Code {
	if i := slices.IndexFunc(v.findings, func(f finding) bool { return f.code != "" }); i >= 0 {
		return v.findings[i].code
	}
	return fallback
}

// cause says in a sentence, with its evidence, how the policy in a file answers
// the request.
func (v verdict) cause(file string) string {
	var b strings.Builder
	code := v.code("")
	switch v.outcome {
	case unmentioned:
		fmt.Fprintf(&b, "no statement of %s admits such a request", file)
	case perhaps:
		verb := "admit"
		if v.statement.Effect == trust.Deny {
			verb = "deny"
		}
		fmt.Fprintf(&b, "%s may %s the request; that depends on what is not known here", v.statementIn(file), verb)
	case denied:
		fmt.Fprintf(&b, "%s denies the request, and a Deny overrides every Allow", v.statementIn(file))
		if code != "" {
			b.WriteString(": " + code.Entry().Cause)
		}
	default:
		if code != "" {
			b.WriteString(code.Entry().Cause)
		} else {
			fmt.Fprintf(&b, "no statement of %s admits the request; the nearest is on line %d", file, v.statement.Line)
		}
	}
	for _, f := range v.findings {
		fmt.Fprintf(&b, "\n    %s, line %d: %s", file, f.line, f.text)
	}
	return b.String()
}

// cure says what to do about the answer of the policy in a file.
func (v verdict) cure(file, role string) string {
	code := v.code("")
	switch {
	case v.outcome == denied:
		return "change that statement, or run the job where it does not apply; no Allow overrides a Deny"
	case v.outcome == perhaps:
		return diagnosis.Lines("compare that condition with where the job runs", comparePolicies(role, file))
	case code == "":
		return "If this run is meant to have access, change that condition"
	}
	return code.Entry().Cure
}

// statementIn names the deciding statement.
func (v verdict) statementIn(file string) string {
	name := "the statement"
	if v.statement.Sid != "" {
		name += " " + quote(v.statement.Sid)
	}
	return fmt.Sprintf("%s on line %d of %s", name, v.statement.Line, file)
}
