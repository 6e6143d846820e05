package trust

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/org/aws-oidc-action/internal/arn"
)

// Request is what STS asks the policy of a role.
type Request struct {
	Action    string
	Principal Principal
	Context   Context

	// Unknown are condition keys of which it is not known what the request
	// has for them, if anything. A key that the Context has is known.
	Unknown []string
}

// Principal is who asks.
type Principal struct {
	Type    string // Federated, AWS, Service
	ID      string // ARN of the provider, role or user; name of the service
	Session string // ARN of the assumed-role session, if it is one
	Account string // of an AWS principal
}

// Context holds the request's values by condition key. Keys are looked up
// without regard to case; a key without values counts as absent.
type Context map[string][]string

// Decision is the outcome of an evaluation.
type Decision string

// The decisions. Nothing but Allowed lets the request through; whether
// Undetermined does is unknown.
const (
	Allowed      Decision = "Allow"
	ExplicitDeny Decision = "ExplicitDeny"
	ImplicitDeny Decision = "ImplicitDeny"
	Undetermined Decision = "Unknown"
)

// Result is a decision with its reasons, statement by statement.
type Result struct {
	Decision   Decision          `json:"decision"`
	DependsOn  []string          `json:"dependsOn,omitempty"` // of an unknown decision: what decides it
	Given      []Assumption      `json:"given,omitempty"`     // what of a template's choices the statements hold under
	Statements []StatementResult `json:"statements"`
}

// StatementResult states whether a statement applied. All of it is evaluated,
// even after something did not match. Here as in its parts, DependsOn names
// what decides where it is unknown, and Matched is false then.
type StatementResult struct {
	Pos
	Sid        string            `json:"sid,omitempty"`
	Effect     Effect            `json:"effect"`
	Principal  ElementResult     `json:"principal"`
	Action     ElementResult     `json:"action"`
	Conditions []ConditionResult `json:"conditions"`
	Matched    bool              `json:"matched"`
	DependsOn  []string          `json:"dependsOn,omitempty"`
}

// ElementResult states whether Principal or Action (or their negation, by
// Name) matched.
type ElementResult struct {
	Pos
	Name     string   `json:"name"`
	Expected []string `json:"expected"`
	Actual   string   `json:"actual"`
	Matched  bool     `json:"matched"`

	DependsOn []string `json:"dependsOn,omitempty"`
}

func (r ElementResult) answer() answer { return answerOf(r.Matched, r.DependsOn) }

// ConditionResult states whether one condition held.
type ConditionResult struct {
	Pos
	Operator string   `json:"operator"`
	Key      string   `json:"key"`
	Expected []string `json:"expected"` // policy variables replaced where the request has their value
	Actual   []string `json:"actual"`
	Present  bool     `json:"present"` // the request has the key
	Matched  bool     `json:"matched"`

	DependsOn []string `json:"dependsOn,omitempty"`
}

func (r ConditionResult) answer() answer { return answerOf(r.Matched, r.DependsOn) }

// Evaluate decides as IAM does: a matching Deny wins, else a matching Allow
// admits, else the request is denied implicitly. A statement matches if its
// principal, its action and all of its conditions do.
func (p *Policy) Evaluate(r Request) Result {
	ctx := newLookup(r.Context, r.Unknown...)
	result := Result{Given: p.Given}
	allowed, denied := no, no
	var open [][]string
	for _, s := range p.Statements {
		sr := s.evaluate(r, ctx)
		result.Statements = append(result.Statements, sr)
		matched := answerOf(sr.Matched, sr.DependsOn)
		if s.Effect != Deny {
			allowed = max(allowed, matched)
		}
		if s.Effect != Allow {
			denied = max(denied, matched)
		}
		open = append(open, sr.DependsOn)
	}
	switch {
	case denied == yes:
		result.Decision = ExplicitDeny
	case allowed == no:
		result.Decision = ImplicitDeny
	case allowed == yes && denied == no:
		result.Decision = Allowed
	default:
		result.Decision, result.DependsOn = Undetermined, union(open...)
	}
	return result
}

func (s Statement) evaluate(r Request, ctx lookup) StatementResult {
	sr := StatementResult{Pos: s.Pos, Sid: s.Sid, Effect: s.Effect, Conditions: make([]ConditionResult, 0, len(s.Conditions))}
	if s.Unknown != nil {
		sr.DependsOn = s.Unknown.DependsOn
		return sr
	}
	sr.Principal, sr.Action = s.Principal.evaluate(r.Principal), s.Action.evaluate(r.Action)
	matched := min(sr.Principal.answer(), sr.Action.answer())
	open := [][]string{sr.Principal.DependsOn, sr.Action.DependsOn}
	for _, c := range s.Conditions {
		cr := c.evaluate(ctx)
		sr.Conditions = append(sr.Conditions, cr)
		matched = min(matched, cr.answer())
		open = append(open, cr.DependsOn)
	}
	switch matched {
	case yes:
		sr.Matched = true
	case maybe:
		sr.DependsOn = union(open...)
	}
	return sr
}

