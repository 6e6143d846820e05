package generate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/docstest"
)

// The page of the templates says what the code grants and leaves out.
func TestPageOfTemplatesIsRendered(t *testing.T) {
	var b strings.Builder
	for _, tmpl := range templates {
		fmt.Fprintf(&b, "### %s\n\n`%s` %s.\n", tmpl.name, tmpl.usage(), tmpl.does)
		if tmpl.fallback != "" {
			fmt.Fprintf(&b, "%s is `%s` if you do not name one.\n", tmpl.syntax, tmpl.fallback)
		}
		if len(tmpl.options) > 0 {
			b.WriteString("\n| option | is |\n|---|---|\n")
			for _, o := range tmpl.options {
				fmt.Fprintf(&b, "| `%s=%s` | %s%s |\n", o.name, o.value, o.what, o.remark())
			}
		}
		b.WriteString("\n| grants | on | if |\n|---|---|---|\n")
		for _, r := range tmpl.rules {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", codes(r.actions), codes(r.resources), r.conditionsInWords())
		}
		b.WriteString("\nNot covered:\n\n")
		for _, l := range tmpl.lacks {
			fmt.Fprintf(&b, "- %s\n", docstest.Escape(l))
		}
		if tmpl.caution != nil {
			fmt.Fprintf(&b, "\nNote: %s.\n", docstest.Escape(tmpl.caution(Permission{template: &tmpl})))
		}
		b.WriteString("\n")
	}
	docstest.Section(t, *update, "docs/generate.md", "templates", strings.TrimSuffix(b.String(), "\n"))
}

func (o option) remark() string {
	switch {
	case o.required && o.many:
		return "; required, may be given again"
	case o.required:
		return "; required"
	case o.many:
		return "; may be given again"
	}
	return ""
}

func codes[T ~string](values []T) string {
	var all []string
	for _, v := range values {
		all = append(all, "`"+string(v)+"`")
	}
	return strings.Join(all, ", ")
}

// conditionsInWords says when a rule holds, besides its region.
func (r rule) conditionsInWords() string {
	var all []string
	if r.with != "" {
		all = append(all, "with `"+r.with+"`")
	}
	if r.without != "" {
		all = append(all, "without `"+r.without+"`")
	}
	if r.ifTagged {
		all = append(all, "with `--resource-tag`")
	}
	for _, c := range r.conditions {
		all = append(all, fmt.Sprintf("`%s` is %s", c.key, codes(c.values)))
	}
	switch r.tag {
	case resourceTag:
		all = append(all, "tagged, with `--resource-tag`")
	case requestTag:
		if !r.ifTagged {
			all = append(all, "tagged in the request, with `--resource-tag`")
		}
	}
	return strings.Join(all, "; ")
}
