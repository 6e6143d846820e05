package trust

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// Tokens is a stream of JSON tokens with positions: a jsonlex.Lexer, or a
// document of another syntax that is read as if it were JSON.
type Tokens interface {
	Next() (jsonlex.Token, error)
}

// Parse reads a trust policy. It is stricter than IAM's own parser is about
// what it cannot interpret: duplicate keys, unknown elements, elements that
// a trust policy cannot have. The error is a *SyntaxError.
func Parse(src []byte) (*Policy, error) {
	in := jsonlex.FromBytes(src)
	first, err := in.Next()
	if err != nil {
		return nil, err
	}
	p, err := Read(first, in)
	if err != nil {
		return nil, err
	}
	if _, err := in.Next(); err != nil {
		return nil, err
	}
	return p, nil
}

// Read reads the trust policy that begins with the token first. It leaves
// rest after the policy's last token, or, with an error, somewhere in it.
func Read(first jsonlex.Token, rest Tokens) (*Policy, error) {
	r := &reader{rest}
	p := &Policy{Pos: first.Pos, Version: Version2008}
	err := r.object(first, "a trust policy", func(key string, at Pos, t jsonlex.Token) (err error) {
		switch key {
		case "Version":
			p.Version, err = r.oneOf(t, key, Version2012, Version2008)
		case "Id":
			_, err = r.str(t, key)
		case "Statement":
			err = r.each(t, func(t jsonlex.Token) error {
				s, err := r.statement(t)
				p.Statements = append(p.Statements, s)
				return err
			})
		default:
			err = unknownElement(at, key, "a policy", "Version", "Id", "Statement")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(p.Statements) == 0 {
		return nil, p.Pos.Errorf("policy has no Statement")
	}
	return p, p.compile()
}

// compile finds the policy variables. It is done last because the version
// may stand behind the statements.
func (p *Policy) compile() error {
	if p.Version != Version2012 {
		return nil // ${…} is literal text
	}
	for _, s := range p.Statements {
		for _, c := range s.Conditions {
			if !c.Operator.variables() {
				continue
			}
			for i := range c.Values {
				v := &c.Values[i]
				var err error
				if v.parts, err = parseParts(v.Text); err != nil {
					return v.Pos.Errorf("value %q: %v", v.Text, err)
				}
			}
		}
	}
	return nil
}

type reader struct{ Tokens }

func (r *reader) statement(first jsonlex.Token) (Statement, error) {
	s := Statement{Pos: first.Pos}
	err := r.object(first, "a statement", func(key string, at Pos, t jsonlex.Token) (err error) {
		switch key {
		case "Sid":
			s.Sid, err = r.str(t, key)
		case "Effect":
			var effect string
			effect, err = r.oneOf(t, key, string(Allow), string(Deny))
			s.Effect = Effect(effect)
		case "Principal", "NotPrincipal":
			if s.Principal.Pos != (Pos{}) {
				return at.Errorf("statement has both Principal and NotPrincipal")
			}
			s.Principal, err = r.principal(t, key == "NotPrincipal")
		case "Action", "NotAction":
			if s.Action.Pos != (Pos{}) {
				return at.Errorf("statement has both Action and NotAction")
			}
			s.Action = ActionElement{Pos: t.Pos, Negated: key == "NotAction"}
			s.Action.Values, err = r.strings(t, key)
		case "Condition":
			s.Conditions, err = r.conditions(t)
		case "Resource", "NotResource":
			return at.Errorf("%s has no place in a trust policy: the role itself is the resource", key)
		default:
			return unknownElement(at, key, "a statement",
				"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition")
		}
		return err
	})
	if err != nil {
		return Statement{}, err
	}
	switch {
	case s.Effect == "":
		err = s.Pos.Errorf("statement has no Effect: write Allow or Deny")
	case s.Principal.Pos == (Pos{}):
		err = s.Pos.Errorf("statement has no Principal: a trust policy says whom it trusts")
	case s.Action.Pos == (Pos{}):
		err = s.Pos.Errorf("statement has no Action: for GitHub it is sts:AssumeRoleWithWebIdentity")
	}
	return s, err
}

func (r *reader) principal(t jsonlex.Token, negated bool) (PrincipalElement, error) {
	e := PrincipalElement{Pos: t.Pos, Negated: negated}
	if t.Kind == jsonlex.String {
		if string(t.Text) != "*" {
			return e, t.Pos.Errorf(`principal %q needs its type: write {"AWS": …} or {"Federated": …}`, t.Text)
		}
		e.Any = true
		return e, nil
	}
	err := r.object(t, `a principal (an object or "*")`, func(key string, at Pos, t jsonlex.Token) error {
		if types := []string{"AWS", "Federated", "Service", "CanonicalUser"}; !slices.Contains(types, key) {
			return unknownElement(at, key, "a principal", types...)
		}
		ids, err := r.strings(t, key)
		for _, id := range ids {
			e.Entries = append(e.Entries, PrincipalEntry{Type: key, ID: id.Text, Pos: id.Pos})
		}
		return err
	})
	return e, err
}

func (r *reader) conditions(t jsonlex.Token) ([]Condition, error) {
	var all []Condition
	err := r.object(t, "the conditions", func(name string, at Pos, t jsonlex.Token) error {
		operator, ok := parseOperator(name)
		if !ok {
			return at.Errorf("unknown condition operator %q", name)
		}
		return r.object(t, "the keys of "+name, func(key string, at Pos, t jsonlex.Token) error {
			c := Condition{Pos: at, Operator: operator, Key: key}
			err := r.each(t, func(t jsonlex.Token) error {
				switch t.Kind {
				case jsonlex.String, jsonlex.Number, jsonlex.Bool:
					c.Values = append(c.Values, Value{Text: string(t.Text), Pos: t.Pos})
					return nil
				}
				return t.Pos.Errorf("condition key %q has %s where a value should stand", key, t.Kind)
			})
			all = append(all, c)
			return err
		})
	})
	return all, err
}

// object reads the object that begins with t and calls member with each key,
// where it stands, and the first token of its value, which member reads to
// its end.
func (r *reader) object(t jsonlex.Token, what string, member func(key string, at Pos, value jsonlex.Token) error) error {
	if t.Kind != jsonlex.ObjectStart {
		return t.Pos.Errorf("%s should stand where %s stands", what, t.Kind)
	}
	seen := map[string]Pos{}
	for {
		k, err := r.Next()
		if err != nil || k.Kind == jsonlex.ObjectEnd {
			return err
		}
		key := string(k.Text)
		if before, twice := seen[key]; twice {
			return &SyntaxError{Line: k.Pos.Line, Column: k.Pos.Column, Duplicate: key,
				Msg: fmt.Sprintf("key %q stands twice, first on line %d: IAM keeps the last one silently", key, before.Line)}
		}
		seen[key] = k.Pos
		value, err := r.Next()
		if err != nil {
			return err
		}
		if err := member(key, k.Pos, value); err != nil {
			return err
		}
	}
}

// each calls element for the single value that begins with t, or, if t
// begins a list, for each of its values.
func (r *reader) each(t jsonlex.Token, element func(t jsonlex.Token) error) error {
	if t.Kind != jsonlex.ListStart {
		return element(t)
	}
	for {
		t, err := r.Next()
		if err != nil || t.Kind == jsonlex.ListEnd {
			return err
		}
		if err := element(t); err != nil {
			return err
		}
	}
}

func (r *reader) strings(t jsonlex.Token, name string) ([]Value, error) {
	var all []Value
	err := r.each(t, func(t jsonlex.Token) error {
		s, err := r.str(t, name)
		all = append(all, Value{Text: s, Pos: t.Pos})
		return err
	})
	return all, err
}

func (r *reader) str(t jsonlex.Token, name string) (string, error) {
	if t.Kind != jsonlex.String {
		return "", t.Pos.Errorf("%s should be a string, not %s", name, t.Kind)
	}
	return string(t.Text), nil
}

func (r *reader) oneOf(t jsonlex.Token, name string, allowed ...string) (string, error) {
	s, err := r.str(t, name)
	if err == nil && !slices.Contains(allowed, s) {
		err = t.Pos.Errorf("%s is %q: write %s", name, s, strings.Join(allowed, " or "))
	}
	return s, err
}

func unknownElement(at Pos, key, where string, known ...string) error {
	for _, k := range known {
		if strings.EqualFold(k, key) {
			return at.Errorf("unknown element %q in %s: write %s", key, where, k)
		}
	}
	return at.Errorf("unknown element %q in %s: it takes %s", key, where, strings.Join(known, ", "))
}
