package action

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"time"
)

// tableJob is the job of a case.
type tableJob struct {
	*world
	begin    time.Time
	placed   vars // files of the case's own
	steps    int  // so far
	vague    bool // times are {later}
	exported vars // by all uses, the first value of each
}

func (w *tableJob) place(path string, create func(string) error) {
	w.Helper()
	path = w.expand(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.Fatal(err)
	}
	if err := create(path); err != nil {
		w.Fatal(err)
	}
}

// set sets variables of the job, as a step before ours would.
func (w *tableJob) set(variables vars) {
	w.Helper()
	if len(variables) == 0 {
		return
	}
	main := true // and not the post phase
	w.steps++
	_, err := w.Job.Run(context.Background(), func(_ context.Context, environ []string, _, _ io.Writer) int {
		if !main {
			return 0
		}
		main = false
		var text strings.Builder
		for name, value := range variables {
			fmt.Fprintf(&text, "%s<<end of value\n%s\nend of value\n", name, w.expand(value))
		}
		for _, pair := range environ {
			if path, ok := strings.CutPrefix(pair, "GITHUB_ENV="); ok {
				if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
					w.Error(err)
				}
			}
		}
		return 0
	}, nil)
	if err != nil {
		w.Fatal(err)
	}
}

// names pairs what differs from run to run with its name in the table.
func (w *tableJob) names() []string {
	pairs := []string{
		ciID, "{ci.id}", ciSecret, "{ci.secret}", cnID, "{beijing.id}", cnSecret, "{beijing.secret}",
		w.Job.Getenv("HOME"), "{home}", w.Job.Temp(), "{temp}", w.Job.Workspace(), "{workspace}", w.Server.URL(), "{server}", tableName, "{name}",
	}
	roles := map[string]string{}
	for _, c := range w.Server.Calls() {
		if c.AccessKey != "" {
			roles[c.AccessKey] = c.Role()[strings.LastIndexByte(c.Role(), '/')+1:]
		}
	}
	seen := map[string]int{}
	secrets := w.Secrets()
	for i, secret := range secrets {
		role, ok := roles[secret]
		if !ok || i+2 >= len(secrets) {
			continue
		}
		if seen[role]++; seen[role] > 1 {
			role += fmt.Sprint(seen[role])
		}
		pairs = append(pairs, secret, "{"+role+".id}", secrets[i+1], "{"+role+".secret}", secrets[i+2], "{"+role+".token}")
	}
	return pairs
}

var (
	rfc3339 = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z`)
	roleID  = regexp.MustCompile(`AROA[A-Z0-9]{17}`)
)

// render puts the table's names into a text.
func (w *tableJob) render(text string) string {
	if w.vague {
		text = rfc3339.ReplaceAllString(text, "{later}")
	}
	text = strings.NewReplacer(w.names()...).Replace(text)
	text = roleID.ReplaceAllString(text, "{AROA}")
	return rfc3339.ReplaceAllStringFunc(text, func(s string) string {
		end, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return s
		}
		return "{+" + end.Sub(w.begin.UTC().Truncate(time.Second)).String() + "}"
	})
}

// expand is the reverse.
func (w *tableJob) expand(text string) string {
	if strings.Contains(text, "{token}") {
		text = strings.ReplaceAll(text, "{token}", w.freshToken())
	}
	pairs := w.names()
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, pairs[i+1], pairs[i])
	}
	return text
}

func (w *tableJob) freshToken() string {
	w.Helper()
	request, err := http.NewRequest(http.MethodGet, w.Job.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL")+"&audience=sts.amazonaws.com", nil)
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.Job.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Value string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		w.Fatal(err)
	}
	return answer.Value
}

// cut shortens the lines of a text, since session tokens are long.
func cut(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if len(line) > 300 {
			line = line[:300] + "…\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// pairs lists variables as NAME=VALUE with the table's names.
func (w *tableJob) pairs(all map[string]string) []string {
	var pairs []string
	for name, value := range all {
		pairs = append(pairs, w.render(name+"="+value))
	}
	sort.Strings(pairs)
	return pairs
}

// readOrLink returns a file's content, or where a symbolic link leads.
func readOrLink(path string) (string, error) {
	if target, err := os.Readlink(path); err == nil {
		return "-> " + target, nil
	}
	content, err := os.ReadFile(path)
	return string(content), err
}

func (w *tableJob) below(root string) (paths []string) {
	w.Helper()
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return paths
}

// awsVariables are what the job's steps know of AWS.
func (w *tableJob) awsVariables() vars {
	all := vars{}
	for _, pair := range w.Job.Environ() {
		if name, value, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") {
			all[name] = value
		}
	}
	return all
}
