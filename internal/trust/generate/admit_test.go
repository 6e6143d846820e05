package generate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/trust"
)

// run is a job as GitHub would describe it in the token.
type run struct {
	Repository             // with its ids
	form       SubjectForm // Classic or Immutable
	context    string      // as in the subject
	ref        string
	workflow   string
	audience   string
}

func (r run) request(s Spec) trust.Request {
	claims := oidc.Claims{
		"iss": "https://" + s.complete().Provider, "aud": r.audience, "sub": r.subjects(r.form)[0] + ":" + r.context,
		"repository": r.Owner + "/" + r.Name, "repository_id": r.ID, "repository_owner_id": r.OwnerID, "ref": r.ref,
	}
	if r.workflow != "" {
		claims["job_workflow_ref"] = r.workflow
	}
	return trust.Request{
		Action: trust.WebIdentityAction,
		Principal: trust.Principal{Type: "Federated",
			ID: "arn:aws:iam::" + s.Account + ":oidc-provider/" + s.complete().Provider},
		Context: trust.WebIdentityContext(claims),
	}
}

// meant reports whether a Spec without wildcards other than hotfix-* means the
// run: it is the test's own reading of the flags.
func (r run) meant(s Spec) bool {
	repository := slices.ContainsFunc(s.Repositories, func(of Repository) bool {
		switch form := s.SubjectForm; {
		case of.Owner != r.Owner || of.Name != r.Name:
			return false
		case of.OwnerID == "":
			return r.form == Classic
		case of.OwnerID != r.OwnerID || of.ID != r.ID:
			return false
		case form == "":
			return r.form == Immutable
		default:
			return form == Both || form == r.form
		}
	})
	context := slices.ContainsFunc(contextsOf(s), func(c string) bool {
		begin, open := strings.CutSuffix(c, "hotfix-*")
		return c == r.context || open && strings.HasPrefix(r.context, begin+"hotfix-")
	})
	return repository && context && r.audience == "sts.amazonaws.com" &&
		(s.Workflow == "" || s.Workflow == r.workflow) &&
		(len(s.RequireBranches) == 0 || slices.Contains(s.RequireBranches, strings.TrimPrefix(r.ref, "refs/heads/")))
}

// contextsOf are the ends of the subjects of the runs, as GitHub writes them.
func contextsOf(s Spec) []string {
	var contexts []string
	for _, b := range s.Branches {
		contexts = append(contexts, "ref:refs/heads/"+b)
	}
	for _, tag := range s.Tags {
		contexts = append(contexts, "ref:refs/tags/"+tag)
	}
	for _, e := range s.Environments {
		contexts = append(contexts, "environment:"+strings.ReplaceAll(e.Name, ":", "%3A"))
	}
	if s.PullRequests {
		contexts = append(contexts, "pull_request")
	}
	return contexts
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func some[T any](r *rand.Rand, from []T, most int) []T {
	var chosen []T
	for range r.IntN(most + 1) {
		if v := pick(r, from); !slices.ContainsFunc(chosen, func(c T) bool { return fmt.Sprint(c) == fmt.Sprint(v) }) {
			chosen = append(chosen, v)
		}
	}
	return chosen
}

// A role admits the runs that it was made for, and refuses each run that
// differs in one thing, unless that is meant too.
func TestAdmitsItsRunsAndNoNeighbours(t *testing.T) {
	withIDs := []Repository{{"octo", "1", "app", "2"}, {"octo", "1", "app2", "3"}}
	named := []string{"prod", "pr*d", "eu:prod", "a?c", "${x}"}
	const workflow = "octo/deploy/.github/workflows/deploy.yml@refs/heads/main"
	tried, admitted := 0, 0
	for seed := range propertytest.Cases(1000) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := Spec{
			Account: "111122223333", Repositories: append([]Repository{pick(r, withIDs)}, some(r, withIDs, 1)...),
			SubjectForm:  pick(r, []SubjectForm{"", Immutable, Classic, Both}),
			Environments: environments(some(r, named, 2)...), Workflow: pick(r, []string{"", workflow}),
		}
		if r.IntN(4) == 0 {
			s.Repositories, s.SubjectForm = []Repository{{Owner: "Octo-x", Name: "app"}}, pick(r, []SubjectForm{"", Classic})
		}
		if len(s.Environments) > 0 && r.IntN(3) == 0 {
			s.RequireBranches = []string{"main", "a${b}"}[:1+r.IntN(2)]
		} else {
			s.Branches, s.Tags = some(r, []string{"main", "release/1", "a${b}", "hotfix-*"}, 2), some(r, []string{"v1", "stable"}, 1)
			s.PullRequests = r.IntN(4) == 0
		}
		tried++
		contexts := contextsOf(s)
		if len(contexts) == 0 {
			continue
		}
		printed := render(t, s, "json")
		policy := policyOf(t, printed).Policies[0]
		own := run{pick(r, s.Repositories), Immutable, pick(r, contexts), "refs/heads/main", s.Workflow, "sts.amazonaws.com"}
		own.context = strings.ReplaceAll(own.context, "hotfix-*", "hotfix-7")
		if own.OwnerID == "" {
			own.OwnerID, own.ID, own.form = "8", "9", Classic
		} else if s.SubjectForm == Classic || s.SubjectForm == Both && r.IntN(2) == 0 {
			own.form = Classic
		}
		if !own.meant(s) {
			t.Fatalf("seed %d: the test does not mean %+v by %+v", seed, own, s)
		}
		for what, run := range neighbors(own) {
			want := trust.ImplicitDeny
			if run.meant(s) {
				want = trust.Allowed
				admitted++
			}
			if got := policy.Evaluate(run.request(s)).Decision; got != want {
				t.Fatalf("seed %d: %s: %+v: %s, want %s\n%s", seed, what, run, got, want, printed)
			}
		}
	}
	if admitted < tried/2 {
		t.Errorf("only %d runs were admitted", admitted)
	}
}

// neighbors are the run itself and those that differ from it in one thing.
func neighbors(own run) map[string]run {
	change := func(f func(*run)) run {
		r := own
		f(&r)
		return r
	}
	return map[string]run{
		"itself":        own,
		"owner":         change(func(r *run) { r.Owner += "-evil" }),
		"repository":    change(func(r *run) { r.Name += "-fork" }),
		"case":          change(func(r *run) { r.Owner = strings.ToUpper(r.Owner) }),
		"branch":        change(func(r *run) { r.context = "ref:refs/heads/other" }),
		"suffix":        change(func(r *run) { r.context += "/x:y" }),
		"tag":           change(func(r *run) { r.context = "ref:refs/tags/main" }),
		"environment":   change(func(r *run) { r.context = "environment:prxd" }),
		"event":         change(func(r *run) { r.context = "pull_request" }),
		"ref":           change(func(r *run) { r.ref = "refs/heads/main2" }),
		"audience":      change(func(r *run) { r.audience = "https://github.com/octo" }),
		"workflow":      change(func(r *run) { r.workflow = "octo/deploy/.github/workflows/deploy.yml@refs/heads/next" }),
		"owner id":      change(func(r *run) { r.OwnerID += "0" }),
		"repository id": change(func(r *run) { r.ID += "0" }),
		"form": change(func(r *run) {
			if r.form == Classic {
				r.form = Immutable
			} else {
				r.form = Classic
			}
		}),
	}
}
