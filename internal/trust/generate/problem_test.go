package generate

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProblemsAreToldAllAtOnce(t *testing.T) {
	s := Spec{Branches: []string{"refs/heads/main", "a b"}, Environments: environments("a\nb"), Workflow: "x", Account: "1", Region: "x", RoleName: "a b",
		Boundary: "x y", ResourceTag: "x", Partition: "aws-x", ExternalID: "?"}
	want := `a repository is required; use --repository OWNER/REPOSITORY
branch "refs/heads/main" is invalid; use the name without refs/heads/
branch "a b" is invalid; use the name without refs/heads/
environment "a\nb" is invalid; use the name of an environment
reusable workflow "x" is invalid; use OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/BRANCH
partition "aws-x" is invalid; use aws, aws-cn, aws-us-gov, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f, aws-eusc
account "1" is invalid; use 12 digits
region "x" is invalid; use a region such as eu-west-1
role name "a b" is invalid; use up to 64 letters, digits and _+=,.@-
resource tag "x" is invalid; use KEY=VALUE
external id "?" is invalid; use 2 to 1,224 letters, digits and _+=,.@:/-
permissions boundary "x y" is invalid; use the ARN or the name of a policy
--external-id is for --spoke; a web identity has no external id`
	err := JSON(io.Discard, s)
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

// Each mistake is refused in every format, with a remedy.
func TestProblems(t *testing.T) {
	app, names := []Repository{repository(t, "octo@1/app@2")}, []Repository{{Owner: "octo", Name: "app"}}
	main := []string{"main"}
	apart := []Environment{{"dev", "111111111111"}, {"prod", "222222222222"}}
	for name, tt := range map[string]struct {
		spec Spec
		want string
	}{
		"nothing":                         {Spec{}, "a repository is required"},
		"no runs":                         {Spec{Repositories: app}, "the runs are required"},
		"a branch that is a ref":          {Spec{Repositories: app, RequireBranches: []string{"refs/heads/main"}}, "the name without refs/heads/"},
		"immutable without ids":           {Spec{Repositories: names, Branches: main, SubjectForm: Immutable}, `repository "octo/app" has no ids`},
		"both without ids":                {Spec{Repositories: names, Branches: main, SubjectForm: Both}, `repository "octo/app" has no ids`},
		"classic, ids of one only":        {Spec{Repositories: append(app, names...), Branches: main, SubjectForm: Classic}, `repository "octo/app" has no ids`},
		"an unknown form":                 {Spec{Repositories: app, Branches: main, SubjectForm: "new"}, `subject form "new" is invalid`},
		"require and admit a branch":      {Spec{Repositories: app, Branches: main, RequireBranches: main}, "--require-branch cannot be combined"},
		"require a branch of a tag":       {Spec{Repositories: app, Tags: main, RequireBranches: main}, "--require-branch cannot be combined"},
		"a key that a server lacks":       {Spec{Provider: "ghe.example.com/_services/token", Repositories: app, Environments: environments("prod"), RequireBranches: main}, "no condition key ghe.example.com/_services/token:ref"},
		"another partition":               {Spec{Repositories: app, Branches: main, Region: "cn-north-1", Partition: "aws"}, `partition "aws" cannot be combined with region "cn-north-1", which is in aws-cn`},
		"no region":                       {Spec{Repositories: app, Branches: main, Region: "aws-global"}, "use a region such as"},
		"boundary of another partition":   {Spec{Repositories: app, Branches: main, Region: "us-gov-west-1", Boundary: "arn:aws:iam::111111111111:policy/b"}, "is in partition aws, the role is in aws-us-gov"},
		"boundary of another account":     {Spec{Repositories: app, Environments: apart, Boundary: "arn:aws:iam::111111111111:policy/b"}, "is not in account 222222222222"},
		"one account missing":             {Spec{Repositories: app, Environments: append(environments("x"), apart...)}, "an environment has no account"},
		"two kinds of account":            {Spec{Repositories: app, Environments: apart, Account: "111111111111"}, "--account cannot be combined"},
		"a branch for every environment":  {Spec{Repositories: app, Environments: apart, Branches: main}, "use --require-branch"},
		"a name for several roles":        {Spec{Repositories: app, Environments: apart, RoleName: "x"}, "--role-name cannot be combined"},
		"spokes of environments":          {Spec{Repositories: app, Environments: apart, Spokes: []Spoke{{"a", "111111111111"}}}, "--spoke cannot be combined"},
		"a hub without account":           {Spec{Repositories: app, Branches: main, Spokes: []Spoke{{"a", "111111111111"}}}, "the hub's account is required"},
		"an external id without spokes":   {Spec{Repositories: app, Branches: main, ExternalID: "abc"}, "--external-id is for --spoke"},
		"one name for two roles":          {Spec{Repositories: app, Environments: []Environment{{"a b", "111111111111"}, {"a:B", "111111111111"}}}, `"a b" and "a:B" have the same role name "github-octo-app-a-B" in account 111111111111`},
		"one spoke twice":                 {Spec{Repositories: app, Branches: main, Account: "111111111111", Spokes: []Spoke{{"a", "111111111111"}, {"A", "111111111111"}}}, "have the same role name"},
		"one environment in one account":  {Spec{Repositories: app, Environments: []Environment{{"a", "111111111111"}, {"a", "111111111111"}}}, "have the same role name"},
		"an environment's bucket":         {Spec{Repositories: app, Branches: main, Allow: allow(t, "s3-deploy:site-{environment}")}, "the role is not for one environment"},
		"an environment that is no name":  {Spec{Repositories: app, Environments: environments("Prod"), Allow: allow(t, "s3-deploy:site-{environment}")}, `"site-Prod" is not a bucket`},
		"an issuer that is no host":       {Spec{Provider: "a b", Repositories: app, Branches: main}, `issuer "a b" is invalid`},
		"a workflow without a ref":        {Spec{Repositories: app, Workflow: "o/r/.github/workflows/x.yml"}, "reusable workflow"},
		"an audience with a space inside": {Spec{Repositories: app, Branches: main, Audience: "a b"}, `audience "a b" is invalid`},
	} {
		for format, write := range formats {
			if err := write(io.Discard, tt.spec); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, %s: %v; want %q", name, format, err, tt.want)
			}
		}
	}
}

