package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const trustedMain = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": "repo:octo@1/app@2:ref:refs/heads/main"
        }
      }
    }
  ]
}
`

// trustRun is one command line with what came of it.
type trustRun struct {
	code           int
	stdout, stderr string
}

// runTrust runs `trust ARGS` in a directory with the files of the tests.
func runTrust(t *testing.T, stdin string, args ...string) trustRun {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	wide := strings.ReplaceAll(trustedMain, `"repo:octo@1/app@2:ref:refs/heads/main"`, `"x"`)
	wide = strings.ReplaceAll(wide, `"StringEquals"`, `"StringLike"`)
	wide = strings.ReplaceAll(wide, `"x"`, `"repo:octo@1/*"`)
	misspelled := strings.ReplaceAll(trustedMain, `"sts:AssumeRoleWithWebIdentity"`, `["sts:AssumeRoleWithWebIdentity", "sts:TagSessions"]`)
	for name, content := range map[string]string{
		"main.json":    trustedMain,
		"wide.json":    wide,
		"closed.json":  `{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*"}}`,
		"broken.json":  `{"RoleDetailList": [`,
		"odd.json":     `{"Statement": {"Effect": "Allow", "Effect": "Deny"}}`,
		"claims.json":  `{"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com", "sub": "repo:octo@1/app@2:ref:refs/heads/main"}`,
		"empty.yaml":   "Resources: {}\n",
		"a.json":       `{"Roles": [{"RoleName": "a", "Arn": "arn:aws:iam::111122223333:role/a", "AssumeRolePolicyDocument": ` + trustedMain + `}]}`,
		"renamed.json": `{"Roles": [{"RoleName": "c", "Arn": "arn:aws:iam::111122223333:role/c", "AssumeRolePolicyDocument": ` + trustedMain + `}, {"RoleName": "b", "AssumeRolePolicyDocument": ` + wide + `}]}`,
		"set.json":     `[{"ParameterKey": "Repository", "ParameterValue": "octo/app"}]`,
		"draft.json":   misspelled,
		"stored.json":  `{"Role": {"RoleName": "a", "Arn": "arn:aws:iam::111122223333:role/a", "AssumeRolePolicyDocument": ` + misspelled + `}}`,
		"fill.json":    strings.ReplaceAll(trustedMain, "octo@1/app@2", "${repository}"),
		"template.yaml": `
Parameters: { Repository: { Type: String }, Stage: { Type: String, AllowedValues: [dev, prod] } }
Conditions: { Prod: !Equals [!Ref Stage, prod] }
Resources:
  Provider: { Type: AWS::IAM::OIDCProvider, Properties: { Url: "https://token.actions.githubusercontent.com" } }
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          Effect: Allow
          Principal: { Federated: !Ref Provider }
          Action: sts:AssumeRoleWithWebIdentity
          Condition:
            StringEquals: { "token.actions.githubusercontent.com:aud": sts.amazonaws.com }
            StringLike: { "token.actions.githubusercontent.com:sub": !If [Prod, !Sub "repo:${Repository}:environment:prod", !Sub "repo:${Repository}:*"] }
`,
		"account.json": `{"RoleDetailList": [{"RoleName": "a", "Arn": "arn:aws:iam::111122223333:role/a", "AssumeRolePolicyDocument": ` + trustedMain + `}, {"RoleName": "b", "AssumeRolePolicyDocument": ` + wide + `}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return runTrustHere(stdin, args...)
}

// runTrustHere runs `trust ARGS` in the working directory.
func runTrustHere(stdin string, args ...string) trustRun {
	var stdout, stderr bytes.Buffer
	env := Env{Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, Now: func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }}
	code := trustPolicies(context.Background(), env, args)
	return trustRun{code, stdout.String(), stderr.String()}
}

var roleCount = regexp.MustCompile(`(?m)^aws-oidc-action: .*: roles read: \d+$`)

func TestTrustCommands(t *testing.T) {
	tests := []struct {
		name   string
		args   string
		stdin  string
		code   int
		stdout string // part of it; - for none at all
		stderr string // part of it
	}{
		{"nothing", "", "", exitUsage, "-", "trust: a command is required; use one of:"},
		{"help", "--help", "", exitFine, "trust explain", ""},
		{"unknown", "frobnicate", "", exitUsage, "-", `trust: unknown command "frobnicate"`},
		{"help of a command", "lint --help", "", exitFine, "--fail-on severity", ""},
		{"unknown flag", "lint --frob x", "", exitUsage, "-", "unknown flag --frob"},

		{"explain allows", "explain --policy main.json --claims claims.json", "", exitFine, "Allow: the statement at main.json:4 admits the token", ""},
		{"explain from standard input", "explain --policy main.json --claims -", `{"iss": "https://token.actions.githubusercontent.com"}`, exitRefused, "2 conditions fail", ""},
		{"explain claims without issuer", "explain --policy main.json --claims -", `{"aud": "sts.amazonaws.com", "sub": "repo:octo@1/app@2:ref:refs/heads/main"}`, exitFine, "Allow", ""},
		{"explain policy from standard input", "explain --policy - --claims claims.json", trustedMain, exitFine, "Allow: the statement at -:4", ""},
		{"explain in short", "explain --policy main.json --repository octo/app --owner-id 1 --repository-id 2", "", exitFine, "Allow", ""},
		{"explain the environment", "explain --policy main.json --repository octo/app --owner-id 1 --repository-id 2 --environment prod", "", exitRefused,
			"ImplicitDeny: one condition fails, StringEquals token.actions.githubusercontent.com:sub at main.json:11", ""},
		{"explain a pull request", "explain --policy main.json --repository octo/app --event pull_request", "", exitRefused, `got       "repo:octo/app:pull_request"`, ""},
		{"explain another provider", "explain --policy main.json --repository octo/app --issuer https://token.actions.githubusercontent.com/octo", "", exitRefused, "no Allow statement trusts", ""},
		{"explain another account", "explain --policy main.json --claims claims.json --account 444455556666", "", exitRefused, "no Allow statement trusts", ""},
		{"explain a denial", "explain --policy closed.json --claims claims.json", "", exitRefused, "ExplicitDeny: the Deny statement at closed.json:1 matches", ""},
		{"explain with context", "explain --policy main.json --claims claims.json --context token.actions.githubusercontent.com:AUD=x", "", exitRefused, `got       "x"`, ""},
		{"explain what is excluded", "explain --policy - --claims claims.json", strings.ReplaceAll(trustedMain, "StringEquals", "StringNotEquals"), exitRefused,
			"      expected  anything but \"repo:octo@1/app@2:ref:refs/heads/main\"\n      got       \"repo:octo@1/app@2:ref:refs/heads/main\"\n", ""},
		{"explain a role", "explain --policy account.json --role b --claims claims.json", "", exitFine, "Allow", ""},
		{"explain which role", "explain --policy account.json --claims claims.json", "", exitFailure, "-", "account.json has 2 roles; name one with --role, such as a"},
		{"explain no such role", "explain --policy account.json --role c --claims claims.json", "", exitFailure, "-", `account.json has no role "c"`},
		{"explain no policy", "explain --claims claims.json", "", exitUsage, "-", "--policy is required"},
		{"explain no claims", "explain --policy main.json", "", exitUsage, "-", "the claims are required"},
		{"explain both claims", "explain --policy main.json --claims claims.json --repository o/r", "", exitUsage, "-", "--claims cannot be combined with --repository"},
		{"explain bad claims", "explain --policy main.json --claims broken.json", "", exitUsage, "-", "claims are not a JSON object"},
		{"explain bad repository", "explain --policy main.json --repository o", "", exitUsage, "-", `--repository "o": repository is invalid; use OWNER/REPOSITORY`},
		{"explain bad context", "explain --policy main.json --repository o/r --context x", "", exitUsage, "-", "use KEY=VALUE"},
		{"explain bad policy", "explain --policy odd.json --claims claims.json", "", exitFailure, "-", "duplicate key"},
		{"explain bad format", "explain --policy main.json --claims claims.json --format xml", "", exitUsage, "-", `--format "xml" is invalid`},
		{"explain stray argument", "explain --policy main.json --claims claims.json main.json", "", exitUsage, "-", "unexpected argument \"main.json\"; use flags only"},

		{"explain the key of another provider", "explain --policy main.json --repository octo/app --issuer https://token.actions.githubusercontent.com/octo", "", exitRefused,
			"the key belongs to another provider than the principal", ""},
		{"explain what cannot be told", "explain --policy template.yaml --repository octo/app", "", exitRefused,
			"Unknown: it depends on parameter Repository, parameter Stage; set --parameter Repository=VALUE --parameter Stage=VALUE", "template.yaml: roles read: 1"},
		{"explain what only a choice decides", "explain --policy template.yaml --repository octo/app --parameter Repository=octo/app", "", exitRefused, "Unknown: it depends on parameter Stage", ""},
		{"explain shows under what", "explain --policy template.yaml --repository octo/app --parameter Repository=octo/app", "", exitRefused, `if parameter Stage is "dev"`, ""},
		{"explain what does not matter", "explain --policy template.yaml --repository octo/app --environment prod --parameter Repository=octo/app", "", exitFine, "Allow: ", ""},
		{"explain with parameters", "explain --policy template.yaml --repository octo/app --parameters set.json --parameter Stack:Stage=prod", "", exitRefused, "ImplicitDeny: one condition fails", ""},
		{"explain a role by logical id", "explain --policy template.yaml --role Role --repository octo/app", "", exitRefused, "Unknown: ", ""},
		{"explain in another account", "explain --policy template.yaml --repository octo/app --environment prod --parameter Repository=octo/app --account 444455556666", "", exitFine,
			"arn:aws:iam::444455556666:oidc-provider", ""},
		{"explain a draft that IAM refuses", "explain --policy draft.json --claims claims.json", "", exitFailure, "-",
			`draft.json: line 7, column 51: action "sts:TagSessions" is not an action of STS that assumes a role; IAM refuses the policy`},
		{"explain what IAM has stored", "explain --policy stored.json --claims claims.json", "", exitFine, "Allow: ", ""},
		{"lint a draft that IAM refuses", "lint draft.json", "", exitRefused, `fix: use "sts:TagSession"`, ""},
		{"explain what has not been filled in", "explain --policy fill.json --repository octo/app", "", exitRefused,
			"Unknown: it depends on placeholder ${repository}; the file is a template: fill it in first", ""},
		{"explain what is filled in", "explain --policy fill.json --repository octo/app --parameter repository=octo/app", "", exitFine, "Allow: ", ""},
		{"explain a bad parameter", "explain --policy template.yaml --repository o/r --parameter x", "", exitUsage, "-", "use NAME=VALUE"},
		{"explain bad parameters", "explain --policy template.yaml --repository o/r --parameters broken.json", "", exitUsage, "-", "expected a list of ParameterKey"},
		{"explain parameters that are not there", "explain --policy template.yaml --repository o/r --parameters none.json", "", exitUsage, "-", "none.json"},

		{"lint what cannot be told", "lint --fail-on high template.yaml", "", exitRefused, "[cannot-tell]", ""},
		{"lint what is filled in", "lint --fail-on error --parameters set.json template.yaml", "", exitFine, `[any-run]`, ""},
		{"lint what has not been filled in", "lint fill.json", "", exitRefused, "the file is a template: fill it in first", ""},
		{"lint no role", "lint empty.yaml", "", exitFine, "-", "empty.yaml: no role found"},
		{"lint counts roles", "lint main.json empty.yaml account.json", "", exitRefused, "role b", "3 files: roles read: 3"},
		{"inventory what cannot be told", "inventory template.yaml", "", exitFine, "`${Repository} (unknown: parameter Repository)` | `environment prod`", ""},
		{"inventory says under what", "inventory --parameters set.json template.yaml", "", exitFine, "`octo/app` | `every run` |  | `if parameter Stage is \"dev\"`", ""},
		{"inventory what has not been filled in", "inventory fill.json", "", exitFine, "`${repository} (unknown: placeholder ${repository})`", ""},
		{"diff what cannot be told", "diff main.json template.yaml", "", exitRefused, "might be wider: ", ""},
		{"diff json of what cannot be told", "diff --format json main.json template.yaml", "", exitRefused, `"might": true`, ""},
		{"diff same template", "diff template.yaml template.yaml", "", exitFine, "-", ""},
		{"diff what has not been filled in", "diff main.json fill.json", "", exitRefused, "it depends on placeholder ${repository}", ""},

		{"lint fine", "lint main.json", "", exitFine, "-", ""},
		{"lint findings", "lint main.json wide.json", "", exitRefused, "wide.json:11:54: high:", ""},
		{"lint fail-on", "lint --fail-on critical wide.json", "", exitFine, "owner-wide", ""},
		{"lint immutable", "lint --immutable octo/* --fail-on note main.json", "", exitFine, "-", ""},
		{"lint account", "lint account.json", "", exitRefused, "role b", ""},
		{"lint standard input", "lint -", trustedMain, exitFine, "-", ""},
		{"lint json", "lint --format json main.json", "", exitFine, `"findings": []`, ""},
		{"lint github", "lint --format github wide.json", "", exitRefused, "::error col=54,file=wide.json,line=11", ""},
		{"lint sarif", "lint --format sarif wide.json", "", exitRefused, `"version": "2.1.0"`, ""},
		{"lint duplicate key", "lint odd.json", "", exitRefused, "[duplicate-key]", ""},
		{"lint unreadable", "lint --format json wide.json broken.json", "", exitFailure, `"owner-wide"`, "broken.json: line 1"},
		{"lint missing file", "lint none.json", "", exitFailure, "-", "none.json"},
		{"lint no file", "lint", "", exitUsage, "-", "expected at least 1 file, got 0; name the files to read"},
		{"lint late flag", "lint main.json --format json", "", exitUsage, "-", "write flags first"},
		{"lint bad severity", "lint --fail-on grave main.json", "", exitUsage, "-", `severity "grave" is invalid; use note, low`},

		{"generate", "generate --repository octo@1/app@2 --branch main --account 111122223333", "", exitFine, "repo:octo@1/app@2:ref:refs/heads/main", "tokens without ids in the subject are refused"},
		{"generate with ids apart", "generate --repository octo/app --owner-id 1 --repository-id 2 --environment prod", "", exitFine, "repo:octo@1/app@2:environment:prod", "ACCOUNT_ID"},
		{"generate with one id", "generate --repository octo/app --owner-id 1 --environment prod", "", exitUsage, "-", "use both, as numbers"},
		{"generate names", "generate --repository octo/app --tag v1", "", exitFine, "repo:octo/app:ref:refs/tags/v1", "names without ids"},
		{"generate several", "generate --repository octo@1/app@2 --repository octo@1/site@3 --pull-request", "", exitFine, "repo:octo@1/site@3:pull_request", "pull requests run"},
		{"generate cloudformation", "generate --repository octo@1/app@2 --branch main --format cloudformation", "", exitFine, "AWS::IAM::Role", "to see the form, run the action with show-claims"},
		{"generate terraform", "generate --repository octo@1/app@2 --branch main --allow s3-deploy:bucket --format terraform", "", exitFine, `"aws_iam_role_policy"`, "s3-deploy:bucket does not cover: older versions"},
		{"generate both demands", "generate --repository octo@1/app@2 --subject-form both --environment prod --require-branch main --account 111122223333", "", exitFine, `:ref": "refs/heads/main"`, ""},
		{"generate either", "generate --repository octo@1/app@2 --environment prod --branch main --account 111122223333", "", exitFine, "environment:prod", "note: either suffices"},
		{"generate for China", "generate --repository octo@1/app@2 --environment prod --account 111122223333 --region cn-north-1 --allow ecr-push:web", "", exitFine, "arn:aws-cn:ecr:cn-north-1", "ecr-push:web does not cover"},
		{"generate for the sovereign cloud", "generate --repository octo@1/app@2 --environment prod --account 111122223333 --region eusc-de-east-1 --allow ecr-push:web", "", exitFine, "arn:aws-eusc:ecr:eusc-de-east-1", "ecr-push:web does not cover"},
		{"generate contradicting", "generate --repository octo@1/app@2 --environment prod --region cn-north-1 --partition aws", "", exitUsage, "-", "which is in aws-cn; remove --partition"},
		{"generate classic", "generate --repository octo@1/app@2 --subject-form classic --environment prod --account 111122223333", "", exitFine, `:repository_owner_id": "1"`, "tokens with ids in the subject are refused"},
		{"generate bad form", "generate --subject-form old", "", exitUsage, "-", `--subject-form "old" is invalid; use immutable, classic or both`},
		{"generate environments", "generate --repository octo@1/app@2 --environment dev=111111111111 --environment prod=222222222222", "", exitFine, `"RoleName": "github-octo-app-prod"`, "deploy this in each of the accounts 111111111111, 222222222222"},
		{"generate hub", "generate --repository octo@1/app@2 --branch main --account 111111111111 --spoke prod=222222222222 --external-id octo-1", "", exitFine, "arn:aws:iam::222222222222:role/github-octo-app-prod", "deploy the hub first"},
		{"generate bad spoke", "generate --spoke prod", "", exitUsage, "-", `spoke "prod" is invalid; use NAME=ACCOUNT`},
		{"generate nothing", "generate", "", exitUsage, "-", "a repository is required"},
		{"generate bad permission", "generate --allow s3:x", "", exitUsage, "-", `unknown template "s3"`},
		{"generate bad format", "generate --format xml", "", exitUsage, "-", `--format "xml" is invalid`},

		{"inventory", "inventory account.json", "", exitFine, "| `b` | `octo@1/*` |", ""},
		{"inventory json", "inventory --format json account.json", "", exitFine, `"repository": "octo@1/app@2"`, ""},
		{"inventory csv", "inventory --format csv account.json", "", exitFine, "b,octo@1/*,every run", ""},
		{"inventory broken", "inventory --format json broken.json", "", exitFailure, "-", "broken.json: line 1"},
		{"inventory bad format", "inventory --format xml account.json", "", exitUsage, "-", `--format "xml" is invalid`},

		{"diff same", "diff main.json main.json", "", exitFine, "-", ""},
		{"diff wider", "diff main.json wide.json", "", exitRefused, "wide.json:11:54: StringLike", ""},
		{"diff narrower", "diff wide.json main.json", "", exitFine, "-", ""},
		{"diff json", "diff --format json main.json wide.json", "", exitRefused, `"widened": true`, ""},
		{"diff json same", "diff --format json main.json main.json", "", exitFine, `"changes": []`, ""},
		{"diff with a role more", "diff a.json account.json", "", exitRefused, "account.json:17:50: role b: new role; it trusts Federated", ""},
		{"diff with a role less", "diff account.json a.json", "", exitRefused, "account.json:17:50: role b: missing from the new document", ""},
		{"diff json with a role less", "diff --format json account.json a.json", "", exitRefused, `"widened": false`, ""},
		{"diff of a renamed role", "diff account.json renamed.json", "", exitFine, "renamed.json:1:101: role c: compared with role a of the old document", ""},
		{"diff one file", "diff main.json", "", exitUsage, "-", "main.json: not the plan of a change; name two files"},
		{"diff broken", "diff main.json broken.json", "", exitFailure, "-", `no role of "broken.json" could be read`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := runTrust(t, tt.stdin, strings.Fields(tt.args)...)
			if got.code != tt.code {
				t.Errorf("exit code %d, want %d", got.code, tt.code)
			}
			if tt.stdout == "-" && got.stdout != "" || tt.stdout != "-" && !strings.Contains(got.stdout, tt.stdout) {
				t.Errorf("standard output:\n%s\nwant %q", got.stdout, tt.stdout)
			}
			// how many roles were read is always said
			rest := strings.TrimLeft(roleCount.ReplaceAllString(got.stderr, ""), "\n")
			if !strings.Contains(got.stderr, tt.stderr) || tt.stderr == "" && rest != "" {
				t.Errorf("standard error:\n%s\nwant %q", got.stderr, tt.stderr)
			}
			if strings.Contains(tt.args, "json ") && got.stdout != "" && strings.Contains(tt.args, "--format json") && !json.Valid([]byte(got.stdout)) {
				t.Errorf("not JSON:\n%s", got.stdout)
			}
		})
	}
}

