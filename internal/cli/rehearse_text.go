package cli

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/rehearsal"
	"github.com/org/aws-oidc-action/internal/trust"
)

// printReport writes a report for people.
func printReport(out io.Writer, r *rehearsal.Report) {
	say := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	block := func(text string) {
		for line := range strings.Lines(text) {
			say("  | %s", strings.TrimSuffix(line, "\n"))
		}
	}
	// The decisions of policies are certain, so they come before the log, in
	// which the step can only list possible causes.
	say("Hops, with the decision of each role's trust policy (%s)", r.Scenario)
	if len(r.Hops) == 0 {
		say("  no call to STS")
	}
	for _, h := range r.Hops {
		printHop(say, h)
	}
	say("\nLog of the job, as the runner shows it")
	block(r.Log)
	for i, s := range r.Steps {
		say("\nExports of step %d to later steps", i+1)
		printVariables(say, "env", s.Env)
		printVariables(say, "output", s.Outputs)
	}
	for _, variable := range slices.Sorted(maps.Keys(r.Files)) {
		say("\nProfiles (file of %s)", variable)
		block(r.Files[variable])
	}
	if r.Identity != "" || len(r.Profiles) > 0 {
		say("\nProof: responses of GetCallerIdentity")
	}
	if r.Identity != "" {
		say("  exported keys: %s", r.Identity)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Profiles)) {
		say("  profile %s: %s", name, r.Profiles[name])
	}
	say("\nAfter the post phase")
	printVariables(say, "env", r.After)
	switch {
	case r.Expected == "":
		say("\nOutcome: %s", r.Outcome)
	case r.AsExpected:
		say("\nOutcome: %s, as expected", r.Outcome)
	default:
		say("\nOutcome: expected %s, got %s", r.Expected, r.Outcome)
	}
	for _, reason := range r.Reasons {
		say("  %s", reason)
	}
}

func printVariables(say func(string, ...any), kind string, all map[string]string) {
	if len(all) == 0 {
		say("  no %s", kind)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		say("  %s %s=%s", kind, name, all[name])
	}
}

func printHop(say func(string, ...any), h rehearsal.Hop) {
	outcome := cmp.Or(h.Refused, h.Session, "a session without an ARN")
	say("  %s %s\n    %s", h.Action, h.Role, outcome)
	for _, d := range h.Decisions {
		say("    %s: %s by %s", d.Action, d.Result.Decision, h.PolicyFile)
		for _, s := range d.Result.Statements {
			printStatement(say, s)
		}
		if d.IdentityMissing {
			say("      the trust policy admits the caller, but the caller's own permissions (may-assume) do not include the role")
		}
	}
}

func printStatement(say func(string, ...any), s trust.StatementResult) {
	if s.Effect == "" { // nothing of it is known
		say("      line %d: statement: %s", s.Line, matched(s.Matched, s.DependsOn))
		return
	}
	say("      line %d: %s statement: %s", s.Line, s.Effect, matched(s.Matched, s.DependsOn))
	for _, e := range []trust.ElementResult{s.Principal, s.Action} {
		if !e.Matched {
			say("        line %d: %s: %s", e.Line, explain.DescribeElement(e), matched(e.Matched, e.DependsOn))
		}
	}
	for _, c := range s.Conditions {
		say("        line %d: %s: %s", c.Line, explain.DescribeCondition(c), matched(c.Matched, c.DependsOn))
	}
}

func matched(yes bool, dependsOn []string) string {
	switch {
	case len(dependsOn) > 0:
		return "unknown, depends on " + strings.Join(dependsOn, ", ")
	case yes:
		return "match"
	}
	return "no match"
}
