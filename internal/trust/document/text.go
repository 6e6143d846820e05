package document

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// embedded reads a policy that is the text of a string, as it is or
// URL-encoded, which is how the IAM API returns it. All of its positions are
// the string's.
func (d *document) embedded(text trust.Text, at trust.Pos) (*trust.Policy, error) {
	known, ok := text.Known()
	if !ok {
		n, err := parseText(text, at, d.budget)
		if err != nil { // what is unknown is not within strings
			return trust.Opaque(text.Unknown(), at)[0], d.budget.err
		}
		return d.read(n)
	}
	if !strings.HasPrefix(strings.TrimSpace(known), "{") {
		decoded, err := url.PathUnescape(known)
		if err != nil {
			return nil, at.Errorf("trust policy is neither JSON nor URL-encoded JSON")
		}
		known = decoded
	}
	inside := pinned{d.marked(trust.Lexer{Lexer: jsonlex.FromBytes([]byte(known))}), at}
	first, err := inside.Next()
	if err != nil {
		return nil, err
	}
	p, err := trust.Read(first, inside)
	if err == nil {
		_, err = inside.Next()
	}
	return p, err
}

// pinned moves all tokens and errors to one place.
type pinned struct {
	in trust.Tokens
	at trust.Pos
}

func (p pinned) Next() (trust.Token, error) {
	t, err := p.in.Next()
	t.Pos = p.at
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) {
		err = &trust.SyntaxError{Line: p.at.Line, Column: p.at.Column, Msg: syntax.Msg, Duplicate: syntax.Duplicate}
	}
	return t, err
}

// parseText reads JSON or YAML that is the text of a string, with unknown
// parts inside of its strings. All positions are the string's.
func parseText(text trust.Text, at trust.Pos, b *Budget) (node, error) {
	return parseTextAt(text, func(trust.Pos) trust.Pos { return at }, b)
}

// parseTextAt is parseText for a text whose places are known as places in the
// document.
func parseTextAt(text trust.Text, move func(trust.Pos) trust.Pos, b *Budget) (node, error) {
	if !b.spend(move(trust.Pos{Line: 1, Column: 1}), len(text.String())) {
		return node{}, b.err
	}
	mark := unused(text.String())
	var src strings.Builder
	var unknowns []*trust.Unknown
	text.Each(func(known string) { src.WriteString(known) }, func(u *trust.Unknown) {
		fmt.Fprintf(&src, "%c%d%c", mark, len(unknowns), mark)
		unknowns = append(unknowns, u)
	})
	n, err := parseSource(src.String(), b)
	n = n.restore(string(mark), unknowns, move, b)
	if err == nil {
		err = b.err
	}
	return n, err
}

func parseSource(src string, b *Budget) (node, error) {
	trimmed := strings.TrimSpace(src)
	if !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
		return parseYAML([]byte(src), b)
	}
	lex := trust.Lexer{Lexer: jsonlex.FromBytes([]byte(src))}
	first, err := lex.Next()
	if err != nil {
		return node{}, err
	}
	n, err := fromStream(first, lex, b)
	if err == nil {
		_, err = lex.Next() // nothing may follow
	}
	return n, err
}

// unused returns a character that the text does not have.
func unused(text string) rune {
	mark := '\ue000'
	for strings.ContainsRune(text, mark) {
		mark++
	}
	return mark
}

// restore puts the unknowns in the place of their marks. What aliases of YAML
// share is copied for each, and paid for.
func (n node) restore(mark string, unknowns []*trust.Unknown, move func(trust.Pos) trust.Pos, b *Budget) node {
	n.pos = move(n.pos)
	n.text = unmark(n.text, mark, unknowns)
	keys, items := n.keys, n.items
	n.keys, n.items = nil, nil
	if !b.spend(n.pos, 0) {
		return n
	}
	for _, k := range keys {
		n.keys = append(n.keys, k.restore(mark, unknowns, move, b))
	}
	for _, i := range items {
		n.items = append(n.items, i.restore(mark, unknowns, move, b))
	}
	return n
}

func unmark(text trust.Text, mark string, unknowns []*trust.Unknown) trust.Text {
	known, _ := text.Known()
	if !strings.Contains(known, mark) {
		return text
	}
	var all []trust.Text
	for i, between := range strings.Split(known, mark) {
		if i%2 == 0 {
			all = append(all, trust.Known(between))
		} else if n, err := strconv.Atoi(between); err == nil && n < len(unknowns) {
			all = append(all, unknowns[n].Text())
		}
	}
	return trust.Concat(all...)
}
