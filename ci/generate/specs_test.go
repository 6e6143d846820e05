package generate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust/generate"
)

const (
	app   = "octo-org@6154722/octo-repo@74123456"
	keyID = ",kms=1234abcd-12ab-34cd-56ef-1234567890ab"
)

// permissions are every template with every option, and without those that can
// be left out.
var permissions = []string{
	"s3-read:site", "s3-read:site/static" + keyID,
	"s3-deploy:site", "s3-deploy:site/static" + keyID,
	"cloudfront-invalidate:E1ABCDEFGHIJKL",
	"ecr-pull:team/web", "ecr-push:team/web",
	"lambda-deploy:orders", "lambda-deploy:orders,bucket=artifacts" + keyID, "lambda-deploy:orders,repository=team/web",
	"ecs-deploy:main/web,family=web,pass-role=web-task,pass-role=web-execution",
	"eks-describe:main",
	"cdk-deploy", "cdk-deploy:team1",
	"cloudformation-stack:orders", "cloudformation-stack:orders,service-role=cfn,bucket=artifacts,transform=Serverless-2016-10-31,transform=LanguageExtensions" + keyID,
	"sam-deploy:orders,bucket=artifacts", "sam-deploy:orders,bucket=artifacts,service-role=cfn" + keyID,
	"terraform-state:state/prod/terraform.tfstate", "terraform-state:state/prod/terraform.tfstate" + keyID,
	"ssm-read:/prod/app", "ssm-read:/prod/app" + keyID,
	"secrets-read:prod/db", "secrets-read:prod/db" + keyID,
}

func TestEveryTemplateIsTried(t *testing.T) {
	for _, name := range generate.TemplateNames() {
		tried := 0
		for _, p := range permissions {
			if p == name || strings.HasPrefix(p, name+":") {
				tried++
			}
		}
		if tried == 0 {
			t.Errorf("permissions lack the template %s", name)
		}
	}
}

// specs are the roles of each permission, and of all that says who is admitted
// and where, so that each option meets each format.
func specs() map[string]generate.Spec {
	repository := must(generate.ParseRepository(app))
	one := generate.Spec{Repositories: []generate.Repository{repository}, Branches: []string{"main"}}
	all := map[string]generate.Spec{}
	add := func(name string, base generate.Spec, change func(*generate.Spec)) {
		change(&base)
		all[name] = base
	}
	for i, p := range permissions {
		permission := must(generate.ParsePermission(p))
		name := fmt.Sprintf("permission-%02d-%s", i, strings.FieldsFunc(p, func(r rune) bool { return r == ':' })[0])
		add(name, one, func(s *generate.Spec) { s.Allow = []generate.Permission{permission} })
		add(name+"-complete", one, func(s *generate.Spec) {
			s.Allow, s.Account, s.Region, s.ResourceTag = []generate.Permission{permission}, "111111111111", "eu-central-1", "team=web shop"
		})
	}
	for _, region := range []string{"eu-central-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1"} {
		add("region-"+region, one, func(s *generate.Spec) {
			s.Account, s.Region, s.Allow = "111111111111", region, []generate.Permission{must(generate.ParsePermission("ecr-push:web")), must(generate.ParsePermission("s3-deploy:site" + keyID))}
		})
	}
	for _, form := range generate.SubjectForms {
		add("form-"+string(form), one, func(s *generate.Spec) { s.SubjectForm = form })
	}
	runs := map[string]func(*generate.Spec){
		"tag":           func(s *generate.Spec) { s.Tags = []string{"v*"} },
		"environment":   func(s *generate.Spec) { s.Branches, s.Environments = nil, []generate.Environment{{Name: "prod: eu"}} },
		"wildcard-name": func(s *generate.Spec) { s.Branches, s.Environments = nil, []generate.Environment{{Name: "pr*d?${x}"}} },
		"require-branch": func(s *generate.Spec) {
			s.Branches, s.RequireBranches, s.Environments = nil, []string{"main", "release/*"}, []generate.Environment{{Name: "prod"}}
		},
		"pull-request": func(s *generate.Spec) { s.Branches, s.PullRequests = nil, true },
		"workflow": func(s *generate.Spec) {
			s.Branches, s.Workflow = nil, "octo-org/deploy/.github/workflows/deploy.yml@refs/heads/main"
		},
		"workflow-branch": func(s *generate.Spec) {
			s.Branches, s.RequireBranches, s.Workflow = nil, []string{"main"}, "octo-org/deploy/.github/workflows/deploy.yml@refs/heads/main"
		},
		"enterprise": func(s *generate.Spec) {
			s.Provider, s.RequireBranches, s.Branches, s.Environments = "token.actions.githubusercontent.com/octo", []string{"main"}, nil, []generate.Environment{{Name: "prod"}}
		},
		"ghe":      func(s *generate.Spec) { s.Provider, s.SubjectForm = "token.actions.octo.ghe.com", generate.Both },
		"boundary": func(s *generate.Spec) { s.Boundary = "boundary" },
		"two": func(s *generate.Spec) {
			s.Repositories, s.SubjectForm = append(s.Repositories[:1:1], must(generate.ParseRepository("octo-org@6154722/site@5"))), generate.Both
		},
	}
	for name, change := range runs {
		add("runs-"+name, one, change)
		add("runs-"+name+"-account", one, func(s *generate.Spec) { s.Account, s.Region = "111111111111", "eu-central-1"; change(s) })
	}
	shared := []generate.Permission{must(generate.ParsePermission("s3-deploy:site-{environment}")), must(generate.ParsePermission("cdk-deploy"))}
	apart := []generate.Environment{{Name: "dev", Account: "111111111111"}, {Name: "staging", Account: "222222222222"}, {Name: "prod eu", Account: "222222222222"}}
	for _, region := range []string{"", "eu-central-1"} {
		add("environments"+region, one, func(s *generate.Spec) {
			s.Branches, s.RequireBranches, s.Environments, s.Region, s.Boundary = nil, []string{"main"}, apart, region, "boundary"
			s.Allow = []generate.Permission{must(generate.ParsePermission("ecr-push:web"))}
		})
		add("environments-named"+region, one, func(s *generate.Spec) {
			s.Branches, s.Environments, s.Region, s.Allow = nil, apart[:2], region, shared
		})
		add("hub"+region, one, func(s *generate.Spec) {
			s.Account, s.Region, s.Allow, s.ExternalID = "111111111111", region, shared, "octo-1"
			s.Spokes = []generate.Spoke{{Name: "dev", Account: "111111111111"}, {Name: "prod", Account: "222222222222"}, {Name: "1", Account: "333333333333"}}
		})
		add("chain"+region, one, func(s *generate.Spec) {
			s.Account, s.Region, s.Spokes = "111111111111", region, []generate.Spoke{{Name: "prod", Account: "222222222222"}}
		})
	}
	return all
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
