package diff

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// edit changes one thing of a document. It reports false if there is nothing
// to change.
type edit struct {
	name   string
	change func(*editor) bool
}

// editor is a document with what edits need to know of it.
type editor struct {
	*rand.Rand
	root  *tree
	texts []string // of all values, to be put elsewhere
	keys  []string // of conditions

	// narrower is set by an edit of which it is certain that nothing becomes
	// possible by it.
	narrower bool
}

func newEditor(r *rand.Rand, root *tree) *editor {
	e := &editor{Rand: r, root: root}
	root.visit(func(p place) {
		if n := p.item(); n.kind == yaml.ScalarNode && n.body == nil {
			e.texts = append(e.texts, n.text)
		}
	})
	for _, c := range e.conditions() {
		e.keys = append(e.keys, c.key())
	}
	e.keys = append(e.keys, "aws:CalledVia", "aws:PrincipalOrgPaths", "aws:SourceIp", "sts:ExternalId", "token.actions.githubusercontent.com:ref", "token.actions.githubusercontent.com:sub")
	return e
}

// pick returns one of the places that fit.
func (e *editor) pick(places []place) (place, bool) {
	if len(places) == 0 {
		return place{}, false
	}
	return places[e.IntN(len(places))], true
}

func isStatement(n *tree) bool { return n.get("Effect") != nil }

// statements returns the places of statements.
func (e *editor) statements() []place {
	return e.root.places(func(p place) bool { return isStatement(p.item()) })
}

func (e *editor) statement() (*tree, bool) {
	p, ok := e.pick(e.statements())
	if !ok {
		return nil, false
	}
	return p.item(), true
}

func allows(statement *tree) bool { return statement.get("Effect").text == "Allow" }

// condition is a key of a condition: a place in the mapping of its operator.
type conditionPlace struct {
	place
	statement *tree
	block     *tree // of the operators
	operator  int   // in block
}

func (c conditionPlace) name() string { return c.block.keys[c.operator] }

func (e *editor) conditions() []conditionPlace {
	var all []conditionPlace
	for _, p := range e.statements() {
		block := p.item().get("Condition")
		if block == nil || block.kind != yaml.MappingNode {
			continue
		}
		for i, byKey := range block.items {
			for k := range byKey.keys {
				all = append(all, conditionPlace{place{byKey, k}, p.item(), block, i})
			}
		}
	}
	return all
}

func (e *editor) condition() (conditionPlace, bool) {
	all := e.conditions()
	if len(all) == 0 {
		return conditionPlace{}, false
	}
	return all[e.IntN(len(all))], true
}

// drop removes a condition, with what is empty then.
func (c conditionPlace) drop() {
	c.in.remove(c.at)
	if len(c.in.keys) == 0 {
		c.block.remove(c.operator)
	}
	if len(c.block.keys) == 0 {
		c.statement.remove(c.statement.index("Condition"))
	}
}

// add adds a condition unless there is one of the operator on the key.
func addCondition(statement *tree, operator, key string, v *tree) bool {
	block := statement.get("Condition")
	if block == nil {
		block = &tree{kind: yaml.MappingNode}
		statement.set("Condition", block)
	}
	if block.kind != yaml.MappingNode {
		return false
	}
	if block.get(operator) == nil {
		block.set(operator, &tree{kind: yaml.MappingNode})
	}
	byKey := block.get(operator)
	if slices.ContainsFunc(byKey.keys, func(k string) bool { return strings.EqualFold(k, key) }) {
		return false
	}
	byKey.set(key, v)
	return true
}

