package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// call is a call of a function.
type call struct {
	e    *evaluator
	f    frame
	name string
	args []*value
	at   place
}

// open returns the unknown that the call yields if it cannot be evaluated.
func (c call) open() *value { return c.e.apply(c.name, c.at, c.args...) }

// refused returns what Terraform refuses to evaluate.
func (c call) refused() *value {
	v := c.open()
	v.failed = true
	return v
}

// arg returns an argument, or null.
func (c call) arg(i int) *value {
	if i < len(c.args) {
		return c.args[i]
	}
	return null(c.at)
}

// text returns an argument that is known text.
func (c call) text(i int) (string, bool) { return c.arg(i).known() }

// texts returns all arguments, if they are known text.
func (c call) texts(n int) ([]string, bool) {
	var all []string
	for _, a := range c.args {
		text, ok := a.known()
		if !ok {
			return nil, false
		}
		all = append(all, text)
	}
	return all, len(all) == n
}

// string returns known text, and pays for it.
func (c call) string(text string) *value {
	c.e.spend(c.at, len(text))
	return known(text, c.at)
}

// call evaluates a call of a function.
func (e *evaluator) call(f frame, x *hclsyntax.FunctionCallExpr, at place) *value {
	c := call{e: e, f: f, name: strings.TrimPrefix(x.Name, "core::"), at: at}
	if c.name == "try" || c.name == "can" {
		return c.try(x)
	}
	for _, a := range x.Args {
		c.args = append(c.args, e.eval(f, a))
	}
	if x.ExpandFinal && len(c.args) > 0 {
		last := c.args[len(c.args)-1]
		if !last.isSequence() || last.open != nil {
			return c.open()
		}
		c.args = append(c.args[:len(c.args)-1:len(c.args)-1], last.items...)
	}
	if !e.look(at, c.args...) {
		return null(at)
	}
	function := builtin(c.name)
	if function == nil {
		return c.open()
	}
	return function(c)
}

// try returns the first argument that Terraform can evaluate. Whether it
// can evaluate an unknown is unknown too.
func (c call) try(x *hclsyntax.FunctionCallExpr) *value {
	for i, a := range x.Args {
		v := c.e.eval(c.f, a)
		c.args = append(c.args, v)
		switch {
		case v.failed:
		case v.unknown() != nil && (len(x.Args) > 1 || c.name == "can") && !isReference(a):
			for _, rest := range x.Args[i+1:] {
				c.args = append(c.args, c.e.eval(c.f, rest))
			}
			return c.open()
		case c.name == "can":
			return boolean(true, c.at)
		default:
			return v
		}
	}
	if c.name == "can" && len(c.args) > 0 {
		return boolean(false, c.at)
	}
	return c.refused()
}

// isReference reports whether an expression only names something, which
// cannot fail if that is declared.
func isReference(x hclsyntax.Expression) bool {
	t, ok := x.(*hclsyntax.ScopeTraversalExpr)
	return ok && len(t.Traversal) <= 2
}

// builtin returns a function of Terraform, or nil.
func builtin(name string) func(call) *value {
	switch name {
	case "join":
		return call.join
	case "split":
		return call.split
	case "format":
		return call.format
	case "formatlist":
		return call.formatlist
	case "replace":
		return call.replace
	case "lower", "upper":
		return call.changeCase
	case "trimprefix", "trimsuffix":
		return call.trimEnd
	case "trim", "trimspace", "chomp", "title", "strrev", "substr":
		return call.reshape
	case "startswith", "endswith", "strcontains":
		return call.contained
	case "concat":
		return call.concat
	case "toset", "tolist":
		return call.toSequence
	case "tostring", "tonumber", "tobool":
		return call.toScalar
	case "tomap", "nonsensitive", "sensitive", "ephemeralasnull":
		return call.same
	case "merge":
		return call.merge
	case "lookup":
		return call.lookup
	case "element":
		return call.element
	case "flatten":
		return call.flatten
	case "compact":
		return call.compact
	case "distinct", "sort", "reverse":
		return call.reorder
	case "coalesce", "coalescelist":
		return call.coalesce
	case "contains":
		return call.contains
	case "keys", "values":
		return call.parts
	case "length":
		return call.length
	case "zipmap":
		return call.zipmap
	case "one":
		return call.one
	case "slice":
		return call.slice
	case "range":
		return call.sequence
	case "index":
		return call.position
	case "setunion":
		return call.concat
	case "setintersection", "setsubtract":
		return call.difference
	case "setproduct":
		return call.product
	case "jsonencode":
		return call.jsonencode
	case "jsondecode", "yamldecode":
		return call.decode
	case "file", "fileexists", "templatefile", "templatestring":
		return call.file
	case "fileset":
		return call.fileset
	case "basename", "dirname":
		return call.part
	case "regex", "regexall":
		return call.regex
	case "max", "min":
		return call.extreme
	case "anytrue", "alltrue":
		return call.truths
	}
	return nil
}
