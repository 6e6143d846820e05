package action

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/scenario"
)

// check runs one use and holds everything that came of it against the table.
func (w *tableJob) check(what string, u use) {
	w.Helper()
	w.Time = w.begin.Add(u.at)
	w.vague = strings.Contains(u.out, "{later}")
	with := inputs{}
	for name, value := range u.with {
		with[name] = w.expand(value)
	}
	callsBefore, annotationsBefore := len(w.Server.Calls()), len(w.Job.Annotations())
	logBefore, rawBefore := len(w.Job.Log()), len(w.Job.Raw())
	r := w.use(with)
	w.steps++
	log := w.Job.Log()[logBefore:]
	if t := w.T; testing.Verbose() {
		t.Logf("%s\n%s", what, cut(log))
	}
	if u.code != "" {
		w.failed(r, u.code)
	} else if r.Failed {
		w.Fatalf("%s failed:\n%s", what, cut(log))
	}
	wantedCalls, calls := strings.Split(u.calls, "; "), strings.Split(w.callsSince(callsBefore), "; ")
	if with["profiles"]+with["profiles-file"] != "" { // concurrently
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
	for _, a := range w.Job.Annotations()[annotationsBefore:] {
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

const stateName = jobstate.DirName + "/state.json"

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

// callsSince shows the calls after the first n: kind, role, signer, and every
// parameter that is no default.
func (w *tableJob) callsSince(n int) string {
	var all []string
	for _, c := range w.Server.Calls()[n:] {
		all = append(all, w.render(w.show(c)))
		if c.Kind != scenario.CallToken && !strings.Contains(c.UserAgent, " aws-oidc-action/test run/") {
			w.Errorf("user agent %q", c.UserAgent)
		}
	}
	return strings.Join(all, "; ")
}

func (w *tableJob) show(c sandbox.Call) string {
	text := c.Kind
	add := func(format, value, fallback string) {
		if value != fallback {
			text += fmt.Sprintf(" "+format, value)
		}
	}
	p := c.Parameters
	if c.Kind == scenario.CallToken {
		if c.Claims != nil {
			add("for %s", c.Claims.Get("aud"), "sts.amazonaws.com")
		}
		add("%s", c.Code+string(c.Fault), "")
		return text
	}
	role := c.Role()
	if w.Server.Scenario().Role(role) != nil {
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

// checkFiles holds the files below the temporary directory, the home directory
// and the workspace against the table. Only the state is not shown: it is the step's own affair.
func (w *tableJob) checkFiles(what string, files vars) {
	w.Helper()
	wanted := maps.Clone(w.placed)
	maps.Copy(wanted, files)
	got := vars{}
	for _, path := range slices.Concat(w.temp(), w.below(w.Job.Getenv("HOME")), w.below(w.Job.Workspace())) {
		content, err := readOrLink(path)
		if err != nil {
			w.Fatal(err)
		}
		if path = w.render(path); path != "{temp}/"+stateName {
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

// checkMasks demands that no secret is printed before its mask, nor after it,
// and that those among the inputs are masked before anything else is printed.
func (w *tableJob) checkMasks(what string, from int, with inputs) {
	w.Helper()
	secrets := w.Secrets()
	var given []string
	for _, name := range []string{"aws-access-key-id", "aws-secret-access-key", "aws-session-token"} {
		if with[name] != "" {
			given = append(given, with[name])
		}
	}
	masked := map[string]bool{}
	for _, write := range w.Job.Raw() {
		for line := range strings.Lines(string(write.Data)) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), "::add-mask::"); ok {
				masked[value] = true
			}
		}
	}
	for _, write := range w.Job.Raw()[from:] {
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

// checkAfter runs the post phases and demands what was there before them: keys
// blank unless they are somebody else's, other variables at their former
// value, where there was none regions, AWS_PROFILE and the names of the profile
// files as the first use left them; and no file but the job's own, with every
// byte that it had, and the action's own profile files, empty, while a variable
// names them.
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
		case strings.Contains(" AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE ", " "+name+" "):
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
	empty := vars{}
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		if path := w.render(w.Job.Getenv(name)); strings.HasPrefix(path, "{temp}/"+jobstate.DirName+"/") {
			empty[path] = ""
		}
	}
	w.checkFiles("after the post phase", empty)
	for _, path := range w.temp() {
		if strings.HasSuffix(path, stateName) {
			w.Errorf("after the post phase the state is there")
		}
	}
}
