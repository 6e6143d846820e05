package scenario

import (
	"bytes"
	"encoding/json"

	"go.yaml.in/yaml/v4"
)

// maxPolicyDepth bounds how deep an inline policy may be nested; real ones
// have six levels.
const maxPolicyDepth = 32

// policyJSON turns an inline trust policy, a mapping or a string with JSON,
// into JSON whose lines are those of the scenario file: what the evaluator
// says of a line can be looked up there. Scalars become strings as they were
// written, so that an account id keeps its zeros and a version its dashes.
func policyJSON(v value) ([]byte, error) {
	w := policyWriter{line: 1}
	switch {
	case v.node.Kind == yaml.MappingNode:
		if err := w.write(v, 0); err != nil {
			return nil, err
		}
	case v.node.Kind == yaml.ScalarNode && !v.isNull():
		line := v.node.Line
		if v.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			line++ // the text begins below its indicator
		}
		w.moveTo(line)
		w.out.WriteString(v.node.Value)
	default:
		return nil, v.errorf("must be a policy, as a mapping or as JSON text, not %s", v.kind())
	}
	return w.out.Bytes(), nil
}

type policyWriter struct {
	out  bytes.Buffer
	line int
}

func (w *policyWriter) moveTo(line int) {
	for ; w.line < line; w.line++ {
		w.out.WriteByte('\n')
	}
}

func (w *policyWriter) text(line int, s string) error {
	quoted, err := json.Marshal(s)
	if err != nil {
		return err
	}
	w.moveTo(line)
	w.out.Write(quoted)
	return nil
}

func (w *policyWriter) write(v value, depth int) error {
	if depth > maxPolicyDepth {
		return v.errorf("is nested too deeply for a policy")
	}
	w.moveTo(v.node.Line)
	switch {
	case v.node.Kind == yaml.MappingNode:
		w.out.WriteByte('{')
		for i := 0; i+1 < len(v.node.Content); i += 2 {
			if i > 0 {
				w.out.WriteByte(',')
			}
			key := v.node.Content[i]
			if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
				return v.errorAt(key.Line, "a key must be a plain word")
			}
			if err := w.text(key.Line, key.Value); err != nil {
				return err
			}
			w.out.WriteByte(':')
			if err := w.write(v.child(key.Value, v.node.Content[i+1]), depth+1); err != nil {
				return err
			}
		}
		w.out.WriteByte('}')
	case v.node.Kind == yaml.SequenceNode:
		w.out.WriteByte('[')
		for i, node := range v.node.Content {
			if i > 0 {
				w.out.WriteByte(',')
			}
			if err := w.write(value{file: v.file, path: v.path, node: node}, depth+1); err != nil {
				return err
			}
		}
		w.out.WriteByte(']')
	case v.node.Kind == yaml.ScalarNode && v.isNull():
		w.out.WriteString("null")
	case v.node.Kind == yaml.ScalarNode:
		return w.text(v.node.Line, v.node.Value)
	default:
		return v.errorf("must not be %s; write it out, or use trust-policy-file", v.kind())
	}
	return nil
}
