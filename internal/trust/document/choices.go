package document

import (
	"fmt"
	"slices"

	"github.com/org/aws-oidc-action/internal/trust"
)

// choice is one thing that a template leaves open and that has only so many
// outcomes: a condition, a parameter with allowed values, a row of a mapping.
type choice struct {
	key       string // the expression that decides, written one way
	subject   string // condition Live, parameter Stage
	dependsOn []string
	options   []string
	taken     int
}

func (c choice) assumption() trust.Assumption {
	return trust.Assumption{Key: c.key, Choice: c.subject, Value: c.options[c.taken], DependsOn: c.dependsOn}
}

// choices are those that resolving something came upon, in order. Resolving
// it again with the same choices comes upon the same ones.
type choices struct {
	made  []choice
	fixed map[string]int // options to take instead of the first, by key
}

// take returns the option of the choice that counts now.
func (c *choices) take(key, subject string, dependsOn, options []string) int {
	for _, made := range c.made {
		if made.key == key {
			return made.taken
		}
	}
	c.made = append(c.made, choice{key, subject, dependsOn, options, c.fixed[key]})
	return c.fixed[key]
}

// next goes on to the next combination, if there is one.
func (c *choices) next() bool {
	for len(c.made) > 0 {
		last := &c.made[len(c.made)-1]
		if last.taken+1 < len(last.options) {
			last.taken++
			return true
		}
		c.made = c.made[:len(c.made)-1]
	}
	return false
}

func (c *choices) assumptions() []trust.Assumption {
	var all []trust.Assumption
	for _, made := range c.made {
		all = append(all, made.assumption())
	}
	return all
}

// alternatives calls visit with each combination of the choices that visit
// comes upon. Of more than maxAlternatives it tries so many, and then each
// option of each choice at least once; it returns what is then still open, or
// nil.
func (r *resolver) alternatives(visit func(*choices)) *trust.Unknown {
	outer := r.choices
	defer func() { r.choices = outer }()

	options := map[string]choice{} // all that were come upon
	visited := map[string][]int{}  // which of their options, by key
	var order []string             // of the keys
	try := func(c *choices) {
		r.choices = c
		visit(c)
		for _, made := range c.made {
			if _, known := options[made.key]; !known {
				options[made.key], order = made, append(order, made.key)
			}
			visited[made.key] = append(visited[made.key], made.taken)
		}
	}
	all := &choices{}
	for n := 0; n < maxAlternatives; n++ {
		try(all)
		if r.budget.err != nil || !all.next() {
			return nil
		}
	}
	for i := 0; i < len(order); i++ { // more may be come upon
		key := order[i]
		for option := range options[key].options {
			if r.budget.err == nil && !slices.Contains(visited[key], option) {
				try(&choices{fixed: map[string]int{key: option}})
			}
		}
	}
	var dependsOn []string
	for _, c := range options {
		dependsOn = append(dependsOn, c.subject)
	}
	open := trust.NewUnknown(fmt.Sprintf("more than %d combinations of choices", maxAlternatives), dependsOn...)
	if r.definition != nil {
		open.Definition = r.definition()
	}
	return open
}