// neighbor returns a text that is a little different.
func (e *editor) neighbor(s string) string {
	runes := []rune(s)
	at := e.IntN(len(runes) + 1)
	insert := func(more string) string { return string(runes[:at]) + more + string(runes[at:]) }
	switch e.IntN(12) {
	case 0:
		return insert("*")
	case 1:
		return insert("?")
	case 2:
		return s + "*"
	case 3:
		return s + "x"
	case 4:
		return insert(e.texts[e.IntN(len(e.texts))])
	case 5:
		return strings.ToUpper(s)
	case 6:
		return strings.Replace(s, "*", "x", 1)
	case 7:
		if before, after, found := strings.Cut(s, ":"); found && e.IntN(2) == 0 {
			return before + ":*:" + after
		}
		return string(runes[:at]) + "*"
	case 8:
		return e.texts[e.IntN(len(e.texts))]
	case 9:
		return "*"
	}
	if len(runes) == 0 {
		return "x"
	}
	at = e.IntN(len(runes))
	if e.IntN(2) == 0 {
		return string(runes[:at]) + string(runes[at+1:])
	}
	if r := runes[at]; unicode.IsLetter(r) {
		runes[at] ^= 0x20
	}
	return string(runes)
}

// near returns a value that is a little different, of the same type if it has
// another than text.
func (e *editor) near(s string) string {
	if e.IntN(3) > 0 {
		if n, err := strconv.Atoi(s); err == nil {
			return []string{fmt.Sprint(n - 1), fmt.Sprint(n + 1), s + ".0", s + ".5", "-" + s, "0" + s}[e.IntN(6)]
		}
		if at, err := time.Parse(time.RFC3339, s); err == nil {
			return []string{
				at.Add(time.Second).Format(time.RFC3339), at.Add(-time.Hour).UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339),
				at.Format(time.DateOnly), fmt.Sprint(at.Unix()), at.In(time.FixedZone("", 7200)).Format(time.RFC3339),
			}[e.IntN(6)]
		}
		if address, bits, found := strings.Cut(s, "/"); found && strings.Count(address, ".") == 3 {
			if n, err := strconv.Atoi(bits); err == nil {
				return []string{fmt.Sprintf("%s/%d", address, n-1), fmt.Sprintf("%s/%d", address, n+1), address, "0.0.0.0/0", "203.0.113.128/25"}[e.IntN(5)]
			}
		}
		switch s {
		case "true":
			return "false"
		case "false":
			return "true"
		}
	}
	return e.neighbor(s)
}

var operatorParts = struct{ sets, types, relations []string }{
	[]string{"", "", "ForAnyValue:", "ForAllValues:"},
	[]string{"String", "Numeric", "Date", "Arn"},
	[]string{"Equals", "NotEquals", "Like", "NotLike", "EqualsIgnoreCase", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"},
}

// operator returns another operator, most often one that differs in one part.
func (e *editor) operator(name string) string {
	set := ""
	if before, after, found := strings.Cut(name, ":"); found {
		set, name = before+":", after
	}
	base, exists := strings.CutSuffix(name, "IfExists")
	switch e.IntN(6) {
	case 0:
		set = operatorParts.sets[e.IntN(len(operatorParts.sets))]
	case 1:
		exists = !exists
	case 2:
		if strings.Contains(base, "Not") {
			base = strings.Replace(base, "Not", "", 1)
		} else if base == "IpAddress" {
			base = "NotIpAddress"
		} else {
			base = strings.NewReplacer("Equals", "NotEquals", "Like", "NotLike").Replace(base)
		}
	case 3:
		return []string{"Null", "Bool", "IpAddress", "StringLike", "StringEquals"}[e.IntN(5)]
	default:
		for _, kind := range operatorParts.types {
			if strings.HasPrefix(base, kind) {
				base = kind + operatorParts.relations[e.IntN(len(operatorParts.relations))]
			}
		}
	}
	if exists {
		base += "IfExists"
	}
	return set + base
}

// scalar returns a place with a text, of those that fit.
func (e *editor) scalar(fits func(place) bool) (place, bool) {
	return e.pick(e.root.places(func(p place) bool {
		return p.item().kind == yaml.ScalarNode && p.item().body == nil && fits(p)
	}))
}

// values returns a place in the values of a condition.
func (e *editor) value() (place, conditionPlace, bool) {
	c, ok := e.condition()
	if !ok {
		return place{}, c, false
	}
	all := mapping("", c.item()).places(func(p place) bool { return p.item().kind == yaml.ScalarNode })
	if c.item().kind == yaml.ScalarNode {
		return c.place, c, true
	}
	p, ok := e.pick(all)
	return p, c, ok && p.in != nil
}
