package action

import (
	"cmp"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
)

// successSummary is a table with a row for each profile, and the tree of their
// chains.
func successSummary(results []result) string {
	var b strings.Builder
	b.WriteString("### AWS credentials\n\n| profile | account | role | session name | expires | chain |\n|---|---|---|---|---|---|\n")
	for _, r := range results {
		if r.failure != nil {
			fmt.Fprintf(&b, "| %s | %s | | | | %s |\n", cell(r.profile.Name), cell(r.profile.Last().Role.Account()), cell("failed: "+string(r.failure.Code)))
			continue
		}
		chain := []string{cell(string(r.profile.Source))}
		for _, h := range r.profile.Chain {
			chain = append(chain, cell(string(h.Role)))
		}
		expires := "unknown"
		if !r.session.Expires.IsZero() {
			expires = r.session.Expires.Format(time.RFC3339)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", cell(r.profile.Name), cell(cmp.Or(r.session.Account, "unknown")), cell(r.session.Role.Name()),
			cell(sessionName(r.session)), cell(expires), strings.Join(chain, "<br>"))
	}
	b.WriteString("\n")
	if results[0].profile.OfMany {
		b.WriteString(chainDiagram(results))
	}
	return b.String()
}

// chainDiagram draws the chains as a mermaid tree. Hops that chains share are
// one node.
func chainDiagram(results []result) string {
	var b strings.Builder
	b.WriteString("```mermaid\ngraph LR\n")
	nodes := map[string]string{}
	node := func(key, label string) string {
		id, ok := nodes[key]
		if !ok {
			id = fmt.Sprintf("n%d", len(nodes))
			nodes[key] = id
			fmt.Fprintf(&b, "  %s[\"%s\"]\n", id, diagramLabel(label))
		}
		return id
	}
	edges := map[string]bool{}
	edge := func(from, to string) {
		if line := "  " + from + " --> " + to + "\n"; !edges[line] {
			edges[line] = true
			b.WriteString(line)
		}
	}
	for _, r := range results {
		key := string(r.profile.Source) + " " + r.profile.Audience
		at := node(key, key)
		for _, h := range r.profile.Chain {
			key += "\n" + string(h.Role)
			next := node(key, strings.TrimSpace(h.Role.Account()+" "+h.Role.Name()))
			edge(at, next)
			at = next
		}
		label := "profile " + r.profile.Name
		if r.failure != nil {
			label += " failed"
		}
		edge(at, node("\x00"+r.profile.Name, label))
	}
	b.WriteString("```\n\n")
	return b.String()
}

// diagramLabel replaces all characters that can have a meaning for mermaid.
func diagramLabel(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.ContainsRune(" _+=,.@:/-", c) {
			return c
		}
		return '_'
	}, s)
}

// failureSummary is the whole diagnosis under its code, which links to the page
// of the program's version.
func failureSummary(d diagnosis.Diagnosis, version string) string {
	return fmt.Sprintf("### AWS credentials: [%s](%s)\n\n<pre>%s</pre>\n\n", d.Code, d.Code.Page(version), html.EscapeString(d.Text()))
}

// cell makes text safe inside a Markdown table.
func cell(text string) string {
	return strings.NewReplacer("|", "&#124;", "`", "&#96;", "\n", " ", "*", "&#42;", "_", "&#95;", "[", "&#91;").Replace(html.EscapeString(text))
}
