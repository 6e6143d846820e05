package document

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// pseudoParameters are those of CloudFormation that have a value
// (CloudFormation, pseudo parameters reference).
var pseudoParameters = []string{"AWS::AccountId", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"}

// parameter returns the value of a parameter or pseudo parameter, and whether
// there is one of that name.
func (r *resolver) parameter(name string, at trust.Pos) (node, bool) {
	definition, declared := r.definitions[name]
	if !declared && !strings.HasPrefix(name, "AWS::") {
		return node{}, false
	}
	given, isGiven := r.given[name]
	kind := definition.get("Type").name()
	var text trust.Text
	switch {
	case strings.HasPrefix(kind, "AWS::SSM::Parameter::Value"): // what is given is the name in the parameter store
		if !isGiven {
			given = definition.get("Default").text
		}
		stored := "SSM parameter " + given.String()
		text = trust.NewUnknown("${"+name+" = "+stored+"}", stored).Text()
	case isGiven:
		text = given
	default:
		text = r.assumed(name, definition)
	}
	n := stringNode(text, at)
	if list, ok := text.Known(); ok && (kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<")) {
		n = r.list(n, list, ",")
		for i := range n.items {
			n.items[i].text = trust.Known(strings.TrimSpace(n.items[i].name()))
		}
	}
	return n, true
}

// another is what is chosen of a parameter that is none of its options.
const another = "another value"

// outcomes are what a parameter that is not given can be.
type outcomes struct {
	open    *trust.Unknown // what it is if it is none of the options
	options []string
	shown   []string // the options, quoted, and another if there can be others
}

// assumed returns what a parameter is taken for that is not given: one of its
// options, or unknown.
func (r *resolver) assumed(name string, definition node) trust.Text {
	o, ok := r.outcomes[name]
	if !ok {
		o = r.outcomesOf(name, definition)
		r.outcomes[name] = o
	}
	taken := 0
	if len(o.shown) > 1 {
		taken = r.choices.take(o.open.Expression, o.open.DependsOn[0], o.open.DependsOn, o.shown)
	}
	if taken >= len(o.options) {
		return o.open.Text()
	}
	return trust.Known(o.options[taken])
}

func (r *resolver) outcomesOf(name string, definition node) outcomes {
	subject := "parameter " + name
	if strings.HasPrefix(name, "AWS::") {
		subject = name
	}
	o := outcomes{open: trust.NewUnknown("${"+name+"}", subject)}
	var others bool
	o.options, others = r.options(name, definition)
	for _, option := range o.options {
		o.shown = append(o.shown, quoted(option))
	}
	if others {
		o.shown = append(o.shown, another)
	}
	return o
}

// options returns the values of a parameter that make a difference, and
// whether it can have others. They are the allowed ones; or the default, the
// rows of a mapping that it names, and what conditions compare it with.
func (r *resolver) options(name string, definition node) (options []string, others bool) {
	add := func(value string) {
		if !slices.Contains(options, value) {
			options = append(options, value)
		}
	}
	standard, _ := definition.get("Default").known()
	switch name {
	case "AWS::Partition":
		standard = "aws"
	case "AWS::URLSuffix":
		standard = "amazonaws.com"
	}
	if standard != "" { // an empty default asks for a value
		add(standard)
	}
	if allowed := definition.get("AllowedValues"); allowed.isList() {
		for _, item := range allowed.items {
			add(item.name())
		}
		return options, false
	}
	compared := r.compared[name]
	others = !r.isRow[name] && (standard == "" || slices.Contains(compared, standard))
	for _, value := range compared {
		add(value)
	}
	return options, others
}

// isOther reports whether it is chosen of a parameter, which is u, that it
// is not the value.
func (r *resolver) isOther(u *trust.Unknown, value string) bool {
	return u != nil && slices.ContainsFunc(r.choices.made, func(c choice) bool {
		return c.key == u.Expression && c.options[c.taken] == another && slices.Contains(c.options, quoted(value))
	})
}

// survey finds what parameters are compared with in conditions, and which
// rows of mappings they name.
func (r *resolver) survey(n node) {
	if !r.budget.spend(n.pos, 0) {
		return
	}
	if function, argument, ok := n.intrinsic(); ok {
		switch function {
		case "Equals":
			a, b := argument.at(0), argument.at(1)
			r.compare(a, b)
			r.compare(b, a)
		case "FindInMap":
			r.surveyRows(argument)
		}
	}
	for _, item := range n.items {
		r.survey(item)
	}
}

func (r *resolver) compare(reference, value node) {
	name, isRef := reference.reference()
	if text, ok := value.known(); ok && isRef && !slices.Contains(r.compared[name], text) {
		r.compared[name] = append(r.compared[name], text)
	}
}

// reference returns the name in a Ref.
func (n node) reference() (string, bool) {
	function, argument, ok := n.intrinsic()
	if !ok || function != "Ref" {
		return "", false
	}
	return argument.known()
}

func (r *resolver) surveyRows(argument node) {
	name, ok := argument.at(0).known()
	if !ok {
		return
	}
	mapping := r.mappings.get(name)
	rows := mapping.keys
	if first, ok := argument.at(1).reference(); ok {
		r.addRows(first, rows)
	}
	if second, ok := argument.at(2).reference(); ok {
		for _, row := range mapping.items {
			r.addRows(second, row.keys)
		}
	}
}

func (r *resolver) addRows(name string, rows []node) {
	r.isRow[name] = true
	for _, row := range rows {
		if r.budget.spend(row.pos, 0) && !slices.Contains(r.compared[name], row.name()) {
			r.compared[name] = append(r.compared[name], row.name())
		}
	}
}
