package document

import (
	"strconv"

	"github.com/org/aws-oidc-action/internal/trust"
)

// decide returns what a condition of the template is. What only the
// deployment decides is a choice.
func (r *resolver) decide(name string, at trust.Pos) (outcome bool) {
	m, ok := r.conditions[name]
	if !ok {
		return r.either("condition "+name, "condition "+name, []string{"condition " + name})
	}
	r.follow("condition "+name, at, func() {
		r.within(m.loops, func() { outcome = r.holds(m.value, name) })
	})
	return outcome
}

// either is a choice between true and false.
func (r *resolver) either(key, subject string, dependsOn []string) bool {
	return r.choices.take(key, subject, dependsOn, []string{"true", "false"}) == 0
}

// holds evaluates the expression of a condition, of the name if it is all of it.
func (r *resolver) holds(n node, name string) bool {
	if !r.budget.spend(n.pos, 0) {
		return false
	}
	function, argument, ok := n.intrinsic()
	if !ok && n.isObject() && len(n.keys) == 1 && n.keys[0].name() == "Condition" {
		function, argument, ok = "Condition", n.items[0], true
	}
	switch {
	case !ok:
	case function == "Condition":
		return r.decide(r.resolve(argument).name(), n.pos)
	case function == "Not":
		return !r.holds(argument.at(0), "")
	case function == "And":
		for _, item := range argument.items {
			if !r.holds(item, "") {
				return false
			}
		}
		return true
	case function == "Or":
		for _, item := range argument.items {
			if r.holds(item, "") {
				return true
			}
		}
		return false
	case function == "Equals":
		return r.equal(r.resolve(argument), name)
	}
	open := r.open(n, function, r.resolve(argument)).unknown()
	return r.either(open.Expression, "condition "+name, open.DependsOn)
}

func (r *resolver) equal(both node, name string) bool {
	a, b := both.at(0), both.at(1)
	open := r.open(both, "Equals", both).unknown()
	subject := "condition " + name
	if name == "" {
		subject = open.Expression
	}
	switch {
	case !a.isScalar() || !b.isScalar():
		return r.either(open.Expression, subject, open.DependsOn)
	case a.text.Equal(b.text):
		return true
	case !a.text.Pattern(false).Overlaps(b.text.Pattern(false)), r.isOther(a.text.Wholly(), b.name()), r.isOther(b.text.Wholly(), a.name()):
		return false
	}
	return r.either(open.Expression, subject, open.DependsOn)
}

func quoted(text string) string { return strconv.Quote(text) }
