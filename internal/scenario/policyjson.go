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
// into JSON with the same lines as the scenario file, so that
// messages of the evaluator refer to it. Scalars become strings as they were
// written, so that an account id keeps its zeros and a version its dashes.
func policyJSON(v value) ([]byte, error) {
	w := policyWriter{line: 1}
	switch {
	case v.Node.Kind == yaml.MappingNode:
		if err := w.write(v, 0); err != nil {
			return nil, err
		}
	case v.Node.Kind == yaml.ScalarNode && !v.IsNull():
		line := v.Node.Line
		if v.Node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			line++ // the text begins below its indicator
		}
		w.moveTo(line)
		w.out.WriteString(v.Node.Value)
	default:
		return nil, v.Errorf("is %s; expected a policy, as a mapping or as JSON text", v.Kind())
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
		return v.Errorf("is nested too deeply for a policy; use at most %d levels", maxPolicyDepth)
	}
	w.moveTo(v.Node.Line)
	switch {
	case v.Node.Kind == yaml.MappingNode:
		w.out.WriteByte('{')
		separator := ""
		for entry, err := range v.Entries() {
			if err != nil {
				return err
			}
			w.out.WriteString(separator)
			separator = ","
			if err := w.text(entry.KeyLine(), entry.Key); err != nil {
				return err
			}
			w.out.WriteByte(':')
			if err := w.write(entry, depth+1); err != nil {
				return err
			}
		}
		w.out.WriteByte('}')
	case v.Node.Kind == yaml.SequenceNode:
		w.out.WriteByte('[')
		separator := ""
		for item, err := range v.Items() {
			if err != nil {
				return err
			}
			w.out.WriteString(separator)
			separator = ","
			if err := w.write(item, depth+1); err != nil {
				return err
			}
		}
		w.out.WriteByte(']')
	case v.Node.Kind == yaml.ScalarNode && v.IsNull():
		w.out.WriteString("null")
	case v.Node.Kind == yaml.ScalarNode:
		return w.text(v.Node.Line, v.Node.Value)
	default:
		return v.Errorf("is %s; write it out, or use trust-policy-file", v.Kind())
	}
	return nil
}
