package document

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// Value is a value of a source: one in a language that another package reads,
// such as Terraform's. Everything is resolved in it, as far as it can be; a
// string that is unknown as a whole can be a value of any kind.
type Value = node

// Scalar returns a String, Number, Bool or Null.
func Scalar(kind jsonlex.Kind, text trust.Text, at trust.Pos) Value {
	return node{kind: kind, text: text, pos: at}
}

// List returns a list.
func List(items []Value, at trust.Pos) Value {
	return node{kind: jsonlex.ListStart, items: items, pos: at}
}

// Object returns an object. Its keys are scalars.
func Object(keys, items []Value, at trust.Pos) Value {
	return node{kind: jsonlex.ObjectStart, keys: keys, items: items, pos: at}
}

// Parts returns the parts of n.
func (n node) Parts() (kind jsonlex.Kind, text trust.Text, keys, items []Value) {
	return n.kind, n.text, n.keys, n.items
}

// Source makes roles of values, with the budget, the choices and the notion
// of unknown that all documents have.
type Source struct {
	document *document
	resolver *resolver
	chosen   int
	defined  map[string][]string // what is known of what unknowns depend on
}

// NewSource returns a source with a budget to be spent before the end of ctx,
// unless the options have one.
func NewSource(ctx context.Context, o Options) *Source {
	if o.Budget == nil {
		o.Budget = NewBudget(ctx)
	}
	return &Source{
		document: &document{options: o, budget: o.Budget},
		resolver: &resolver{template: &template{}, budget: o.Budget, choices: &choices{}},
		defined:  map[string][]string{},
	}
}

// Define notes what the source says of something that unknowns depend on, such
// as a data source. They are the same in another source only if that says the
// same of it.
func (s *Source) Define(dependsOn, definition string) {
	if !slices.Contains(s.defined[dependsOn], definition) {
		s.defined[dependsOn] = append(s.defined[dependsOn], definition)
	}
}

// DefineChoices sets the function that describes what the source says of all
// that a choice can be about.
func (s *Source) DefineChoices(definition func() string) { s.resolver.definition = definition }

// Digest returns a short text that is the same for the same text only.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// complete adds the definitions to the unknown parts of a value.
func (s *Source) complete(n node) {
	for _, list := range [][]node{n.keys, n.items} {
		for _, item := range list {
			s.complete(item)
		}
	}
	n.text.Each(func(string) {}, s.define)
}

func (s *Source) define(u *trust.Unknown) {
	definitions := ""
	for _, name := range u.DependsOn {
		definitions += strings.Join(s.defined[name], "")
	}
	if definitions != "" {
		u.Definition = Digest(definitions)
	}
}

// Spend pays for one step that yields so many bytes. It reports whether work
// may go on; if not, Err says why.
func (s *Source) Spend(at trust.Pos, bytes int) bool { return s.document.budget.spend(at, bytes) }

// Fail ends all work, unless it has ended.
func (s *Source) Fail(err error) { s.document.budget.fail(err) }

// Err returns what ended the work, or nil.
func (s *Source) Err() error { return s.document.budget.err }

// Choose returns which of the options counts in the alternative that is being
// looked at. The key is the expression that decides, written one way.
func (s *Source) Choose(key, subject string, dependsOn, options []string) int {
	s.chosen++
	return s.resolver.choices.take(key, subject, dependsOn, options)
}

// Chosen returns how often Choose was called. If it is the same before and
// after some work, the outcome of that is the same in every alternative.
func (s *Source) Chosen() int { return s.chosen }

// Depend is to be called where the outcome of an earlier Choose is used again
// without asking for it.
func (s *Source) Depend() { s.chosen++ }

// Alternatives calls visit in each alternative that it comes upon, as far as
// they are not too many. What is then open is returned, or nil.
func (s *Source) Alternatives(visit func()) *trust.Unknown {
	return s.resolver.alternatives(func(*choices) { visit() })
}

// Decode reads JSON or YAML that is the text of a string, with unknown parts
// inside of its strings. move returns where in the source a place in the text
// is.
func (s *Source) Decode(text trust.Text, move func(trust.Pos) trust.Pos) (Value, error) {
	return parseTextAt(text, move, s.document.budget)
}

// Role completes a role: name returns its name and its longest session in
// seconds, trusted its trust policy. They are called in each alternative, and
// report whether the role exists in it.
func (s *Source) Role(role Role, name func() (trust.Text, int, bool), trusted func() (Value, bool)) Role {
	s.Alternatives(func() {
		text, seconds, exists := name()
		if !exists {
			return
		}
		if len(role.names) == 0 {
			role.Name = text.String()
		}
		role.names = append(role.names, text)
		role.MaxSessionDuration = max(role.MaxSessionDuration, seconds)
	})
	s.resolver.policies(&role, func() (*trust.Policy, error) {
		value, exists := trusted()
		if !exists {
			return nil, nil
		}
		s.complete(value)
		return s.document.policy(value)
	})
	return role
}
