package document

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// placeholders are what other tools have in the files that they make policies
// of: ${name} (Terraform's templatefile, envsubst), $NAME, {{name}} and
// <NAME>. A policy variable of IAM has a colon, or a default behind a comma;
// ${*}, ${?} and ${$} are escapes (IAM user guide, policy variables).
var placeholders = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\$\{[^{}:,*?$]+\}|\$[A-Z_][A-Z0-9_]+|\{\{[^{}]+\}\}|<[^<>=\s][^<>]*>`)
})

// marked reads tokens and makes unknowns of the placeholders in them, or
// uses the values that the options have for them.
type marked struct {
	rest    trust.Tokens
	options *Options
}

func (d *document) marked(rest trust.Tokens) marked { return marked{rest, &d.options} }

func (m marked) Next() (trust.Token, error) {
	t, err := m.rest.Next()
	if err != nil {
		return t, err
	}
	return m.open(t), nil
}

// open makes unknowns of the placeholders in a token.
func (m marked) open(t trust.Token) trust.Token {
	if t.Kind != jsonlex.String && t.Kind != jsonlex.Key || !bytes.ContainsAny(t.Text, "$<{") {
		return t
	}
	text := trust.Known(string(t.Text))
	if t.Open != nil {
		suspect := false
		text = *t.Open
		text.Each(func(known string) { suspect = suspect || strings.ContainsAny(known, "$<{") }, func(*trust.Unknown) {})
		if !suspect {
			return t
		}
	}
	text = m.mark(text)
	t.Text, t.Open = []byte(text.String()), nil
	if _, ok := text.Known(); !ok {
		t.Open = &text
	}
	return t
}

// mark finds the placeholders in a text, which can have unknown parts.
func (m marked) mark(text trust.Text) trust.Text {
	var masked strings.Builder // an unknown part is no placeholder, but can be within one
	text.Each(func(known string) { masked.WriteString(known) }, func(u *trust.Unknown) { masked.WriteString(strings.Repeat("\x00", len(u.Expression))) })
	found := placeholders().FindAllStringIndex(masked.String(), -1)
	var all []trust.Text
	end := 0
	for _, at := range found {
		all = append(all, section(text, end, at[0]), m.placeholder(section(text, at[0], at[1])))
		end = at[1]
	}
	return trust.Concat(append(all, section(text, end, masked.Len()))...)
}

// section returns the part of a text between two offsets of what is shown of
// it. An unknown part is in it if it begins in it.
func section(text trust.Text, from, to int) trust.Text {
	var all []trust.Text
	at := 0
	text.Each(func(known string) {
		all = append(all, trust.Known(known[min(max(from-at, 0), len(known)):min(max(to-at, 0), len(known))]))
		at += len(known)
	}, func(u *trust.Unknown) {
		if from <= at && at < to {
			all = append(all, u.Text())
		}
		at += len(u.Expression)
	})
	return trust.Concat(all...)
}

// placeholder returns what replaces a placeholder.
func (m marked) placeholder(text trust.Text) trust.Text {
	shown := text.String()
	name := strings.TrimSpace(strings.Trim(shown, "${}<>"))
	m.options.Declare(name)
	if value, ok := m.options.Parameters[name]; ok {
		return trust.Known(value)
	}
	dependsOn := []string{fmt.Sprintf("placeholder %s", shown)}
	if strings.HasPrefix(shown, "{{resolve:") {
		dependsOn = []string{"dynamic reference " + shown}
	}
	if u := text.Unknown(); u != nil {
		dependsOn = append(dependsOn, u.DependsOn...)
	}
	return trust.NewUnknown(shown, dependsOn...).Text()
}

// Placeholders returns which of what something depends on are placeholders of
// another tool.
func Placeholders(dependsOn []string) []string {
	return slices.DeleteFunc(slices.Clone(dependsOn), func(d string) bool { return !strings.HasPrefix(d, "placeholder ") })
}

// Parameters returns the names of the parameters that something depends on:
// pseudo parameters and Terraform's variables included.
func Parameters(dependsOn []string) []string {
	var names []string
	for _, d := range dependsOn {
		if name, ok := strings.CutPrefix(d, "parameter "); ok {
			names = append(names, name)
		} else if name, ok := strings.CutPrefix(d, "variable "); ok {
			names = append(names, name)
		} else if strings.HasPrefix(d, "AWS::") {
			names = append(names, d)
		}
	}
	return names
}
