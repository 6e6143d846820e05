package action

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/sandbox"
)

//go:embed testdata/table.yml
var tableWorld string

// vars are variables by name.
type vars = map[string]string

// tableCase is a job: what it has beforehand, and the uses of the action in it.
//
// Texts name what differs from run to run in braces: {temp} and {workspace}
// are the job's directories, {name} is the default session name, {AROA} the id
// of a role, {+1h0m0s} a time after the case's beginning ({later} where
// it is not ours to say when). {deploy.id},
// {deploy.secret} and {deploy.token} are the keys of the first session of role
// deploy, {deploy2.id} those of the second; {ci.id} and {ci.secret} are a
// user's. {token} is a fresh OIDC token of the job.
type tableCase struct {
	name     string
	workflow string // more fields of the scenario's workflow, one a line
	faults   string // the scenario's faults, as a YAML list
	job      vars   // variables that the job has
	process  vars   // variables of the process, where the SDK's default chain looks
	files    vars   // files that the job has, by path
	links    vars   // symbolic links, by path
	use
	then []use
}

// use is one use of the action, and all that is to come of it.
type use struct {
	at    time.Duration // on the clock, from the case's beginning
	with  inputs        // over aws-region: eu-central-1 and role-to-assume: hub
	calls string        // what is asked, in order; only what is no default is shown
	as    string        // role or user whose keys and identity are handed out
	env   string        // what is exported; empty for the keys of as; "none"; "+ A=b" for more
	out   string        // what is put out; the same
	files vars          // files as they are afterwards, by path
	code  string        // of the failure; empty for success
	notes string        // titles of warnings and notices, in order
	says  []string      // parts of the log and of the summary
	hides []string      // what the log and the summary must not hold
}

const (
	ciID      = "AKIAIOSFODNN7CIUSER1"
	ciSecret  = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	cnID      = "AKIAIOSFODNN7BEIJING"
	cnSecret  = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFy"
	tableName = "GitHubActions-9318273645-1-deploy"

	// The session tags of a push to main, in the order of the design; in a
	// case's text they are "default", and "kept" without the droppable ones.
	keptTags    = "GitHub:Actions,Repository:octo-org/octo-repo,Workflow:deploy,Action:step,Actor:octocat,Commit:dcd3e7b8a64b9bd4b4f0a9d8f0b6c3a1e2f40517,Branch:refs/heads/main"
	defaultTags = keptTags + ",EventName:push,RunId:9318273645,Job:deploy,TriggeringActor:octocat"
)

// roleOf gives the ARN of the identity that a case's as names.
var roleOf = map[string]string{
	"hub":    "arn:aws:sts::111111111111:assumed-role/hub/{name}",
	"other":  "arn:aws:sts::111111111111:assumed-role/other/{name}",
	"local":  "arn:aws:sts::111111111111:assumed-role/local/{name}",
	"ci":     "arn:aws:iam::111111111111:user/ci",
	"deploy": "arn:aws:sts::222222222222:assumed-role/deploy/{name}",
	"next":   "arn:aws:sts::222222222222:assumed-role/next/{name}",

	"untagged": "arn:aws:sts::222222222222:assumed-role/untagged/{name}",
	"external": "arn:aws:sts::222222222222:assumed-role/external/{name}",
	"china":    "arn:aws-cn:sts::333333333333:assumed-role/china/{name}",
	"gov":      "arn:aws-us-gov:sts::444444444444:assumed-role/gov/{name}",
}

// keys is what is exported for an identity: the second session of role deploy
// is deploy2.
func keys(as, region string) string {
	env := fmt.Sprintf("AWS_ACCESS_KEY_ID={%[1]s.id} AWS_SECRET_ACCESS_KEY={%[1]s.secret} AWS_REGION=%[2]s AWS_DEFAULT_REGION=%[2]s", as, region)
	if !strings.Contains(identity(as), ":user/") {
		env += " AWS_SESSION_TOKEN={" + as + ".token}"
	}
	return env
}

func identity(as string) string { return roleOf[strings.TrimRight(as, "23456789")] }

// facts is what is put out for an identity whose session lasts an hour.
func facts(as string) string { return factsUntil(as, "{name}", "{+1h0m0s}") }

func factsUntil(as, name, end string) string {
	arn := strings.ReplaceAll(identity(as), "{name}", name)
	out := fmt.Sprintf("authenticated=true aws-account-id=%s authenticated-arn=%s", strings.Split(arn, ":")[4], arn)
	if strings.Contains(arn, ":user/") {
		return out
	}
	out += fmt.Sprintf(" assumed-role-id={AROA}:%[1]s role-session-name=%[1]s", name)
	if end != "" {
		out += " aws-expiration=" + end
	}
	return out
}

