package cli

import (
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
	say("Log of the job, as the runner shows it (%s)", r.Scenario)
	for line := range strings.Lines(r.Log) {
		say("  | %s", strings.TrimSuffix(line, "\n"))
	}
	for i, s := range r.Steps {
		say("\nWhat step %d gives to later steps", i+1)
		printVariables(say, "env", s.Env)
		printVariables(say, "output", s.Outputs)
	}
	say("\nHops, with the decision of each role's trust policy")
	for _, h := range r.Hops {
		printHop(say, h)
	}
	if r.Identity != "" {
		say("\nProof: GetCallerIdentity, signed with the exported keys, says %s", r.Identity)
	}
	say("\nAfter the post phase")
	printVariables(say, "env", r.After)
	switch {
	case r.Expected == "":
		say("\nOutcome: %s", r.Outcome)
	case r.AsExpected:
		say("\nOutcome: %s, as expected", r.Outcome)
	default:
		say("\nOutcome: %s, but expected was %s", r.Outcome, r.Expected)
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
	outcome := h.Session
	if h.Refused != "" {
		outcome = h.Refused
	}
	say("  %s %s\n    %s", h.Action, h.Role, outcome)
	for _, d := range h.Decisions {
		say("    %s: %s", d.Action, d.Result.Decision)
		for _, s := range d.Result.Statements {
			printStatement(say, s)
		}
		if d.IdentityMissing {
			say("      the trust policy lets the caller in, but the caller's own permissions do not cover the role")
		}
	}
}

func printStatement(say func(string, ...any), s trust.StatementResult) {
	say("      line %d: %s %s", s.Line, s.Effect, matched(s.Matched))
	for _, e := range []trust.ElementResult{s.Principal, s.Action} {
		if !e.Matched {
			say("        line %d: %s: no match", e.Line, explain.DescribeElement(e))
		}
	}
	for _, c := range s.Conditions {
		say("        line %d: %s: %s", c.Line, explain.DescribeCondition(c), matched(c.Matched))
	}
}

func matched(yes bool) string {
	if yes {
		return "match"
	}
	return "no match"
}
