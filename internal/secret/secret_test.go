package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestValueNeverPrints(t *testing.T) {
	const plain = "wJalrXUtnFEMI"
	v := New(plain)
	type holder struct {
		V Value
		P *Value
		m map[string]Value
	}
	h := holder{v, &v, map[string]Value{"k": v}}

	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v", "%10.3s", "%U"} {
		fmt.Fprintf(&out, verb+"\n", v)
		fmt.Fprintf(&out, verb+"\n", &v)
		fmt.Fprintf(&out, verb+"\n", []Value{v})
	}
	fmt.Fprintln(&out, v, &v, h.V, v.String(), errors.New(fmt.Sprint(v)), fmt.Errorf("wrapped: %v", v))
	fmt.Fprintf(&out, "%v %+v %#v\n", h.m, map[Value]int{v: 1}, [1]Value{v})

	asJSON, err := json.Marshal(map[string]any{"value": v, "pointer": &v, "nested": []Value{v}, "key": map[Value]int{v: 1}})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(asJSON)

	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("m", "v", v, "p", &v)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("m", "v", v, "p", &v)
	out.Write(logged.Bytes())

	if strings.Contains(out.String(), plain) || strings.Contains(out.String(), fmt.Sprintf("%x", plain)) {
		t.Errorf("a secret was printed:\n%s", out.String())
	}
	if v.Reveal() != plain {
		t.Errorf("Reveal() = %q", v.Reveal())
	}
	if v != New(plain) || v == New("other") || v.IsZero() || !New("").IsZero() {
		t.Error("comparison is broken")
	}
}
