package plan

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/spelling"
)

// NotGiven is the default in action.yml of inputs that mean something else
// when they are empty than when the workflow does not name them: the runner
// passes an input without a default as an empty text, like one whose expression
// came out empty. It is not a valid value of any input.
const NotGiven = "(not given)"

// Sources is what a plan is made from.
type Sources struct {
	Input func(name string) (value string, given bool) // as the runner passes it; given if the step has a variable for it
	Names []string                                     // of all inputs that the step has, as the runner's variables spell them
	Env   func(name string) string                     // a variable, or ""
	Path  func(path string) string                     // a path that the job names, as this process sees it

	// File reads a file of the workspace, by a path relative to it: that of
	// profiles-file, if the step has one, once. The caller bounds size and time
	// and keeps the path inside the workspace. Errors name the path and say
	// what to do.
	File func(path string) ([]byte, error)

	Rehearsed string // endpoint of a sandbox that AWS's rules apply to, or empty
}

// values are the inputs after defaults and variables.
type values struct {
	text    map[string]string // of an input, without the blanks around it; absent if it is empty
	raw     map[string]string // an input as the runner passes it
	standIn map[string]string // input → the variable that its text comes from
	empty   map[string]bool   // inputs that the workflow names, but that came out empty; known only for those with NotGiven
}

func read(s Sources) values {
	v := values{text: map[string]string{}, raw: map[string]string{}, standIn: map[string]string{}, empty: map[string]bool{}}
	for _, in := range Inputs {
		raw, given := s.Input(in.Name)
		text := strings.TrimSpace(raw)
		v.raw[in.Name] = raw
		if in.Default == NotGiven {
			given = given && text != NotGiven
			if !given {
				text = ""
			}
			v.empty[in.Name] = given && text == ""
		}
		for _, variable := range in.Env {
			if text != "" {
				break
			}
			if text = strings.TrimSpace(s.Env(variable)); text != "" {
				v.standIn[in.Name] = variable
			}
		}
		if text != "" {
			v.text[in.Name] = text
		}
	}
	return v
}

// unavailable says why an input that the workflow names can come out empty.
const unavailable = "if it comes from an expression, the secret or variable is not available to this job: " +
	"check its name, the job's environment and, in a reusable workflow, secrets: inherit"

// refuseEmpty checks the inputs that came out empty. It refuses those without
// which the step would use other credentials, and warns about those that restrict
// the session. An empty role-to-assume is checked in source.
func (b *builder) refuseEmpty() {
	for _, input := range []string{"role-chain", "profiles", "profiles-select"} {
		if b.values.empty[input] {
			b.report.addEmpty(input, 0, "is empty; %s", unavailable)
		}
	}
	if b.values.empty["profiles-file"] && b.input("profiles") == "" { // with profiles it has no effect
		b.report.addEmpty("profiles-file", 0, "is empty; %s", unavailable)
	}
	for _, input := range []string{"allowed-account-ids", "inline-session-policy", "managed-session-policies"} {
		switch variable := b.values.standIn[input]; {
		case !b.values.empty[input]:
		case variable != "":
			b.warn("input " + input + " is empty and has no effect; the variable " + variable + " is used")
		default:
			b.warn("input " + input + " is empty and has no effect; " + unavailable)
		}
	}
}

// warnUnknown names the inputs that the action does not have. The runner warns
// too, but passes them on, and a restriction under a misspelled name has no effect.
func (b *builder) warnUnknown(names []string) {
	for _, name := range slices.Sorted(slices.Values(names)) {
		const longest = 100 // of a name that is shown; no input's is nearly as long
		name = cut(strings.ToLower(name), longest)
		switch nearest, known := LookupInput(name); {
		case known:
		case nearest != "":
			b.warn("input " + name + " is unknown and ignored; did you mean " + nearest + "?")
		default:
			b.warn("input " + name + " is unknown and ignored; remove it")
		}
	}
}

// ofRunner are the inputs that every container action has (the runner's
// ActionRunner.RunAsync); the runner itself acts on them.
var ofRunner = []string{"entrypoint", "args"}

// LookupInput reports whether the action has an input of this name, and of an
// unknown one the nearest, if one is near. Case does not count, as for the
// runner.
func LookupInput(name string) (nearest string, known bool) {
	if slices.ContainsFunc(ofRunner, func(other string) bool { return strings.EqualFold(other, name) }) ||
		slices.ContainsFunc(Inputs, func(in Input) bool { return strings.EqualFold(in.Name, name) }) {
		return "", true
	}
	least := spelling.Most(name) + 1
	for _, in := range Inputs {
		if d := distance(name, in.Name); d < least && !in.Hidden {
			nearest, least = in.Name, d
		}
	}
	return nearest, false
}

// distance is the edit distance between a name and an input's. A name that is whole words of
// the input's, such as session-name, is one step away; blanks and underscores
// are hyphens.
func distance(name, input string) int {
	name = strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(name))
	if name != input && name != "" && strings.Contains("-"+input+"-", "-"+name+"-") {
		return 1
	}
	return spelling.Distance(name, input)
}

// Defaults returns the default of every input in action.yml, or the empty text:
// what the runner passes for inputs that a workflow does not name.
func Defaults() map[string]string {
	all := map[string]string{}
	for _, in := range Inputs {
		all[in.Name] = in.Default
	}
	return all
}

// listed returns the entries of an input that lists texts, one a line.
func (b *builder) listed(input string) []string {
	text := b.input(input)
	all := lines(text)
	if text != "" && len(all) == 0 {
		b.problem(input, "%s lists nothing; set a value or remove it", quote(text))
	}
	return all
}
