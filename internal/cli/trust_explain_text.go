package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// print writes the decision, what decided it, and then all of the evaluation.
func (e explanation) print(w io.Writer, file string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", e.Decision, e.reason(file))
	fmt.Fprintf(&b, "subject    %s\nprincipal  %s\naction     %s\n", e.Subject, e.Principal, e.Action)
	if e.Partial {
		b.WriteString("note       CloudTrail's event has issuer, subject and audience only; the token's other claims are unknown\n")
	}
	if len(e.Given) > 0 {
		fmt.Fprintf(&b, "shown      %s\n", trust.Given(e.Given))
	}
	for _, s := range e.Statements {
		fmt.Fprintf(&b, "\n%s:%d: %s statement", file, s.Line, s.Effect)
		if s.Sid != "" {
			fmt.Fprintf(&b, " %s", s.Sid)
		}
		fmt.Fprintf(&b, " %s\n", statementOutcome(s))
		if s.Effect == "" { // nothing of it is known
			continue
		}
		for _, el := range []trust.ElementResult{s.Principal, s.Action} {
			fmt.Fprintf(&b, "  %s line %d: %s\n", mark(el.Matched, el.DependsOn), el.Line, el.Name)
			printBoth(&b, el.Name, el.Expected, []string{el.Actual})
		}
		for _, c := range s.Conditions {
			fmt.Fprintf(&b, "  %s line %d: %s %s\n", mark(c.Matched, c.DependsOn), c.Line, c.Operator, c.Key)
			printBoth(&b, c.Operator, c.Expected, c.Actual)
			if note := absence(c, e.Principal); note != "" {
				fmt.Fprintf(&b, "      note      %s\n", note)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mark(matched bool, dependsOn []string) string {
	switch {
	case len(dependsOn) > 0:
		return "?   "
	case matched:
		return "ok  "
	}
	return "FAIL"
}

func statementOutcome(s trust.StatementResult) string {
	switch {
	case len(s.DependsOn) > 0:
		return "depends on " + strings.Join(s.DependsOn, ", ")
	case s.Matched:
		return "matches"
	}
	return "does not match"
}

// printBoth prints what an element or an operator expects and what the request
// has. Those that are negated, such as NotAction and StringNotLike, have Not in
// their name.
func printBoth(b *strings.Builder, name string, expected, actual []string) {
	label := "expected "
	if strings.Contains(name, "Not") {
		label += " anything but"
	}
	for _, v := range expected {
		fmt.Fprintf(b, "      %s %q\n", label, v)
		label = "or       "
	}
	if len(actual) == 0 {
		b.WriteString("      got       nothing\n")
	}
	for _, v := range actual {
		fmt.Fprintf(b, "      got       %q\n", v)
	}
}

// absence explains a key that no request of the principal has.
func absence(c trust.ConditionResult, principal string) string {
	provider, claim := trust.SplitKey(c.Key)
	issuer, _ := trust.ProviderOfARN(principal)
	switch {
	case c.Present || !trust.IsGitHub(provider):
		return ""
	case trust.IsGitHub(issuer) && !strings.EqualFold(provider, issuer):
		return "the key belongs to another provider than the principal"
	case trust.IsConditionKey(c.Key):
		return ""
	case trust.IsClaimOnly(claim):
		return claim + " is a claim, but IAM has no condition key for it"
	}
	return "IAM has no such condition key"
}

// toLearn says how to learn what something depends on.
func toLearn(dependsOn []string) string {
	names := document.Parameters(dependsOn)
	switch {
	case len(document.Placeholders(dependsOn)) > 0:
		return "; the file is a template: fill it in first"
	case len(names) > 0:
		return "; set --parameter " + strings.Join(names, "=VALUE --parameter ") + "=VALUE"
	}
	return ""
}

// reason says in one sentence what decided.
func (e explanation) reason(file string) string {
	if e.Decision == trust.Undetermined {
		return "it depends on " + strings.Join(e.DependsOn, ", ") + toLearn(e.DependsOn)
	}
	s, ok := e.Deciding()
	if !ok {
		return "no statement allows anything"
	}
	place := func(p trust.Pos) string { return fmt.Sprintf("%s:%d", file, p.Line) }
	switch failing := s.Failing(); {
	case e.Decision == trust.Allowed:
		return fmt.Sprintf("the statement at %s admits the token", place(s.Pos))
	case e.Decision == trust.ExplicitDeny:
		return fmt.Sprintf("the Deny statement at %s matches", place(s.Pos))
	case !s.Principal.Matched:
		return fmt.Sprintf("no Allow statement trusts %s", s.Principal.Actual)
	case !s.Action.Matched:
		return fmt.Sprintf("no Allow statement for the provider allows %s", s.Action.Actual)
	case len(failing) == 1:
		return fmt.Sprintf("one condition fails, %s %s at %s", failing[0].Operator, failing[0].Key, place(failing[0].Pos))
	default:
		var places []string
		for _, c := range failing {
			places = append(places, fmt.Sprintf("%s %s at %s", c.Operator, c.Key, place(c.Pos)))
		}
		return fmt.Sprintf("%d conditions fail: %s", len(failing), strings.Join(places, "; "))
	}
}
