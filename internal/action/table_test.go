package action

import (
	_ "embed"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/propertytest"
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

// roleOf maps a case's as to the ARN of that identity.
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
func want(given, fallback string) []string {
	switch more, adds := strings.CutPrefix(given, "+ "); {
	case given == "none":
		return nil
	case adds:
		given = fallback + " " + more
	case given == "":
		given = fallback
	}
	return slices.Sorted(slices.Values(strings.Fields(given)))
}

var tables = [][]tableCase{authCases, tagCases, variableCases, publishCases, existingCases, ambientCases, manyCases, inputCases}

func TestTable(t *testing.T) {
	n := 0
	used := map[string]bool{}
	for _, cases := range tables {
		n += len(cases)
		for i, c := range cases {
			if !propertytest.LeaveOut(i, 6) {
				t.Run(c.name, func(t *testing.T) { c.run(t) })
			}
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

func (c tableCase) run(t *testing.T) {
	workflow := strings.ReplaceAll(strings.TrimSpace(c.workflow), "\n", "\n  ")
	text := strings.Replace(tableWorld, "# more of the workflow", workflow, 1)
	if c.faults != "" {
		text += "\nfaults: [" + c.faults + "]\n"
	}
	w := &tableJob{world: newWorld(t, text), placed: vars{}, exported: vars{}}
	w.begin = w.Time
	for path, content := range c.files {
		w.place(path, func(path string) error { return os.WriteFile(path, []byte(w.expand(content)), 0o600) })
	}
	for path, target := range c.links {
		w.place(path, func(path string) error { return os.Symlink(w.expand(target), path) })
	}
	maps.Copy(w.placed, c.files)
	for path, target := range c.links {
		w.placed[path] = "-> " + target
	}
	w.set(w.onMachine(c.job))
	before := w.awsVariables()
	uses := append([]use{c.use}, c.then...)
	for i, u := range uses {
		w.check(fmt.Sprintf("use %d", i+1), u)
	}
	w.checkAfter(before)
}
