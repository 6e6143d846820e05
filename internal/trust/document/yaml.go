package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/org/aws-oidc-action/internal/trust"
)

// readYAML reads all documents of a YAML file, such as templates with short
// forms of functions, the output of aws with --output yaml, and manifests.
func (d *document) readYAML(r io.Reader) error {
	src, err := io.ReadAll(io.LimitReader(r, maxTemplate+1))
	if err != nil {
		return err
	}
	if len(src) > maxTemplate {
		return fmt.Errorf("YAML of more than %d bytes; use JSON (aws --output json) or several files", maxTemplate)
	}
	if n := structure(src); n > maxNodes {
		return fmt.Errorf("document has %d values or more; %d are read at most", n, maxNodes)
	}
	if bytes.HasPrefix(bytes.TrimSpace(src), []byte("%7B")) {
		return d.text(trust.Known(string(src)), trust.Pos{Line: 1, Column: 1})
	}
	loader, err := yaml.NewLoader(bytes.NewReader(src))
	if err != nil {
		return err
	}
	var some collected
	for {
		var y yaml.Node
		err := loader.Load(&y)
		if errors.Is(err, io.EOF) {
			return some.form(trust.Pos{Line: 1, Column: 1}, "an empty document")
		}
		if err != nil {
			return invalidYAML(err)
		}
		root, err := fromYAML(y, d.budget)
		if err != nil {
			return err
		}
		if root.isNull() { // nothing between two separators
			continue
		}
		if err := some.add(d.node(root)); err != nil {
			return err
		}
	}
}

// parseYAML reads YAML that is one document.
func parseYAML(src []byte, b *Budget) (node, error) {
	if n := structure(src); n > maxNodes {
		return node{}, fmt.Errorf("document has %d values or more; %d are read at most", n, maxNodes)
	}
	var y yaml.Node
	if err := yaml.Load(src, &y); err != nil {
		return node{}, invalidYAML(err)
	}
	return fromYAML(y, b)
}

func invalidYAML(err error) error {
	load, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return fmt.Errorf("document is neither JSON nor YAML: %w", err)
	}
	at := trust.Pos{Line: max(load.Mark.Line, 1), Column: max(load.Mark.Column, 1)}
	return at.Errorf("document is neither JSON nor YAML: %s", strings.Join(strings.Fields(load.Message), " "))
}

func fromYAML(y yaml.Node, b *Budget) (node, error) {
	if y.Kind == yaml.DocumentNode && len(y.Content) == 1 {
		y = *y.Content[0]
	}
	in := yamlReader{budget: b, anchors: map[*yaml.Node]node{}, inside: map[*yaml.Node]bool{}}
	return in.node(&y)
}

// structure counts what can begin a value in YAML, before a library makes
// something larger of each.
func structure(src []byte) (n int) {
	for _, c := range src {
		switch c {
		case '\n', ',', '[', '{', ':':
			n++
		}
	}
	return n
}
