package trust_test

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/inventory"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

const agreementProvider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"

// randomPolicy returns a policy of pieces that real ones have, some with a
// wildcard in a random place.
func randomPolicy(r *rand.Rand) map[string]any {
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	wild := func(text string) string { // a wildcard in place of a part
		if r.IntN(2) == 0 {
			return text
		}
		runes := []rune(text)
		from := r.IntN(len(runes) + 1)
		to := from + r.IntN(len(runes)-from+1)
		return string(runes[:from]) + pick("*", "*", "?", "?*", "**") + string(runes[to:])
	}
	operators := []string{"StringLike", "StringLike", "StringLike", "StringEquals", "StringEquals", "StringEqualsIgnoreCase", "StringLikeIfExists", "StringEqualsIfExists",
		"ForAnyValue:StringLike", "ForAllValues:StringLike", "StringNotLike", "StringNotEquals", "NumericGreaterThan", "NumericLessThanEquals", "NumericEquals", "ArnLike", "Null"}
	values := map[string][]string{
		"sub": {"repo:octo/app:ref:refs/heads/main", "repo:octo/app:pull_request", "repo:octo/app:environment:prod", "repo:octo/app:*", "repo:octo/*", "repo:octo@1/app@2:ref:refs/heads/main",
			"repo:octo@1/app@2:*", "repo:octo/app:ref:refs/tags/v1", "repo:octo@*/app@*:*", "environment:prod", "repository_owner_id:1:environment:prod", "*"},
		"repository": {"octo/app", "octo/*", "octo/other"}, "repository_owner_id": {"1", "7"}, "repository_id": {"2", "8"},
		"ref": {"refs/heads/main", "refs/pull/1/merge", "refs/heads/*"}, "environment": {"prod", "dev"}, "aud": {"sts.amazonaws.com"}, "repository_owner": {"octo"},
		"job_workflow_ref": {"octo/ci/.github/workflows/deploy.yml@refs/heads/main", "octo/app/.github/workflows/deploy.yml@refs/heads/main"}, "actor": {"monalisa"},
		"enterprise_id": {"5"},
	}
	claims := slices.Sorted(maps.Keys(values))
	condition := func(n int) map[string]any {
		c := map[string]any{}
		for range n {
			claim := claims[r.IntN(len(claims))]
			if r.IntN(2) == 0 {
				claim = "sub"
			}
			operator := pick(operators...)
			var all []string
			for range 1 + r.IntN(2) {
				all = append(all, wild(pick(values[claim]...)))
			}
			if operator == "Null" {
				all = []string{pick("true", "false")}
			}
			if strings.HasPrefix(operator, "Numeric") {
				all = []string{pick("1", "2", "5", "0", "100")}
			}
			keys, _ := c[operator].(map[string]any)
			if keys == nil {
				keys = map[string]any{}
			}
			keys["token.actions.githubusercontent.com:"+claim] = all
			c[operator] = keys
		}
		return c
	}
	statement := func(effect string, conditions int) map[string]any {
		principal := any(map[string]any{"Federated": agreementProvider})
		if r.IntN(8) == 0 {
			principal = "*"
		}
		s := map[string]any{"Effect": effect, "Principal": principal, "Action": "sts:AssumeRoleWithWebIdentity"}
		if c := condition(conditions); len(c) > 0 {
			s["Condition"] = c
		}
		return s
	}
	statements := []any{statement("Allow", 1+r.IntN(3))}
	if r.IntN(4) == 0 {
		statements = append(statements, statement("Deny", r.IntN(3)))
	}
	if r.IntN(5) == 0 {
		statements = append(statements, statement("Allow", 1+r.IntN(2)))
	}
	return map[string]any{"Version": "2012-10-17", "Statement": statements}
}