func (e PrincipalElement) evaluate(who Principal) ElementResult {
	er := ElementResult{Pos: e.Pos, Name: "Principal", Actual: who.Type + ": " + who.ID}
	if who.Session != "" {
		er.Actual = who.Type + ": " + who.Session
	}
	if e.Any {
		er.Expected = []string{"*"}
	}
	matched := certain(e.Any)
	var open [][]string
	if e.Unknown != nil {
		er.Expected = []string{e.Unknown.Expression}
		matched, open = max(matched, maybe), append(open, e.Unknown.DependsOn)
	}
	for _, entry := range e.Entries {
		er.Expected = append(er.Expected, entry.Type+": "+entry.ID)
		if a := entry.matches(who); a != no {
			matched = max(matched, a)
			if u := entry.text.Unknown(); u != nil {
				open = append(open, u.DependsOn)
			}
		}
	}
	if e.Negated {
		er.Name, matched = "NotPrincipal", matched.not()
	}
	er.conclude(matched, open)
	return er
}

func (r *ElementResult) conclude(matched answer, open [][]string) {
	switch matched {
	case yes:
		r.Matched = true
	case maybe:
		r.DependsOn = union(open...)
	}
}

// matches supports no wildcard but a single "*", as IAM. An account, or its
// root, means all of the account's principals; a web identity is none
// of them.
func (e PrincipalEntry) matches(who Principal) answer {
	if e.Type != who.Type {
		return no
	}
	if e.ID == "*" || e.ID == who.ID {
		return yes
	}
	if e.text.Unknown() != nil {
		return e.mayMatch(who)
	}
	if e.Type != "AWS" {
		return no
	}
	return certain(e.ID == who.Session && who.Session != "" || e.Account() == who.Account && who.Account != "")
}

// mayMatch is matches for an entry with unknown parts. A provider is always
// of the role's own account, which is what AWS::AccountId is, so that the
// account in the ARN of who is known to be right.
func (e PrincipalEntry) mayMatch(who Principal) answer {
	like := e.text.Pattern(false)
	if e.Type == "Federated" {
		like = e.text.within(who.ID).Pattern(false)
		if like.IsLiteral() {
			return certain(like.String() == who.ID)
		}
	}
	account := e.Type == "AWS" && who.Account != "" &&
		(like.MayMatch(who.Account) || like.Overlaps(NewPattern("arn:*:iam::"+who.Account+":root")))
	if account || like.MayMatch(who.ID) || who.Session != "" && like.MayMatch(who.Session) {
		return maybe
	}
	return no
}

// The pseudo parameters of CloudFormation that say where a role is.
const (
	AccountID = "${AWS::AccountId}"
	Partition = "${AWS::Partition}"
)

// within returns t with the account and the partition of an ARN.
func (t Text) within(id string) Text {
	parts, ok := arn.Parse(id)
	if !ok {
		return t
	}
	var all []Text
	t.Each(func(known string) { all = append(all, Known(known)) }, func(u *Unknown) {
		switch u.Expression {
		case AccountID:
			all = append(all, Known(parts.AccountID))
		case Partition:
			all = append(all, Known(parts.Partition))
		default:
			all = append(all, u.Text())
		}
	})
	return Concat(all...)
}

// Account returns the account that an AWS principal means as a whole, or
// "".
func (e PrincipalEntry) Account() string {
	return arn.AccountOfRoot(e.ID)
}

func (e ActionElement) evaluate(action string) ElementResult {
	er := ElementResult{Pos: e.Pos, Name: "Action", Actual: action}
	matched := no
	var open [][]string
	for _, v := range e.Values {
		er.Expected = append(er.Expected, v.Text)
		like := v.ActionPattern()
		switch u := v.Unknown(); {
		case like.Match(strings.ToLower(action)):
			matched = yes
		case u != nil && like.MayMatch(strings.ToLower(action)):
			matched, open = max(matched, maybe), append(open, u.DependsOn)
		}
	}
	if e.Negated {
		er.Name, matched = "NotAction", matched.not()
	}
	er.conclude(matched, open)
	return er
}

// ActionPattern returns the actions, in lower case, that v matches as one.
func (v Value) ActionPattern() Pattern {
	like := v.text.Pattern(true)
	for i, r := range like {
		like[i] = unicode.ToLower(r)
	}
	return like
}

// lookup is a Context by lower-case key.
type lookup struct {
	known   map[string][]string
	unknown map[string]bool
}

func newLookup(c Context, unknown ...string) lookup {
	l := lookup{make(map[string][]string, len(c)), make(map[string]bool, len(unknown))}
	for _, key := range slices.Sorted(maps.Keys(c)) {
		lower := strings.ToLower(key)
		l.known[lower] = append(l.known[lower], c[key]...)
	}
	for _, key := range unknown {
		l.unknown[strings.ToLower(key)] = true
	}
	return l
}

func (l lookup) values(key string) []string { return l.known[strings.ToLower(key)] }

// isUnknown reports whether it is not known what the request has for the key.
func (l lookup) isUnknown(key string) bool {
	key = strings.ToLower(key)
	return l.unknown[key] && len(l.known[key]) == 0
}
