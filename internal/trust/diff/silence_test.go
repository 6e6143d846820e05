package diff

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/propertytest"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

var edits = flag.Int("edits", 0, "how many edits TestNothingIsWidenedSilently tries, and confirms those that are reported; 0 for a share")

// Whatever only the new one of two documents allows is reported. Requests are
// sampled from what both name, and both are evaluated: a second way to find
// what became possible, which shares nothing with the first but the reading
// of documents.
func TestNothingIsWidenedSilently(t *testing.T) {
	seeds := seedDocuments(t)
	var silent, reported, confirmed, unreadable, narrower, alarms int
	tried := uint64(*edits)
	if tried == 0 {
		tried = propertytest.Cases(500)
	}
	for n := range tried {
		r := rand.New(rand.NewPCG(n, 31))
		root := seeds[n%uint64(len(seeds))].clone()
		old := root.String()
		names, certain := newEditor(r, root).edit()
		fresh := root.String()
		changes := compare(t, old, fresh)
		widened := slices.ContainsFunc(changes, Change.Widens)
		if slices.ContainsFunc(changes, func(c Change) bool { return c.Kind == Unreadable }) {
			unreadable++
			continue
		}
		if certain && len(names) > 0 {
			narrower++
			if widened {
				alarms++
				t.Errorf("edit %d, %q, is narrower, but is reported: %+v\nold %s\nnew %s", n, names, changes, old, fresh)
			}
		}
		if widened {
			reported++
			if *edits > 0 && widening(t, r, old, fresh) != "" {
				confirmed++
			}
			continue
		}
		silent++
		if witness := widening(t, r, old, fresh); witness != "" {
			t.Errorf("edit %d, %q: nothing is reported, but %s\nold %s\nnew %s", n, names, witness, old, fresh)
		}
	}
	t.Logf("%d edits silent, %d reported, of which %d confirmed by a request (with -edits), %d unreadable; %d certainly narrower, of which %d reported",
		silent, reported, confirmed, unreadable, narrower, alarms)
	if silent*4 < reported || reported*4 < silent || narrower*12 < silent+reported {
		t.Error("the edits are too alike to say much")
	}
}

func seedDocuments(t *testing.T) []*tree {
	files, err := filepath.Glob("testdata/seeds/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var seeds []*tree
	for _, file := range files {
		seeds = append(seeds, readTree(t, readFile(t, file)))
	}
	return seeds
}

// widening looks for a request that a role of the new document admits and that
// of the old one does not, and describes it; "" if it finds none.
func widening(t *testing.T, r *rand.Rand, old, fresh string) string {
	var before, after tree
	before, after = *readTree(t, old), *readTree(t, fresh)
	tries := 1
	if after.get("Parameters") != nil || after.get("Resources") != nil {
		tries = 4
	}
	for try := range tries {
		o := document.Options{Parameters: map[string]string{}}
		if try > 0 { // the first time, what is open stays open
			o.Parameters = deployment(r, &before, &after)
		}
		if found := widenedRoles(r, rolesOf(t, old, o), rolesOf(t, fresh, o), try > 0); found != "" {
			return fmt.Sprintf("with %v %s", o.Parameters, found)
		}
	}
	return ""
}

// deployment chooses values for the parameters that have no default in either
// template, of those that the new one allows.
func deployment(r *rand.Rand, before, after *tree) map[string]string {
	values := map[string]string{
		"AWS::AccountId": "111122223333", "AWS::Partition": "aws", "AWS::StackName": "stack",
		"AWS::Region": []string{"eu-west-1", "us-east-1", "sa-east-1"}[r.IntN(3)],
	}
	likely := []string{"orbit", "comet", "*", "prod", "x", "dev,Team", "repo:comet/orbit:*", "Flight", "repo:comet@71/orbit@72:ref:refs/heads/main"}
	parameters := after.get("Parameters")
	if parameters == nil {
		return values
	}
	for i, name := range parameters.keys {
		definition := parameters.items[i]
		var former *tree
		if all := before.get("Parameters"); all != nil {
			former = all.get(name)
		}
		if definition.get("Default") != nil || former.get("Default") != nil {
			continue
		}
		values[name] = likely[r.IntN(len(likely))]
		if allowed := definition.get("AllowedValues"); allowed != nil && len(allowed.items) > 0 {
			values[name] = allowed.items[r.IntN(len(allowed.items))].text
		}
	}
	return values
}

func rolesOf(t *testing.T, src string, o document.Options) []document.Role {
	var all []document.Role
	for role, err := range document.Roles(t.Context(), strings.NewReader(src), o) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, role)
	}
	return all
}

