package generate

import (
	"fmt"
	"strings"
	"testing"
)

func TestNotes(t *testing.T) {
	app := []Repository{repository(t, "octo@1/app@2")}
	main := []string{"main"}
	many := Spec{Account: "111122223333", Repositories: app, SubjectForm: Both}
	for i := range 30 {
		many.Branches = append(many.Branches, fmt.Sprintf("release/%d", i))
	}
	for name, tt := range map[string]struct {
		spec Spec
		want []string // beginnings
	}{
		"either form":      {Spec{Repositories: app, SubjectForm: Both, Branches: main}, nil},
		"ids":              {Spec{Repositories: app, Branches: main}, []string{"tokens without ids in the subject are refused; to see the form, run the action with show-claims"}},
		"classic":          {Spec{Repositories: app, SubjectForm: Classic, Branches: main}, []string{"tokens with ids in the subject are refused; to see the form"}},
		"names":            {Spec{Repositories: []Repository{{Owner: "octo", Name: "app"}}, PullRequests: true}, []string{"names without ids", "pull requests run"}},
		"either suffices":  {Spec{Repositories: app, SubjectForm: Both, Branches: main, Environments: environments("prod")}, []string{"either suffices: a job with the environment"}},
		"both required":    {Spec{Repositories: app, SubjectForm: Both, RequireBranches: main, Environments: environments("prod")}, nil},
		"workflow":         {Spec{Repositories: app, SubjectForm: Both, Workflow: "o/r/.github/workflows/x.yml@refs/heads/main"}, []string{"any branch"}},
		"workflow on main": {Spec{Repositories: app, SubjectForm: Both, Workflow: "o/r/.github/workflows/x.yml@refs/heads/main", RequireBranches: main}, nil},
		"too long":         {many, []string{"the trust policy has 3"}},
		"no service role": {Spec{Repositories: app, SubjectForm: Both, Branches: main, Allow: allow(t, "cloudformation-stack:orders")},
			[]string{"cloudformation-stack:orders: CloudFormation creates the resources", "cloudformation-stack:orders does not cover: the deletion"}},
		"service role": {Spec{Repositories: app, SubjectForm: Both, Branches: main, Allow: allow(t, "cloudformation-stack:orders,service-role=cfn")},
			[]string{"cloudformation-stack:orders,service-role=cfn does not cover"}},
		"tag": {Spec{Repositories: app, SubjectForm: Both, Branches: main, ResourceTag: "team=a", Allow: allow(t, "s3-read:bucket", "ecr-pull:app")},
			[]string{"s3-read:bucket does not cover", "ecr-pull:app does not cover", "--resource-tag does not restrict s3-read:bucket"}},
		"environments": {Spec{Repositories: app, SubjectForm: Both, Environments: []Environment{{"a", "111111111111"}, {"b", "222222222222"}}},
			[]string{"an environment protects nothing without rules", "deploy this in each of the accounts 111111111111, 222222222222:"}},
		"spokes": {Spec{Repositories: app, SubjectForm: Both, Branches: main, Account: "111111111111", Spokes: []Spoke{{"b", "222222222222"}}},
			[]string{"deploy this in each of", "deploy the hub first", "the spokes ask for no external id"}},
	} {
		got := tt.spec.Notes()
		if len(got) != len(tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
			continue
		}
		for i, n := range got {
			if !strings.HasPrefix(n, tt.want[i]) {
				t.Errorf("%s: %q, want %q", name, n, tt.want[i])
			}
		}
	}
}
