package trust

import (
	"maps"
	"slices"
	"strings"
)

// Request is what STS asks the policy of a role.
type Request struct {
	Action    string
	Principal Principal
	Context   Context
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

// The decisions. Nothing but Allowed lets the request through.
const (
	Allowed      Decision = "Allow"
	ExplicitDeny Decision = "ExplicitDeny"
	ImplicitDeny Decision = "ImplicitDeny"
)

// Result is a decision with its reasons, statement by statement.
type Result struct {
	Decision   Decision          `json:"decision"`
	Statements []StatementResult `json:"statements"`
}

// StatementResult tells whether a statement applied. All of it is evaluated,
// even after something did not match.
type StatementResult struct {
	Pos
	Sid        string            `json:"sid,omitempty"`
	Effect     Effect            `json:"effect"`
	Principal  ElementResult     `json:"principal"`
	Action     ElementResult     `json:"action"`
	Conditions []ConditionResult `json:"conditions"`
	Matched    bool              `json:"matched"`
}

// ElementResult tells whether Principal or Action (or their negation, by
// Name) matched.
type ElementResult struct {
	Pos
	Name     string   `json:"name"`
	Expected []string `json:"expected"`
	Actual   string   `json:"actual"`
	Matched  bool     `json:"matched"`
}

// ConditionResult tells whether one condition held.
type ConditionResult struct {
	Pos
	Operator string   `json:"operator"`
	Key      string   `json:"key"`
	Expected []string `json:"expected"` // policy variables replaced where the request has their value
	Actual   []string `json:"actual"`
	Present  bool     `json:"present"` // the request has the key
	Matched  bool     `json:"matched"`
}

// Evaluate decides as IAM does: a matching Deny wins, else a matching Allow
// admits, else the request is denied implicitly. A statement matches if its
// principal, its action and all of its conditions do.
func (p *Policy) Evaluate(r Request) Result {
	ctx := newLookup(r.Context)
	result := Result{Decision: ImplicitDeny}
	for _, s := range p.Statements {
		sr := s.evaluate(r, ctx)
		result.Statements = append(result.Statements, sr)
		switch {
		case !sr.Matched:
		case s.Effect == Deny:
			result.Decision = ExplicitDeny
		case result.Decision == ImplicitDeny:
			result.Decision = Allowed
		}
	}
	return result
}

func (s Statement) evaluate(r Request, ctx lookup) StatementResult {
	sr := StatementResult{
		Pos:        s.Pos,
		Sid:        s.Sid,
		Effect:     s.Effect,
		Principal:  s.Principal.evaluate(r.Principal),
		Action:     s.Action.evaluate(r.Action),
		Conditions: make([]ConditionResult, 0, len(s.Conditions)),
	}
	sr.Matched = sr.Principal.Matched && sr.Action.Matched
	for _, c := range s.Conditions {
		cr := c.evaluate(ctx)
		sr.Conditions = append(sr.Conditions, cr)
		sr.Matched = sr.Matched && cr.Matched
	}
	return sr
}

func (e PrincipalElement) evaluate(who Principal) ElementResult {
	er := ElementResult{Pos: e.Pos, Name: "Principal", Actual: who.Type + ": " + who.ID, Matched: e.Any}
	if who.Session != "" {
		er.Actual = who.Type + ": " + who.Session
	}
	if e.Any {
		er.Expected = []string{"*"}
	}
	for _, entry := range e.Entries {
		er.Expected = append(er.Expected, entry.Type+": "+entry.ID)
		er.Matched = er.Matched || entry.matches(who)
	}
	if e.Negated {
		er.Name, er.Matched = "NotPrincipal", !er.Matched
	}
	return er
}

// matches knows no wildcards but a single "*", as IAM. An account, or its
// root, stands for all of the account's principals; a web identity is none
// of them.
func (e PrincipalEntry) matches(who Principal) bool {
	if e.Type != who.Type {
		return false
	}
	if e.ID == "*" || e.ID == who.ID {
		return true
	}
	if e.Type != "AWS" {
		return false
	}
	return e.ID == who.Session && who.Session != "" || e.Account() == who.Account && who.Account != ""
}

// Account returns the account that an AWS principal stands for as a whole, or
// "".
func (e PrincipalEntry) Account() string {
	if len(e.ID) == 12 && strings.Trim(e.ID, "0123456789") == "" {
		return e.ID
	}
	arn := strings.Split(e.ID, ":")
	if len(arn) == 6 && arn[0] == "arn" && arn[2] == "iam" && arn[5] == "root" {
		return arn[4]
	}
	return ""
}

func (e ActionElement) evaluate(action string) ElementResult {
	er := ElementResult{Pos: e.Pos, Name: "Action", Actual: action}
	lower := strings.ToLower(action)
	for _, v := range e.Values {
		er.Expected = append(er.Expected, v.Text)
		er.Matched = er.Matched || NewPattern(strings.ToLower(v.Text)).Match(lower)
	}
	if e.Negated {
		er.Name, er.Matched = "NotAction", !er.Matched
	}
	return er
}

// lookup is a Context by lower-case key.
type lookup map[string][]string

func newLookup(c Context) lookup {
	l := make(lookup, len(c))
	for _, key := range slices.Sorted(maps.Keys(c)) {
		lower := strings.ToLower(key)
		l[lower] = append(l[lower], c[key]...)
	}
	return l
}

func (l lookup) values(key string) []string { return l[strings.ToLower(key)] }