// runsOf returns runs of a repository, of every kind.
func runsOf(owner, ownerID, name, id, enterprise string) []trust.Run {
	var runs []trust.Run
	for _, classic := range []bool{true, false} {
		for _, jwr := range []string{"", "octo/ci/.github/workflows/deploy.yml@refs/heads/main", "octo/app/.github/workflows/deploy.yml@refs/heads/main"} {
			base := trust.Run{Repository: owner + "/" + name, OwnerID: ownerID, RepositoryID: id, ClassicSubject: classic, JobWorkflowRef: jwr,
				Actor: "monalisa", ActorID: "3", Workflow: "deploy", EnterpriseID: enterprise}
			for _, change := range []func(*trust.Run){
				func(*trust.Run) {},
				func(run *trust.Run) { run.Ref = "refs/heads/dev" },
				func(run *trust.Run) { run.Ref = "refs/tags/v1" },
				func(run *trust.Run) { run.Event = "pull_request" },
				func(run *trust.Run) { run.Environment = "prod" },
				func(run *trust.Run) { run.Environment, run.Event = "dev", "pull_request" },
			} {
				run := base
				change(&run)
				runs = append(runs, run)
			}
		}
	}
	return runs
}

// What lint and inventory say of a policy is held against what the evaluator
// says of runs: of strangers, of another repository of the owner, of pull
// requests. Workflows that are pinned are another matter.
func TestAgreementOnRandomPolicies(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 25
	}
	r := rand.New(rand.NewPCG(13, 7))
	strangers := slices.Concat(runsOf("stranger", "77", "app", "88", "9"), runsOf("octo-evil", "17", "app", "18", "9"), runsOf("x", "71", "octo", "81", ""))
	others := runsOf("octo", "1", "other", "8", "5")
	own := runsOf("octo", "1", "app", "2", "5")
	pullRequests := slices.DeleteFunc(slices.Clone(own), func(run trust.Run) bool { return run.Event != "pull_request" || run.Environment != "" })
	for range n {
		text, err := json.Marshal(randomPolicy(r))
		if err != nil {
			t.Fatal(err)
		}
		read := func() iter.Seq2[document.Role, error] {
			return document.Roles(t.Context(), bytes.NewReader(text), document.Options{})
		}
		var policy *trust.Policy
		worst := lint.Note
		for role, err := range read() {
			if err != nil || role.Err != nil || len(role.Policies) != 1 {
				t.Fatalf("%s: %v, %v, %d policies", text, err, role.Err, len(role.Policies))
			}
			policy = role.Policies[0]
			for _, f := range lint.Check(role, lint.Options{}) {
				worst = max(worst, f.Severity)
			}
		}
		entries, err := inventory.List(read())
		if err != nil {
			t.Fatal(err)
		}
		listed := func(as func(inventory.Entry) bool) bool { return slices.ContainsFunc(entries, as) }
		someone := listed(func(e inventory.Entry) bool { return !strings.HasPrefix(e.Runs, "none: ") })
		foreign := listed(func(e inventory.Entry) bool {
			return e.Repository == "every repository" || strings.ContainsAny(e.Repository, "*?")
		})
		anyWorkflow := !bytes.Contains(text, []byte("job_workflow_ref"))

		stranger, other, pullRequest := admitted(t, policy, strangers), admitted(t, policy, others), admitted(t, policy, pullRequests)
		switch {
		case !someone && (stranger || other || admitted(t, policy, own)):
			t.Errorf("inventory lists nobody: %s", text)
		case stranger && !foreign:
			t.Errorf("inventory lists no stranger: %s", text)
		case stranger && worst < lint.High:
			t.Errorf("a stranger is admitted, and lint says at most %s: %s", worst, text)
		case (other || pullRequest) && anyWorkflow && worst < lint.Medium:
			t.Errorf("another repository or a pull request is admitted, and lint says at most %s: %s", worst, text)
		}
	}
}

// admitted reports whether the policy admits any of the runs.
func admitted(t *testing.T, policy *trust.Policy, runs []trust.Run) bool {
	t.Helper()
	return slices.ContainsFunc(runs, func(run trust.Run) bool {
		claims, err := run.Claims()
		if err != nil {
			t.Fatal(err)
		}
		return policy.Evaluate(trust.Request{Action: trust.WebIdentityAction, Principal: trust.Principal{Type: "Federated", ID: agreementProvider},
			Context: trust.WebIdentityContext(claims)}).Decision == trust.Allowed
	})
}
