package terraform

import (
	"path"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// labels are how many labels the blocks of a module have.
var labels = map[string]int{"variable": 1, "locals": 0, "output": 1, "resource": 2, "data": 2, "module": 1}

// nestedBlocks are the blocks, within those of a module, that matter here.
var nestedBlocks = map[string]int{"statement": 0, "condition": 0, "principals": 0, "not_principals": 0, "dynamic": 1, "content": 0}

// parseJSON reads a file in Terraform's JSON syntax, as what the native one
// would be.
func parseJSON(src []byte, file string) (*hclsyntax.Body, error) {
	p := &jsonParser{lex: jsonlex.FromBytes(src), file: file}
	first, err := p.lex.Next()
	if err != nil {
		return nil, err
	}
	body, err := p.body(first, labels, p.isGiven())
	if err == nil {
		_, err = p.lex.Next() // nothing may follow
	}
	return body, err
}

type jsonParser struct {
	lex  *jsonlex.Lexer
	file string
}

// isGiven reports whether the file has values of variables and no blocks.
func (p *jsonParser) isGiven() bool { return isGiven(path.Base(p.file)) }

func (p *jsonParser) rangeOf(at jsonlex.Pos) hcl.Range {
	pos := hcl.Pos{Line: at.Line, Column: at.Column}
	return hcl.Range{Filename: p.file, Start: pos, End: pos}
}

// body reads an object as a body, in which so many labels belong to blocks of
// a type; what is no block is an argument, if there can be any.
func (p *jsonParser) body(first jsonlex.Token, blocks map[string]int, arguments bool) (*hclsyntax.Body, error) {
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: p.rangeOf(first.Pos)}
	if first.Kind != jsonlex.ObjectStart {
		return nil, first.Pos.Errorf("expected an object, got %s", first.Kind)
	}
	for {
		t, err := p.lex.Next()
		if err != nil || t.Kind == jsonlex.ObjectEnd {
			return body, err
		}
		name, at := string(t.Text), t.Pos
		if t, err = p.lex.Next(); err != nil {
			return nil, err
		}
		n, isBlock := blocks[name]
		isBlock = isBlock && (t.Kind == jsonlex.ObjectStart || t.Kind == jsonlex.ListStart) && !(p.isGiven() && arguments)
		switch {
		case isBlock:
			err = p.blocks(body, &hclsyntax.Block{Type: name, TypeRange: p.rangeOf(at)}, n, t)
		case !arguments || name == "//":
			err = p.lex.Skip(t)
		default:
			var e hclsyntax.Expression
			e, err = p.argument(name, t)
			body.Attributes[name] = &hclsyntax.Attribute{Name: name, Expr: e, SrcRange: p.rangeOf(at), NameRange: p.rangeOf(at)}
		}
		if err != nil {
			return nil, err
		}
	}
}

// blocks reads blocks with so many labels that are yet to come.
func (p *jsonParser) blocks(into *hclsyntax.Body, b *hclsyntax.Block, left int, t jsonlex.Token) error {
	switch {
	case t.Kind == jsonlex.ListStart:
		for {
			t, err := p.lex.Next()
			if err != nil || t.Kind == jsonlex.ListEnd {
				return err
			}
			if err := p.blocks(into, b, left, t); err != nil {
				return err
			}
		}
	case t.Kind != jsonlex.ObjectStart:
		return t.Pos.Errorf("expected the contents of %q, got %s", b.Type, t.Kind)
	case left == 0:
		inner := nestedBlocks
		if b.Type == "locals" || b.Type == "variable" || b.Type == "output" || b.Type == "module" {
			inner = nil
		}
		body, err := p.body(t, inner, true)
		block := *b
		block.Body = body
		into.Blocks = append(into.Blocks, &block)
		return err
	}
	for {
		t, err := p.lex.Next()
		if err != nil || t.Kind == jsonlex.ObjectEnd {
			return err
		}
		labeled := *b
		labeled.Labels = append(append([]string(nil), b.Labels...), string(t.Text))
		labeled.LabelRanges = append(append([]hcl.Range(nil), b.LabelRanges...), p.rangeOf(t.Pos))
		labeled.TypeRange = p.rangeOf(t.Pos)
		if t, err = p.lex.Next(); err != nil {
			return err
		}
		if err := p.blocks(into, &labeled, left-1, t); err != nil {
			return err
		}
	}
}

// argument reads the value of an argument: strings are templates, but for a
// variable's type, which is an expression.
func (p *jsonParser) argument(name string, t jsonlex.Token) (hclsyntax.Expression, error) {
	if name == "type" && t.Kind == jsonlex.String {
		if e, err := parseExpression(append([]byte(nil), t.Text...), p.file, p.rangeOf(t.Pos).Start); err == nil {
			if _, isCall := e.(*hclsyntax.FunctionCallExpr); isCall {
				return e, nil
			}
		}
	}
	return p.expression(t)
}

func (p *jsonParser) expression(t jsonlex.Token) (hclsyntax.Expression, error) {
	at := p.rangeOf(t.Pos)
	literal := func(v cty.Value) (hclsyntax.Expression, error) {
		return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: at}, nil
	}
	switch t.Kind {
	case jsonlex.String:
		if p.isGiven() {
			return literal(cty.StringVal(string(t.Text)))
		}
		return parseTemplate(append([]byte(nil), t.Text...), p.file, at.Start)
	case jsonlex.Bool:
		return literal(cty.BoolVal(string(t.Text) == "true"))
	case jsonlex.Number:
		n, err := cty.ParseNumberVal(string(t.Text))
		if err != nil {
			return nil, t.Pos.Errorf("number cannot be read")
		}
		return literal(n)
	case jsonlex.ListStart:
		list := &hclsyntax.TupleConsExpr{SrcRange: at, OpenRange: at}
		for {
			t, err := p.lex.Next()
			if err != nil || t.Kind == jsonlex.ListEnd {
				return list, err
			}
			item, err := p.expression(t)
			if err != nil {
				return nil, err
			}
			list.Exprs = append(list.Exprs, item)
		}
	case jsonlex.ObjectStart:
		object := &hclsyntax.ObjectConsExpr{SrcRange: at, OpenRange: at}
		for {
			t, err := p.lex.Next()
			if err != nil || t.Kind == jsonlex.ObjectEnd {
				return object, err
			}
			t.Kind = jsonlex.String
			key, err := p.expression(t)
			if err != nil {
				return nil, err
			}
			if t, err = p.lex.Next(); err != nil {
				return nil, err
			}
			item, err := p.expression(t)
			if err != nil {
				return nil, err
			}
			object.Items = append(object.Items, hclsyntax.ObjectConsItem{KeyExpr: key, ValueExpr: item})
		}
	}
	return literal(cty.NullVal(cty.DynamicPseudoType))
}