// want completes a case's env or out.
func want(given, otherwise string) []string {
	switch more, adds := strings.CutPrefix(given, "+ "); {
	case given == "none":
		return nil
	case adds:
		given = otherwise + " " + more
	case given == "":
		given = otherwise
	}
	return slices.Sorted(slices.Values(strings.Fields(given)))
}

var tables = [][]tableCase{authCases, tagCases, variableCases, publishCases, existingCases, ambientCases, manyCases}

func TestTable(t *testing.T) {
	isolate(t)
	n := 0
	used := map[string]bool{}
	for _, cases := range tables {
		n += len(cases)
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) { c.run(t) })
			for _, u := range append([]use{c.use}, c.then...) {
				for input := range u.with {
					used[input] = true
				}
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d cases", n)
	}
	for _, c := range proxyCases {
		for input := range c.with {
			used[input] = true
		}
	}
	for _, in := range plan.Inputs {
		if !used[in.Name] && !in.Hidden {
			t.Errorf("no case uses input %s", in.Name)
		}
	}
}

// isolate keeps the SDK's default chain, which reads the process environment,
// from what the machine has.
func isolate(t *testing.T) {
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func (c tableCase) run(t *testing.T) {
	workflow := strings.ReplaceAll(strings.TrimSpace(c.workflow), "\n", "\n  ")
	text := strings.Replace(tableWorld, "# more of the workflow", workflow, 1)
	if c.faults != "" {
		text += "\nfaults: [" + c.faults + "]\n"
	}
	w := &tableJob{world: newWorld(t, text), placed: vars{}, exported: vars{}}
	w.begin = w.now
	for name, value := range c.process {
		if strings.Contains(value, "{machine}") || strings.Contains(value, "{silent}") {
			machine, silent := w.machine()
			value = strings.NewReplacer("{machine}", machine, "{silent}", silent).Replace(value)
		}
		t.Setenv(name, w.expand(value))
	}
	for path, content := range c.files {
		w.place(path, func(path string) error { return os.WriteFile(path, []byte(w.expand(content)), 0o600) })
	}
	for path, target := range c.links {
		w.place(path, func(path string) error { return os.Symlink(target, path) })
	}
	maps.Copy(w.placed, c.files)
	for path, target := range c.links {
		w.placed[path] = "-> " + target
	}
	w.set(c.job)
	before := w.awsVariables()
	uses := append([]use{c.use}, c.then...)
	for i, u := range uses {
		w.check(fmt.Sprintf("use %d", i+1), u)
	}
	w.checkAfter(before)
}

// tableJob is the job of a case.
type tableJob struct {
	*world
	begin    time.Time
	placed   vars // files of the case's own
	steps    int  // so far
	vague    bool // times are {later}
	exported vars // by all uses, the first value of each
}

func (w *tableJob) place(path string, make func(string) error) {
	w.Helper()
	path = w.expand(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.Fatal(err)
	}
	if err := make(path); err != nil {
		w.Fatal(err)
	}
}

// set gives the job variables, as a step before ours would.
func (w *tableJob) set(variables vars) {
	w.Helper()
	if len(variables) == 0 {
		return
	}
	main := true // and not the post phase
	w.steps++
	_, err := w.job.Run(context.Background(), func(_ context.Context, environ []string, _, _ io.Writer) int {
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
		w.job.Temp(), "{temp}", w.job.Workspace(), "{workspace}", w.server.URL(), "{server}", tableName, "{name}",
	}
	roles := map[string]string{}
	for _, c := range w.server.Calls() {
		if c.AccessKey != "" {
			roles[c.AccessKey] = c.Role()[strings.LastIndexByte(c.Role(), '/')+1:]
		}
	}
	seen := map[string]int{}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, secret := range w.secrets {
		role, ok := roles[secret]
		if !ok || i+2 >= len(w.secrets) {
			continue
		}
		if seen[role]++; seen[role] > 1 {
			role += fmt.Sprint(seen[role])
		}
		pairs = append(pairs, secret, "{"+role+".id}", w.secrets[i+1], "{"+role+".secret}", w.secrets[i+2], "{"+role+".token}")
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
	request, err := http.NewRequest(http.MethodGet, w.job.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL")+"&audience=sts.amazonaws.com", nil)
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.job.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
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

// check runs one use and holds everything that came of it against the table.
func (w *tableJob) check(what string, u use) {
	w.Helper()
	w.now = w.begin.Add(u.at)
	w.vague = strings.Contains(u.out, "{later}")
	with := inputs{}
	for name, value := range u.with {
		with[name] = w.expand(value)
	}
	callsBefore, annotationsBefore := len(w.server.Calls()), len(w.job.Annotations())
	logBefore, rawBefore := len(w.job.Log()), len(w.job.Raw())
	r := w.use(with)
	w.steps++
	log := w.job.Log()[logBefore:]
	if t := w.T; testing.Verbose() {
		t.Logf("%s\n%s", what, cut(log))
	}
	if u.code != "" {
		w.failed(r, u.code)
	} else if r.Failed {
		w.Fatalf("%s failed:\n%s", what, cut(log))
	}
	wantedCalls, calls := strings.Split(u.calls, "; "), strings.Split(w.callsSince(callsBefore), "; ")
	if with["profiles"]+with["profiles-file"] != "" { // side by side
		slices.Sort(wantedCalls)
		slices.Sort(calls)
	}
	w.same(what+": calls", wantedCalls, calls)

	env, out := want(u.env, keysIf(u)), want(u.out, factsIf(u))
	w.same(what+": env", env, w.pairs(r.Env))
	w.same(what+": outputs", out, w.pairs(r.Outputs))
	for name, value := range r.Env {
		if _, ok := w.exported[name]; !ok {
			w.exported[name] = value
		}
	}

	var notes []string
	for _, a := range w.job.Annotations()[annotationsBefore:] {
		if a.Level != "error" {
			notes = append(notes, a.Level+" "+a.Title)
		}
	}
	if got := strings.Join(notes, "; "); got != u.notes {
		w.Errorf("%s: notes %q, want %q\n%s", what, got, u.notes, cut(log))
	}
	for _, part := range u.says {
		if !strings.Contains(w.render(log+r.Summary), part) {
			w.Errorf("%s: the log lacks %q:\n%s", what, part, cut(w.render(log)))
		}
	}
	for _, part := range u.hides {
		if strings.Contains(log+r.Summary, part) {
			w.Errorf("%s: the log or the summary holds %q:\n%s\n%s", what, part, cut(log), cut(r.Summary))
		}
	}
	w.checkFiles(what, u.files)
	w.checkMasks(what, rawBefore, with)
}

func keysIf(u use) string {
	if u.as == "" {
		return ""
	}
	region := u.with["aws-region"]
	if region == "" {
		region = "eu-central-1"
	}
	return keys(u.as, region)
}

func factsIf(u use) string {
	if u.as == "" {
		return ""
	}
	return facts(u.as)
}

func (w *tableJob) same(what string, want, got []string) {
	w.Helper()
	if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
		w.Errorf("%s (-want +got):\n%s", what, cut(diff))
	}
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

// callsSince shows the calls after the first n: kind, role, signer, and every
// parameter that is no default.
func (w *tableJob) callsSince(n int) string {
	var all []string
	for _, c := range w.server.Calls()[n:] {
		all = append(all, w.render(w.show(c)))
		// The SDK's default chain presents a token file without a duration.
		ours := c.Kind == sandbox.CallAssumeRole || c.Kind == sandbox.CallIdentity || c.Parameters["DurationSeconds"] != ""
		if ours && !strings.Contains(c.UserAgent, " aws-oidc-action/test run/") {
			w.Errorf("user agent %q", c.UserAgent)
		}
	}
	return strings.Join(all, "; ")
}

func (w *tableJob) show(c sandbox.Call) string {
	text := c.Kind
	add := func(format, value, otherwise string) {
		if value != otherwise {
			text += fmt.Sprintf(" "+format, value)
		}
	}
	p := c.Parameters
	if c.Kind == sandbox.CallToken {
		if c.Claims != nil {
			add("for %s", c.Claims.Get("aud"), "sts.amazonaws.com")
		}
		add("%s", c.Code+string(c.Fault), "")
		return text
	}
	role := c.Role()
	if w.server.Scenario().Role(role) != nil {
		role = role[strings.LastIndexByte(role, '/')+1:]
	}
	add("%s", role, "")
	add("by %s", signer(c.Signer), "")
	add("in %s", c.Region, map[bool]string{true: "", false: "eu-central-1"}[c.Region == ""])
	add("name=%s", p["RoleSessionName"], map[bool]string{true: "", false: tableName}[role == ""])
	add("duration=%s", p["DurationSeconds"], map[bool]string{true: "", false: "3600"}[role == ""])
	add("external=%s", p["ExternalId"], "")
	add("source=%s", p["SourceIdentity"], "")
	policy := p["Policy"]
	if len(policy) > 1000 {
		policy = "{long}"
	}
	add("policy=%s", policy, "")
	add("policies=%s", members(p, "PolicyArns", ".arn"), "")
	tags := members(p, "Tags", ".Key")
	if w.steps > 1 { // as the runner names a step that has no id
		tags = strings.Replace(tags, fmt.Sprint("Action:step_", w.steps), "Action:step", 1)
	}
	tags = strings.Replace(tags, defaultTags, "default", 1)
	add("tags=%s", strings.Replace(tags, keptTags, "kept", 1), "")
	add("transitive=%s", members(p, "TransitiveTagKeys", ""), "")
	add("%s", strings.Trim(c.Code+" "+string(c.Fault), " "), "")
	return text
}

// signer is the last name in an ARN: the user's, or the session's role's.
func signer(arn string) string {
	if _, role, ok := strings.Cut(arn, ":assumed-role/"); ok {
		role, _, _ = strings.Cut(role, "/")
		return role
	}
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

// members joins a list parameter; of a tag it shows key and value.
func members(p map[string]string, name, field string) string {
	var all []string
	for i := 1; ; i++ {
		member := fmt.Sprintf("%s.member.%d", name, i)
		value, ok := p[member+field]
		if !ok {
			return strings.Join(all, ",")
		}
		if field == ".Key" {
			value += ":" + p[member+".Value"]
		}
		all = append(all, value)
	}
}

// checkFiles holds the files below the temporary directory and the workspace
// against the table. Only the state is not shown: it is the step's own affair.
func (w *tableJob) checkFiles(what string, files vars) {
	w.Helper()
	wanted := maps.Clone(w.placed)
	maps.Copy(wanted, files)
	got := vars{}
	for _, path := range append(w.temp(), w.below(w.job.Workspace())...) {
		content, err := readOrLink(path)
		if err != nil {
			w.Fatal(err)
		}
		if path = w.render(path); path != "{temp}/"+stateFile {
			got[path] = w.render(content)
		}
	}
	for path, content := range wanted {
		if there, ok := got[path]; ok && strings.Contains(content, "{token}") {
			wanted[path] = there // a token is another each time
		}
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		w.Errorf("%s: files (-want +got):\n%s", what, cut(diff))
	}
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

// checkMasks demands that no secret is printed before its mask, nor after it,
// and that those among the inputs are masked before anything else is printed.
func (w *tableJob) checkMasks(what string, from int, with inputs) {
	w.Helper()
	secrets := slices.Clone(w.secrets)
	var given []string
	for _, name := range []string{"aws-access-key-id", "aws-secret-access-key", "aws-session-token"} {
		if with[name] != "" {
			given = append(given, with[name])
		}
	}
	masked := map[string]bool{}
	for _, write := range w.job.Raw() {
		for line := range strings.Lines(string(write.Data)) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), "::add-mask::"); ok {
				masked[value] = true
			}
		}
	}
	for _, write := range w.job.Raw()[from:] {
		for line := range strings.Lines(string(write.Data)) {
			line = strings.TrimSuffix(line, "\n")
			if value, ok := strings.CutPrefix(line, "::add-mask::"); ok {
				given = slices.DeleteFunc(given, func(s string) bool { return s == value })
				continue
			}
			if len(given) > 0 {
				w.Errorf("%s: printed before all inputs were masked: %.200s", what, line)
				given = nil
			}
			for _, s := range append(secrets, with["aws-secret-access-key"], with["aws-session-token"]) {
				if s != "" && strings.Contains(line, s) {
					w.Errorf("%s: a secret is printed: %.200s", what, line)
				}
			}
		}
	}
	for _, s := range secrets {
		if !masked[s] {
			w.Errorf("%s: never masked: %.12s…", what, s)
		}
	}
}

// awsVariables are what the job's steps know of AWS.
func (w *tableJob) awsVariables() vars {
	all := vars{}
	for _, pair := range w.job.Environ() {
		if name, value, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") {
			all[name] = value
		}
	}
	return all
}

// checkAfter runs the post phases and demands what was there before them: keys
// blank unless they are somebody else's, other variables at their former
// value, where there was none regions and AWS_PROFILE as the first use left
// them; and no file but the job's own, with every byte that it had.
func (w *tableJob) checkAfter(before vars) {
	w.Helper()
	now := w.awsVariables()
	wanted := maps.Clone(now)
	for name, first := range w.exported {
		former, had := before[name]
		switch {
		case strings.Contains(" AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN ", " "+name+" "):
			wanted[name] = ""
		case had && former != "":
			wanted[name] = former
		case name == "AWS_PROFILE" || name == "AWS_REGION" || name == "AWS_DEFAULT_REGION":
			wanted[name] = first
		default:
			wanted[name] = ""
		}
	}
	w.finish()
	if strings.EqualFold(before["AWS_SKIP_CLEANUP_STEP"], "true") {
		if diff := cmp.Diff(now, w.awsVariables()); diff != "" || len(w.temp()) == len(w.placed) {
			w.Errorf("the clean-up was not skipped: %s", cut(w.render(diff)))
		}
		return
	}
	if diff := cmp.Diff(wanted, w.awsVariables()); diff != "" {
		w.Errorf("after the post phase, env (-want +got):\n%s", cut(w.render(diff)))
	}
	w.checkFiles("after the post phase", nil)
	for _, path := range w.temp() {
		if strings.HasSuffix(path, stateFile) {
			w.Errorf("after the post phase the state is there")
		}
	}
}
