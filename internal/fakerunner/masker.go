package fakerunner

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"sort"
	"strings"
)

// masker replaces secrets in lines of the log by ***, as the runner does:
// with each value it also hides the forms in which tools tend to print it.
type masker struct {
	values map[string]bool
}

// add hides a value from now on, and each of its lines.
func (m *masker) add(value string) {
	m.addForms(value)
	for line := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == '\r' || r == '\n' }) {
		m.addForms(line)
	}
}

func (m *masker) addForms(value string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	if m.values == nil {
		m.values = map[string]bool{}
	}
	for _, form := range maskForms(value) {
		if form != "" {
			m.values[form] = true
		}
	}
}

// maskForms are a value and its encodings. Base64 hides a value inside of a
// longer text in three ways, by the value's place in a group of three bytes.
func maskForms(value string) []string {
	forms := []string{
		value,
		strings.ReplaceAll(value, "'", "''"), // workflow expressions
		strings.ReplaceAll(url.QueryEscape(value), "+", "%20"), // URI data
		xmlReplacer.Replace(value),
		strings.ReplaceAll(value, `"`, `\"`), // command line arguments
	}
	if quoted, err := json.Marshal(value); err == nil {
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	if n := len(value); n > 8 && value[0] == '"' && value[n-1] == '"' {
		forms = append(forms, value[1:n-1])
	}
	for shift := 0; shift < 3 && shift < len(value); shift++ {
		forms = append(forms, base64.StdEncoding.EncodeToString([]byte(value[shift:])))
	}
	return forms
}

var xmlReplacer = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")

// mask returns a line with every secret replaced; secrets that overlap become
// one ***.
func (m *masker) mask(line string) string {
	type span struct{ from, to int }
	var spans []span
	for value := range m.values {
		for start := 0; ; {
			i := strings.Index(line[start:], value)
			if i < 0 {
				break
			}
			spans = append(spans, span{start + i, start + i + len(value)})
			start += i + 1
		}
	}
	if len(spans) == 0 {
		return line
	}
	sort.Slice(spans, func(i, j int) bool { return spans[i].from < spans[j].from })
	var out strings.Builder
	end := 0 // of what has been copied or hidden
	for i := 0; i < len(spans); {
		from, to := spans[i].from, spans[i].to
		for i++; i < len(spans) && spans[i].from <= to; i++ {
			to = max(to, spans[i].to)
		}
		out.WriteString(line[end:from] + "***")
		end = to
	}
	return out.String() + line[end:]
}