// widenedRoles pairs roles by name; one that has no counterpart is held
// against all that have none either. What is unknown although the parameters
// have values, such as a row that a mapping lacks, is not deployed.
func widenedRoles(r *rand.Rand, old, fresh []document.Role, deployed bool) string {
	name := func(role document.Role) string { return role.LogicalID + "/" + role.ARN }
	byName := map[string]document.Role{}
	for _, role := range old {
		byName[name(role)] = role
	}
	var alone []document.Role
	for _, role := range old {
		if !slices.ContainsFunc(fresh, func(other document.Role) bool { return name(other) == name(role) }) {
			alone = append(alone, role)
		}
	}
	for _, role := range fresh {
		counterparts := alone
		if former, found := byName[name(role)]; found {
			counterparts = []document.Role{former}
		}
		if found := widenedRole(r, counterparts, role, deployed); found != "" {
			return fmt.Sprintf("role %s %s", role.Name, found)
		}
	}
	return ""
}

func widenedRole(r *rand.Rand, old []document.Role, fresh document.Role, deployed bool) string {
	policies := slices.Clone(fresh.Policies)
	for _, role := range old {
		if role.Err != nil {
			return ""
		}
		policies = append(policies, role.Policies...)
	}
	s := newSampler(r, policies...)
	for _, p := range fresh.Policies {
		for _, request := range s.requests(p, 40) {
			result := p.Evaluate(request)
			is := result.Decision
			if is != trust.Allowed && (deployed || !canAllow(result)) {
				continue
			}
			was := trust.ImplicitDeny
			for i, role := range old {
				if one := formerly(alternativesOf(role), p.Given, request, is); i == 0 || nearnessOf(one) > nearnessOf(was) {
					was = one
				}
			}
			if nearnessOf(is) > nearnessOf(was) {
				return fmt.Sprintf("says %s in place of %s of %+v", is, was, request)
			}
		}
	}
	return ""
}

// alternativesOf returns a role's policies, and one that admits no run for
// each way in which it does not exist.
func alternativesOf(role document.Role) trust.Alternatives {
	all := slices.Clone(role.Policies)
	for _, given := range role.Missing {
		all = append(all, &trust.Policy{Given: given})
	}
	return all
}

// canAllow reports whether an undetermined decision can certainly become
// Allow: one thing alone decides.
func canAllow(result trust.Result) bool {
	one := false
	for _, s := range result.Statements {
		open := 0
		for _, dependsOn := range append([][]string{s.Principal.DependsOn, s.Action.DependsOn}, conditionsOf(s)...) {
			open += min(len(dependsOn), 1)
		}
		if s.Effect != trust.Allow && len(s.DependsOn) > 0 {
			return false
		}
		one = one || open == 1 && len(s.DependsOn) > 0
	}
	return one && result.Decision == trust.Undetermined
}

func conditionsOf(s trust.StatementResult) [][]string {
	var all [][]string
	for _, c := range s.Conditions {
		all = append(all, c.DependsOn)
	}
	return all
}

// nearnessOf orders decisions by how near they come to allowing.
func nearnessOf(d trust.Decision) int {
	return map[trust.Decision]int{trust.Undetermined: 1, trust.Allowed: 2}[d]
}

// formerly returns the worst that the alternatives say that can hold where the
// new one does, or, if none can, the best that any says.
func formerly(policies trust.Alternatives, given []trust.Assumption, request trust.Request, is trust.Decision) trust.Decision {
	chosen := map[string]string{}
	for _, a := range given {
		chosen[a.Key] = a.Value
	}
	decisions := map[bool]map[trust.Decision]bool{true: {}, false: {}}
	for _, p := range policies {
		fits := !slices.ContainsFunc(p.Given, func(a trust.Assumption) bool { return chosen[a.Key] != "" && chosen[a.Key] != a.Value })
		decisions[fits][p.Evaluate(request).Decision] = true
	}
	byNearness := func(a, b trust.Decision) int { return nearnessOf(a) - nearnessOf(b) }
	if fitting := slices.Collect(maps.Keys(decisions[true])); len(fitting) > 0 {
		return slices.MinFunc(fitting, byNearness)
	}
	if others := slices.Collect(maps.Keys(decisions[false])); len(others) > 0 {
		return slices.MaxFunc(others, byNearness)
	}
	return is
}