func TestArguments(t *testing.T) {
	for _, s := range []string{"octo", "octo/app/x", "octo@1/app", "octo/app@2", "oct*/app", "octo/app:x", ""} {
		if _, err := ParseRepository(s); err == nil {
			t.Errorf("repository %q is accepted", s)
		}
	}
	for _, s := range []string{"a", "=111111111111", "a=1", "a b=111111111111", "a=1111111111112"} {
		if _, err := ParseSpoke(s); err == nil {
			t.Errorf("spoke %q is accepted", s)
		}
	}
	for s, want := range map[string]Environment{
		"prod": {Name: "prod"}, "prod=111111111111": {"prod", "111111111111"}, "a=b": {Name: "a=b"}, "a=b=111111111111": {"a=b", "111111111111"},
		"a=1111": {Name: "a=1111"},
	} {
		if got := ParseEnvironment(s); got != want {
			t.Errorf("environment %q is read as %+v", s, got)
		}
	}
}

func TestPermissionsThatAreRefused(t *testing.T) {
	for s, want := range map[string]string{
		"s3":                                 `unknown template "s3"; use one of s3-read, s3-deploy`,
		"x:y":                                "unknown template",
		"s3-deploy":                          `"" is not a bucket`,
		"s3-deploy:A":                        "use s3-deploy:BUCKET[/PATH][,kms=KEY-ID]",
		"s3-deploy:bucket/*":                 "is not a bucket",
		"s3-deploy:bucket/${aws:username}":   "is not a bucket",
		"s3-deploy:bucket,kms=alias/x":       `kms "alias/x" is not the id of a customer managed key`,
		"s3-deploy:bucket,x=y":               `unknown option "x"`,
		"s3-deploy:bucket,":                  `unknown option ""`,
		"ecr-push:a//b":                      "is not a repository of ECR",
		"lambda-deploy:*":                    "is not a function",
		"cloudformation-stack:1":             "is not a stack",
		"cloudformation-stack:a,bucket=b*":   `bucket "b*" is not the bucket that`,
		"lambda-deploy:orders,kms=" + keyID:  "has kms, which is for what is in its bucket; add bucket",
		"sam-deploy:orders":                  "lacks bucket=BUCKET",
		"ecs-deploy:web/shop,family=shop":    "lacks pass-role=ROLE",
		"ecs-deploy:web,family=a":            "is not a cluster and a service",
		"ecs-deploy:w/s,family=a,family=b":   `duplicate option "family"`,
		"terraform-state:bucket":             "is not a bucket and the key of the state",
		"cloudfront-invalidate:example.com":  "is not the id of a distribution",
		"ssm-read:/prod/*":                   "is not a parameter",
		"secrets-read:prod/*":                "is not a secret",
		"cdk-deploy:a-very-long-qualifier":   "is not the qualifier",
		"eks-describe:*":                     "is not a cluster",
		"s3-read:bucket,kms=" + keyID + ",b": `unknown option "b"`,
	} {
		if _, err := ParsePermission(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("permission %q: %v; want %q", s, err, want)
		}
	}
}

const keyID = "1234abcd-12ab-34cd-56ef-1234567890ab"
