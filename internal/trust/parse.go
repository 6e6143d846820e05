package trust

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// Token is a token of JSON, or of a document of another syntax that is read
// as if it were JSON.
type Token struct {
	jsonlex.Token

	// Open is the text of a string or key that has unknown parts. A string
	// that is unknown as a whole can be a value of any kind.
	Open *Text
}

func (t Token) text() Text {
	if t.Open != nil {
		return *t.Open
	}
	return Known(string(t.Text))
}

// unknown returns what is in the place of any value, or nil.
func (t Token) unknown() *Unknown {
	if t.Open == nil {
		return nil
	}
	return t.Open.Unknown()
}

// Tokens is a stream of tokens with positions. The text of a token is valid
// until the next call only.
type Tokens interface {
	Next() (Token, error)
}

// Lexer yields the tokens of JSON without unknown parts.
type Lexer struct{ *jsonlex.Lexer }

// Next returns the next token.
func (l Lexer) Next() (Token, error) {
	t, err := l.Lexer.Next()
	return Token{Token: t}, err
}

// Parse reads a trust policy. It is stricter than IAM's own parser is about
// what it cannot interpret: duplicate keys, unknown elements, elements that
// a trust policy cannot have. The error is a *SyntaxError.
func Parse(src []byte) (*Policy, error) {
	in := Lexer{jsonlex.FromBytes(src)}
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
func Read(first Token, rest Tokens) (*Policy, error) {
	if u := first.unknown(); u != nil {
		return Opaque(u, first.Pos)[0], nil
	}
	r := &reader{in: rest}
	r.count(first)
	p := &Policy{Pos: first.Pos, Version: Version2008}
	var version *Unknown
	err := r.object(first, "a trust policy", func(key Text, at Pos, t Token) (err error) {
		switch key.String() {
		case "Version":
			if version = t.unknown(); version == nil {
				p.Version, err = r.oneOf(t, "Version", Version2012, Version2008)
			}
		case "Id":
			_, err = r.str(t, "Id")
		case "Statement":
			err = r.each(t, func(t Token) error {
				s, err := r.statement(t)
				p.Statements = append(p.Statements, s)
				return err
			})
		default:
			err = unknownElement(at, key.String(), "a policy", "Version", "Id", "Statement")
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(p.Statements) == 0:
		return nil, p.Pos.Errorf("Statement is required")
	case version != nil:
		return Opaque(version, p.Pos)[0], nil
	}
	p.Length = r.length
	return p, p.compile()
}

// compile finds the policy variables. It is done last because the version
// may follow the statements.
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
				if v.parts, err = partsOf(v.text, true); err != nil {
					return v.Pos.Errorf("value %q: %v", v.Text, err)
				}
			}
		}
	}
	return nil
}

type reader struct {
	in       Tokens
	length   int          // characters so far
	previous jsonlex.Kind // of the token before
}

// Next counts what it returns.
func (r *reader) Next() (Token, error) {
	t, err := r.in.Next()
	r.count(t)
	return t, err
}

// count adds the characters of a token with the comma before it and its
// quotes or colon.
func (r *reader) count(t Token) {
	ends := t.Kind == jsonlex.ObjectEnd || t.Kind == jsonlex.ListEnd
	begins := r.previous == jsonlex.EOF || r.previous == jsonlex.ObjectStart || r.previous == jsonlex.ListStart || r.previous == jsonlex.Key
	if !ends && !begins {
		r.length++
	}
	switch t.Kind {
	case jsonlex.ObjectStart, jsonlex.ObjectEnd, jsonlex.ListStart, jsonlex.ListEnd:
		r.length++
	case jsonlex.String:
		r.length += 2
	case jsonlex.Key:
		r.length += 3
	}
	if t.Open == nil {
		r.length += utf8.RuneCount(t.Text)
	} else {
		t.Open.Each(func(known string) { r.length += utf8.RuneCountInString(known) }, func(*Unknown) {})
	}
	r.previous = t.Kind
}

func (r *reader) statement(first Token) (Statement, error) {
	s := Statement{Pos: first.Pos, Unknown: first.unknown()}
	if s.Unknown != nil {
		return s, nil
	}
	var effect *Unknown
	err := r.object(first, "a statement", func(key Text, at Pos, t Token) (err error) {
		switch name := key.String(); name {
		case "Sid":
			if t.Open == nil {
				var sid Text
				sid, err = r.str(t, name)
				s.Sid = sid.String()
			}
		case "Effect":
			if effect = t.unknown(); effect == nil {
				var e string
				e, err = r.oneOf(t, name, string(Allow), string(Deny))
				s.Effect = Effect(e)
			}
		case "Principal", "NotPrincipal":
			if s.Principal.Pos != (Pos{}) {
				return at.Errorf("Principal cannot be combined with NotPrincipal")
			}
			s.Principal, err = r.principal(t, name == "NotPrincipal")
		case "Action", "NotAction":
			if s.Action.Pos != (Pos{}) {
				return at.Errorf("Action cannot be combined with NotAction")
			}
			s.Action = ActionElement{Pos: t.Pos, Negated: name == "NotAction"}
			if s.Action.Values, err = r.values(t, name); err == nil {
				err = checkActions(s.Action.Values)
			}
		case "Condition":
			s.Conditions, err = r.conditions(t)
		case "Resource", "NotResource":
			return at.Errorf("%s is invalid in a trust policy: the role itself is the resource; remove it", name)
		default:
			return unknownElement(at, name, "a statement",
				"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition")
		}
		return err
	})
	switch {
	case err != nil:
		return Statement{}, err
	case effect != nil:
		return Statement{Pos: s.Pos, Unknown: effect}, nil
	case s.Effect == "":
		err = s.Pos.Errorf("Effect is required; use Allow or Deny")
	case s.Principal.Pos == (Pos{}):
		err = s.Pos.Errorf("Principal is required in a trust policy")
	case s.Action.Pos == (Pos{}):
		err = s.Pos.Errorf("Action is required; for GitHub use sts:AssumeRoleWithWebIdentity")
	}
	return s, err
}

