package terraform

import (
	"math/big"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func (e *evaluator) unary(v *value, op *hclsyntax.Operation, at place) *value {
	if op == hclsyntax.OpLogicalNot {
		if is, ok := v.truth(); ok {
			return boolean(!is, at)
		}
		return e.operator("!("+v.shown()+")", at, v)
	}
	if n, ok := v.float(); ok {
		return number(n.Neg(n), at)
	}
	return e.operator("-"+operand(v), at, v)
}

// operator returns the unknown that an operator yields.
func (e *evaluator) operator(expression string, at place, operands ...*value) *value {
	v := e.unknown(expression, at, dependsOn(operands...), "expression "+expression)
	v.operator = true
	for _, o := range operands {
		v.failed = v.failed || o.failed
	}
	return v
}

// operand writes a value as a part of a larger expression, so that two that
// are different are written differently.
func operand(v *value) string {
	if v.operator {
		return "(" + v.shown() + ")"
	}
	return v.shown()
}

var comparisons = map[*hclsyntax.Operation]func(order int) bool{
	hclsyntax.OpLessThan:           func(order int) bool { return order < 0 },
	hclsyntax.OpLessThanOrEqual:    func(order int) bool { return order <= 0 },
	hclsyntax.OpGreaterThan:        func(order int) bool { return order > 0 },
	hclsyntax.OpGreaterThanOrEqual: func(order int) bool { return order >= 0 },
}

// symbols are how operators are written.
var symbols = map[*hclsyntax.Operation]string{
	hclsyntax.OpLogicalAnd: "&&", hclsyntax.OpLogicalOr: "||", hclsyntax.OpEqual: "==", hclsyntax.OpNotEqual: "!=",
	hclsyntax.OpLessThan: "<", hclsyntax.OpLessThanOrEqual: "<=", hclsyntax.OpGreaterThan: ">", hclsyntax.OpGreaterThanOrEqual: ">=",
	hclsyntax.OpAdd: "+", hclsyntax.OpSubtract: "-", hclsyntax.OpMultiply: "*", hclsyntax.OpDivide: "/", hclsyntax.OpModulo: "%",
}

func (e *evaluator) binary(f frame, x *hclsyntax.BinaryOpExpr, at place) *value {
	a, b := e.eval(f, x.LHS), e.eval(f, x.RHS)
	if !e.look(at, a, b) {
		return null(at)
	}
	switch x.Op {
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		decisive := x.Op == hclsyntax.OpLogicalOr
		isA, okA := a.truth()
		isB, okB := b.truth()
		switch {
		case okA && isA == decisive, okB && isB == decisive:
			return boolean(decisive, at)
		case okA && okB:
			return boolean(!decisive, at)
		case okA:
			return b
		case okB:
			return a
		}
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		if equal, ok := same(a, b); ok {
			return boolean(equal == (x.Op == hclsyntax.OpEqual), at)
		}
		if x.Op == hclsyntax.OpNotEqual { // the opposite of ==, so that both are decided alike
			equal := e.operator(operand(a)+" == "+operand(b), at, a, b)
			return e.operator("!("+inner(equal.unknown())+")", at, a, b)
		}
	default:
		m, okA := a.float()
		n, okB := b.float()
		if compare := comparisons[x.Op]; okA && okB && compare != nil {
			return boolean(compare(m.Cmp(n)), at)
		}
		if okA && okB {
			if v := arithmetic(x.Op, m, n); v != nil {
				return number(v, at)
			}
		}
	}
	return e.operator(operand(a)+" "+symbols[x.Op]+" "+operand(b), at, a, b)
}

func arithmetic(op *hclsyntax.Operation, m, n *big.Float) *big.Float {
	v := new(big.Float).SetPrec(512)
	switch {
	case op == hclsyntax.OpAdd:
		return v.Add(m, n)
	case op == hclsyntax.OpSubtract:
		return v.Sub(m, n)
	case op == hclsyntax.OpMultiply:
		return v.Mul(m, n)
	case n.Sign() == 0:
		return nil
	case op == hclsyntax.OpDivide:
		return v.Quo(m, n)
	case op == hclsyntax.OpModulo && m.IsInt() && n.IsInt() && m.MantExp(nil) < 64 && n.MantExp(nil) < 64:
		a, _ := m.Int64()
		b, _ := n.Int64()
		return v.SetInt64(a % b)
	}
	return nil
}
