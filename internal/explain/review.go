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

	// unseen tells keys whose value only AWS knows.
	unseen(key string) bool

	// concerns tells statements that are meant for requests of this kind.
	concerns(s trust.StatementResult) bool

	// gap says what a condition that went against the request has against it.
	gap(t test) gap

	// elsewhere is the gap of a statement about another Principal or Action.
	elsewhere(element string) gap
}

// test is a condition that went against the request.
type test struct {
	trust.ConditionResult
	operator trust.Operator // the positive one, where the policy's is negated
	effect   trust.Effect
	excludes bool // the request has a value that it must not have; else it has none that it must
}

// finding is one thing in a policy that keeps the request out.
type finding struct {
	gap
	line int
	text string
}

// outcome is what a policy says, as far as can be seen from here.
type outcome int

const (
	unmentioned outcome = iota // no statement is meant for such requests
	refused                    // none admits it
	perhaps                    // it depends on what only AWS knows
	admitted                   // so it was not this policy that refused
	denied                     // a Deny
)

// verdict is a policy's answer with its reasons.
type verdict struct {
	outcome   outcome
	statement trust.StatementResult // the one that decides
	findings  []finding             // in the policy's order
}

// review holds a policy against a refused request: all that it can be, where
// a template leaves that open.
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

// weighAllow says whether a statement admits the request, and what of it does
// not.
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
			return verdict{} // it is about others
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

// nearest returns the gap to the wanted value that comes nearest.
func (t test) nearest(to func(want string, wildcards bool) gap) gap {
	var best gap
	for _, want := range t.Expected {
		g := gap{"", noForm}
		if len(want) <= longestPolicy {
			g = to(want, t.operator.Wildcards())
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

// isExternalID tells the key whose values are never shown: some keep them as
// a secret.
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

// code names the verdict after the first finding that has a name.
func (v verdict) code(otherwise diagnosis.Code) diagnosis.Code {
	if i := slices.IndexFunc(v.findings, func(f finding) bool { return f.code != "" }); i >= 0 {
		return v.findings[i].code
	}
	return otherwise
}

// cause says in a sentence, with its evidence, what the policy in a file does
// to the request.
func (v verdict) cause(file string) string {
	var b strings.Builder
	code := v.code("")
	switch v.outcome {
	case unmentioned:
		fmt.Fprintf(&b, "no statement of %s admits such a request", file)
	case perhaps:
		fmt.Fprintf(&b, "as far as can be seen from here %s admits the request, and it hangs on what cannot be seen", v.statementIn(file))
		if v.statement.Effect == trust.Deny {
			b.Reset()
			fmt.Fprintf(&b, "%s denies the request, unless what cannot be seen from here speaks against that", v.statementIn(file))
		}
	case denied:
		fmt.Fprintf(&b, "%s denies it, and a Deny outweighs every Allow", v.statementIn(file))
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

// cure says what to do about what the policy in a file does to the request for
// a role.
func (v verdict) cure(file, role string) string {
	code := v.code("")
	switch {
	case v.outcome == denied:
		return "change that statement, or run the job where it does not apply: no Allow helps against it"
	case v.outcome == perhaps:
		return diagnosis.Lines("compare that condition with where the job runs", comparePolicies(role, file))
	case code == "":
		return "change that, if runs like this one are meant to get in"
	}
	return code.Entry().Cure
}

// statementIn is what the deciding statement is called.
func (v verdict) statementIn(file string) string {
	name := "the statement"
	if v.statement.Sid != "" {
		name += " " + quote(v.statement.Sid)
	}
	return fmt.Sprintf("%s on line %d of %s", name, v.statement.Line, file)
}