func (r *reader) principal(t Token, negated bool) (PrincipalElement, error) {
	e := PrincipalElement{Pos: t.Pos, Negated: negated, Unknown: t.unknown()}
	if e.Unknown != nil {
		return e, nil
	}
	if t.Kind == jsonlex.String {
		if text := t.text().String(); text != "*" {
			return e, t.Pos.Errorf(`principal %q has no type; use {"AWS": …} or {"Federated": …}`, text)
		}
		e.Any = true
		return e, nil
	}
	err := r.object(t, `a principal (an object or "*")`, func(key Text, at Pos, t Token) error {
		if u := key.Unknown(); u != nil {
			e.Unknown = u
			return r.skip(t)
		}
		kind := key.String()
		if types := []string{"AWS", "Federated", "Service", "CanonicalUser"}; !slices.Contains(types, kind) {
			return unknownElement(at, kind, "a principal", types...)
		}
		return r.each(t, func(t Token) error {
			id, err := r.str(t, kind)
			e.Entries = append(e.Entries, PrincipalEntry{Type: kind, ID: id.String(), Pos: t.Pos, text: id})
			return err
		})
	})
	return e, err
}

func (r *reader) conditions(t Token) ([]Condition, error) {
	if u := t.unknown(); u != nil {
		return []Condition{{Pos: t.Pos, Unknown: u}}, nil
	}
	var all []Condition
	err := r.object(t, "the conditions", func(name Text, at Pos, t Token) error {
		if u := name.Unknown(); u != nil {
			all = append(all, Condition{Pos: at, Unknown: u})
			return r.skip(t)
		}
		operator, ok := parseOperator(name.String())
		if !ok {
			return unknownOperator(at, name.String())
		}
		if u := t.unknown(); u != nil {
			all = append(all, Condition{Pos: t.Pos, Operator: operator, Unknown: u})
			return nil
		}
		return r.object(t, "the keys of "+name.String(), func(key Text, at Pos, t Token) error {
			c := Condition{Pos: at, Operator: operator, Key: key.String(), Unknown: key.Unknown()}
			err := r.each(t, func(t Token) error {
				switch t.Kind {
				case jsonlex.String, jsonlex.Number, jsonlex.Bool:
					c.Values = append(c.Values, newValue(t.text(), t.Pos))
					return nil
				}
				return t.Pos.Errorf("condition key %q: expected a value, got %s", key, t.Kind)
			})
			all = append(all, c)
			return err
		})
	})
	return all, err
}

// object reads the object that begins with t and calls member with each key,
// its position, and the first token of its value, which member reads to
// its end.
func (r *reader) object(t Token, what string, member func(key Text, at Pos, value Token) error) error {
	if t.Kind != jsonlex.ObjectStart {
		return t.Pos.Errorf("expected %s, got %s", what, t.Kind)
	}
	seen := map[string]Pos{}
	for {
		k, err := r.Next()
		if err != nil || k.Kind == jsonlex.ObjectEnd {
			return err
		}
		key := k.text()
		name := key.String()
		if before, twice := seen[name]; twice {
			return &SyntaxError{Line: k.Pos.Line, Column: k.Pos.Column, Duplicate: name,
				Msg: fmt.Sprintf("duplicate key %q (first on line %d): IAM silently uses the last one", name, before.Line)}
		}
		seen[name] = k.Pos
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
func (r *reader) each(t Token, element func(t Token) error) error {
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

// skip reads over the value that begins with t.
func (r *reader) skip(t Token) error {
	depth := 0
	for {
		switch t.Kind {
		case jsonlex.ObjectStart, jsonlex.ListStart:
			depth++
		case jsonlex.ObjectEnd, jsonlex.ListEnd:
			depth--
		}
		if depth == 0 || t.Kind == jsonlex.EOF {
			return nil
		}
		var err error
		if t, err = r.Next(); err != nil {
			return err
		}
	}
}

func (r *reader) values(t Token, name string) ([]Value, error) {
	var all []Value
	err := r.each(t, func(t Token) error {
		s, err := r.str(t, name)
		all = append(all, newValue(s, t.Pos))
		return err
	})
	return all, err
}

func checkActions(values []Value) error {
	for _, v := range values {
		if err := checkAction(v); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) str(t Token, name string) (Text, error) {
	if t.Kind != jsonlex.String {
		return Text{}, t.Pos.Errorf("%s: expected a string, got %s", name, t.Kind)
	}
	return t.text(), nil
}

func (r *reader) oneOf(t Token, name string, allowed ...string) (string, error) {
	text, err := r.str(t, name)
	s := text.String()
	if err == nil && !slices.Contains(allowed, s) {
		err = t.Pos.Errorf("%s %q is invalid; use %s", name, s, strings.Join(allowed, " or "))
	}
	return s, err
}

func unknownElement(at Pos, key, where string, known ...string) error {
	for _, k := range known {
		if strings.EqualFold(k, key) {
			return at.Errorf("unknown element %q in %s; use %s", key, where, k)
		}
	}
	return at.Errorf("unknown element %q in %s; valid elements: %s", key, where, strings.Join(known, ", "))
}