func TestTrustExplainJSON(t *testing.T) {
	got := runTrust(t, "", "explain", "--format", "json", "--policy", "main.json", "--repository", "octo/app")
	var answer struct {
		Decision   string
		Subject    string
		Statements []struct {
			Line       int
			Conditions []struct {
				Key              string
				Expected, Actual []string
				Present, Matched bool
			}
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &answer); err != nil {
		t.Fatalf("%v\n%s", err, got.stdout)
	}
	if answer.Decision != "ImplicitDeny" || answer.Subject != "repo:octo/app:ref:refs/heads/main" || len(answer.Statements) != 1 ||
		answer.Statements[0].Line != 4 || answer.Statements[0].Conditions[1].Matched || !answer.Statements[0].Conditions[0].Matched {
		t.Errorf("%+v", answer)
	}
}

// No text of a document becomes a workflow command.
func TestTrustOutputIsHarmless(t *testing.T) {
	evil := `{"RoleDetailList": [{"RoleName": "x\n::error::evil", "AssumeRolePolicyDocument": ` +
		strings.ReplaceAll(trustedMain, "repo:octo@1/app@2:ref:refs/heads/main", `repo:octo/*\n::set-output name=a::b`) + `}]}`
	for _, args := range []string{
		"lint -", "inventory -", "inventory --format csv -", "inventory --format json -", "lint --format json -", "lint --format sarif -",
		"diff main.json -", "explain --claims claims.json --policy -",
	} {
		got := runTrust(t, evil, strings.Fields(args)...)
		for _, line := range strings.Split(got.stdout+got.stderr, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "::") {
				t.Errorf("%s: line %q", args, line)
			}
		}
		if got.stdout == "" {
			t.Errorf("%s: no output: %s", args, got.stderr)
		}
	}
}

// What generate prints, lint and explain take as it is.
func TestTrustCommandsWorkTogether(t *testing.T) {
	for _, format := range []string{"json", "cloudformation"} {
		role := runTrust(t, "", "generate", "--repository", "octo@1/app@2", "--environment", "prod", "--allow", "lambda-deploy:orders", "--format", format)
		if got := runTrust(t, role.stdout, "lint", "-"); got.code != exitFine {
			t.Errorf("%s: lint: %d\n%s%s", format, got.code, got.stdout, got.stderr)
		}
		got := runTrust(t, role.stdout, "explain", "--policy", "-", "--repository", "octo/app", "--owner-id", "1", "--repository-id", "2", "--environment", "prod")
		if got.code != exitFine {
			t.Errorf("%s: explain: %d\n%s%s", format, got.code, got.stdout, got.stderr)
		}
	}
}
