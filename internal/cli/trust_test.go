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

	"github.com/org/aws-oidc-action/internal/propertytest"
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
		{name: "nothing", code: exitUsage, stdout: "-", stderr: "trust: a command is required; use one of:"},
		{name: "help", args: "--help", stdout: "trust explain"},
		{name: "unknown", args: "frobnicate", code: exitUsage, stdout: "-",
			stderr: `trust: unknown command "frobnicate"`},
		{name: "help of a command", args: "lint --help", stdout: "--fail-on severity"},
		{name: "unknown flag", args: "lint --frob x", code: exitUsage, stdout: "-", stderr: "unknown flag --frob"},

		{name: "explain allows", args: "explain --policy main.json --claims claims.json",
			stdout: "Allow: the statement at main.json:4 admits the token"},
		{name: "explain from standard input", args: "explain --policy main.json --claims -",
			stdin: `{"iss": "https://token.actions.githubusercontent.com"}`, code: exitRefused,
			stdout: "2 conditions fail"},
		{name: "explain claims without issuer", args: "explain --policy main.json --claims -",
			stdin: `{"aud": "sts.amazonaws.com", "sub": "repo:octo@1/app@2:ref:refs/heads/main"}`, stdout: "Allow"},
		{name: "explain policy from standard input", args: "explain --policy - --claims claims.json",
			stdin: trustedMain, stdout: "Allow: the statement at -:4"},
		{name: "explain in short",
			args: "explain --policy main.json --repository octo/app --owner-id 1 --repository-id 2", stdout: "Allow"},
		{name: "explain the environment",
			args:   "explain --policy main.json --repository octo/app --owner-id 1 --repository-id 2 --environment prod",
			code:   exitRefused,
			stdout: "ImplicitDeny: one condition fails, StringEquals token.actions.githubusercontent.com:sub at main.json:11"},
		{name: "explain a pull request", args: "explain --policy main.json --repository octo/app --event pull_request",
			code: exitRefused, stdout: `got       "repo:octo/app:pull_request"`},
		{name: "explain another provider",
			args: "explain --policy main.json --repository octo/app --issuer https://token.actions.githubusercontent.com/octo",
			code: exitRefused, stdout: "no Allow statement trusts"},
		{name: "explain another account",
			args: "explain --policy main.json --claims claims.json --account 444455556666", code: exitRefused,
			stdout: "no Allow statement trusts"},
		{name: "explain a denial", args: "explain --policy closed.json --claims claims.json", code: exitRefused,
			stdout: "ExplicitDeny: the Deny statement at closed.json:1 matches"},
		{name: "explain with context",
			args: "explain --policy main.json --claims claims.json --context token.actions.githubusercontent.com:AUD=x",
			code: exitRefused, stdout: `got       "x"`},
		{name: "explain what is excluded", args: "explain --policy - --claims claims.json",
			stdin: strings.ReplaceAll(trustedMain, "StringEquals", "StringNotEquals"), code: exitRefused,
			stdout: "      expected  anything but \"repo:octo@1/app@2:ref:refs/heads/main\"\n      got       \"repo:octo@1/app@2:ref:refs/heads/main\"\n"},
		{name: "explain a role", args: "explain --policy account.json --role b --claims claims.json", stdout: "Allow"},
		{name: "explain which role", args: "explain --policy account.json --claims claims.json", code: exitFailure,
			stdout: "-", stderr: "account.json has 2 roles; name one with --role, such as a"},
		{name: "explain no such role", args: "explain --policy account.json --role c --claims claims.json",
			code: exitFailure, stdout: "-", stderr: `account.json has no role "c"`},
		{name: "explain no policy", args: "explain --claims claims.json", code: exitUsage, stdout: "-",
			stderr: "--policy is required"},
		{name: "explain no claims", args: "explain --policy main.json", code: exitUsage, stdout: "-",
			stderr: "the claims are required"},
		{name: "explain both claims", args: "explain --policy main.json --claims claims.json --repository o/r",
			code: exitUsage, stdout: "-", stderr: "--claims cannot be combined with --repository"},
		{name: "explain bad claims", args: "explain --policy main.json --claims broken.json", code: exitUsage,
			stdout: "-", stderr: "claims are not a JSON object"},
		{name: "explain bad repository", args: "explain --policy main.json --repository o", code: exitUsage,
			stdout: "-", stderr: `--repository "o": repository is invalid; use OWNER/REPOSITORY`},
		{name: "explain bad context", args: "explain --policy main.json --repository o/r --context x", code: exitUsage,
			stdout: "-", stderr: "use KEY=VALUE"},
		{name: "explain bad policy", args: "explain --policy odd.json --claims claims.json", code: exitFailure,
			stdout: "-", stderr: "duplicate key"},
		{name: "explain bad format", args: "explain --policy main.json --claims claims.json --format xml",
			code: exitUsage, stdout: "-", stderr: `--format "xml" is invalid`},
		{name: "explain stray argument", args: "explain --policy main.json --claims claims.json main.json",
			code: exitUsage, stdout: "-", stderr: "unexpected argument \"main.json\"; use flags only"},

		{name: "explain the key of another provider",
			args: "explain --policy main.json --repository octo/app --issuer https://token.actions.githubusercontent.com/octo",
			code: exitRefused, stdout: "the key belongs to another provider than the principal"},
		{name: "explain what cannot be told", args: "explain --policy template.yaml --repository octo/app",
			code:   exitRefused,
			stdout: "Unknown: it depends on parameter Repository, parameter Stage; set --parameter Repository=VALUE --parameter Stage=VALUE",
			stderr: "template.yaml: roles read: 1"},
		{name: "explain what only a choice decides",
			args: "explain --policy template.yaml --repository octo/app --parameter Repository=octo/app",
			code: exitRefused, stdout: "Unknown: it depends on parameter Stage"},
		{name: "explain shows under what",
			args: "explain --policy template.yaml --repository octo/app --parameter Repository=octo/app",
			code: exitRefused, stdout: `if parameter Stage is "dev"`},
		{name: "explain what does not matter",
			args:   "explain --policy template.yaml --repository octo/app --environment prod --parameter Repository=octo/app",
			stdout: "Allow: "},
		{name: "explain with parameters",
			args: "explain --policy template.yaml --repository octo/app --parameters set.json --parameter Stack:Stage=prod",
			code: exitRefused, stdout: "ImplicitDeny: one condition fails"},
		{name: "explain a role by logical id", args: "explain --policy template.yaml --role Role --repository octo/app",
			code: exitRefused, stdout: "Unknown: "},
		{name: "explain in another account",
			args:   "explain --policy template.yaml --repository octo/app --environment prod --parameter Repository=octo/app --account 444455556666",
			stdout: "arn:aws:iam::444455556666:oidc-provider"},
		{name: "explain a draft that IAM refuses", args: "explain --policy draft.json --claims claims.json",
			code: exitFailure, stdout: "-",
			stderr: `draft.json: line 7, column 51: action "sts:TagSessions" is not an action of STS that assumes a role; IAM refuses the policy`},
		{name: "explain what IAM has stored", args: "explain --policy stored.json --claims claims.json",
			stdout: "Allow: "},
		{name: "lint a draft that IAM refuses", args: "lint draft.json", code: exitRefused,
			stdout: `fix: use "sts:TagSession"`},
		{name: "explain what has not been filled in", args: "explain --policy fill.json --repository octo/app",
			code:   exitRefused,
			stdout: "Unknown: it depends on placeholder ${repository}; the file is a template: fill it in first"},
		{name: "explain what is filled in",
			args: "explain --policy fill.json --repository octo/app --parameter repository=octo/app", stdout: "Allow: "},
		{name: "explain a bad parameter", args: "explain --policy template.yaml --repository o/r --parameter x",
			code: exitUsage, stdout: "-", stderr: "use NAME=VALUE"},
		{name: "explain bad parameters",
			args: "explain --policy template.yaml --repository o/r --parameters broken.json", code: exitUsage,
			stdout: "-", stderr: "expected a list of ParameterKey"},
		{name: "explain parameters that are not there",
			args: "explain --policy template.yaml --repository o/r --parameters none.json", code: exitUsage,
			stdout: "-", stderr: "none.json"},

		{name: "lint what cannot be told", args: "lint --fail-on high template.yaml", code: exitRefused,
			stdout: "[cannot-tell]"},
		{name: "lint what is filled in", args: "lint --fail-on error --parameters set.json template.yaml",
			stdout: `[any-run]`},
		{name: "lint what has not been filled in", args: "lint fill.json", code: exitRefused,
			stdout: "the file is a template: fill it in first"},
		{name: "lint no role", args: "lint empty.yaml", stdout: "-", stderr: "empty.yaml: no role found"},
		{name: "lint counts roles", args: "lint main.json empty.yaml account.json", code: exitRefused, stdout: "role b",
			stderr: "3 files: roles read: 3"},
		{name: "inventory what cannot be told", args: "inventory template.yaml",
			stdout: "`${Repository} (unknown: parameter Repository)` | `environment prod`"},
		{name: "inventory says under what", args: "inventory --parameters set.json template.yaml",
			stdout: "`octo/app` | `every run` |  | `if parameter Stage is \"dev\"`"},
		{name: "inventory what has not been filled in", args: "inventory fill.json",
			stdout: "`${repository} (unknown: placeholder ${repository})`"},
		{name: "diff what cannot be told", args: "diff main.json template.yaml", code: exitRefused,
			stdout: "might be wider: "},
		{name: "diff json of what cannot be told", args: "diff --format json main.json template.yaml",
			code: exitRefused, stdout: `"might": true`},
		{name: "diff same template", args: "diff template.yaml template.yaml", stdout: "-"},
		{name: "diff what has not been filled in", args: "diff main.json fill.json", code: exitRefused,
			stdout: "it depends on placeholder ${repository}"},

		{name: "lint fine", args: "lint main.json", stdout: "-"},
		{name: "lint findings", args: "lint main.json wide.json", code: exitRefused, stdout: "wide.json:11:54: high:"},
		{name: "lint fail-on", args: "lint --fail-on critical wide.json", stdout: "owner-wide"},
		{name: "lint immutable", args: "lint --immutable octo/* --fail-on note main.json", stdout: "-"},
		{name: "lint account", args: "lint account.json", code: exitRefused, stdout: "role b"},
		{name: "lint standard input", args: "lint -", stdin: trustedMain, stdout: "-"},
		{name: "lint json", args: "lint --format json main.json", stdout: `"findings": []`},
		{name: "lint github", args: "lint --format github wide.json", code: exitRefused,
			stdout: "::error col=54,file=wide.json,line=11"},
		{name: "lint sarif", args: "lint --format sarif wide.json", code: exitRefused, stdout: `"version": "2.1.0"`},
		{name: "lint duplicate key", args: "lint odd.json", code: exitRefused, stdout: "[duplicate-key]"},
		{name: "lint unreadable", args: "lint --format json wide.json broken.json", code: exitFailure,
			stdout: `"owner-wide"`, stderr: "broken.json: line 1"},
		{name: "lint missing file", args: "lint none.json", code: exitFailure, stdout: "-", stderr: "none.json"},
		{name: "lint no file", args: "lint", code: exitUsage, stdout: "-",
			stderr: "expected at least 1 file, got 0; name the files to read"},
		{name: "lint late flag", args: "lint main.json --format json", code: exitUsage, stdout: "-",
			stderr: "write flags first"},
		{name: "lint bad severity", args: "lint --fail-on grave main.json", code: exitUsage, stdout: "-",
			stderr: `severity "grave" is invalid; use note, low`},

		{name: "generate", args: "generate --repository octo@1/app@2 --branch main --account 111122223333",
			stdout: "repo:octo@1/app@2:ref:refs/heads/main", stderr: "tokens without ids in the subject are refused"},
		{name: "generate with ids apart",
			args:   "generate --repository octo/app --owner-id 1 --repository-id 2 --environment prod",
			stdout: "repo:octo@1/app@2:environment:prod", stderr: "ACCOUNT_ID"},
		{name: "generate with one id", args: "generate --repository octo/app --owner-id 1 --environment prod",
			code: exitUsage, stdout: "-", stderr: "use both, as numbers"},
		{name: "generate names", args: "generate --repository octo/app --tag v1",
			stdout: "repo:octo/app:ref:refs/tags/v1", stderr: "names without ids"},
		{name: "generate several", args: "generate --repository octo@1/app@2 --repository octo@1/site@3 --pull-request",
			stdout: "repo:octo@1/site@3:pull_request", stderr: "pull requests run"},
		{name: "generate cloudformation",
			args: "generate --repository octo@1/app@2 --branch main --format cloudformation", stdout: "AWS::IAM::Role",
			stderr: "to see the form, run the action with show-claims"},
		{name: "generate terraform",
			args:   "generate --repository octo@1/app@2 --branch main --allow s3-deploy:bucket --format terraform",
			stdout: `"aws_iam_role_policy"`, stderr: "s3-deploy:bucket does not cover: older versions"},
		{name: "generate both demands",
			args:   "generate --repository octo@1/app@2 --subject-form both --environment prod --require-branch main --account 111122223333",
			stdout: `:ref": "refs/heads/main"`},
		{name: "generate either",
			args:   "generate --repository octo@1/app@2 --environment prod --branch main --account 111122223333",
			stdout: "environment:prod", stderr: "note: either suffices"},
		{name: "generate for China",
			args:   "generate --repository octo@1/app@2 --environment prod --account 111122223333 --region cn-north-1 --allow ecr-push:web",
			stdout: "arn:aws-cn:ecr:cn-north-1", stderr: "ecr-push:web does not cover"},
		{name: "generate for the sovereign cloud",
			args:   "generate --repository octo@1/app@2 --environment prod --account 111122223333 --region eusc-de-east-1 --allow ecr-push:web",
			stdout: "arn:aws-eusc:ecr:eusc-de-east-1", stderr: "ecr-push:web does not cover"},
		{name: "generate contradicting",
			args: "generate --repository octo@1/app@2 --environment prod --region cn-north-1 --partition aws",
			code: exitUsage, stdout: "-", stderr: "which is in aws-cn; remove --partition"},
		{name: "generate classic",
			args:   "generate --repository octo@1/app@2 --subject-form classic --environment prod --account 111122223333",
			stdout: `:repository_owner_id": "1"`, stderr: "tokens with ids in the subject are refused"},
		{name: "generate bad form", args: "generate --subject-form old", code: exitUsage, stdout: "-",
			stderr: `--subject-form "old" is invalid; use immutable, classic or both`},
		{name: "generate environments",
			args:   "generate --repository octo@1/app@2 --environment dev=111111111111 --environment prod=222222222222",
			stdout: `"RoleName": "github-octo-app-prod"`,
			stderr: "deploy this in each of the accounts 111111111111, 222222222222"},
		{name: "generate hub",
			args:   "generate --repository octo@1/app@2 --branch main --account 111111111111 --spoke prod=222222222222 --external-id octo-1",
			stdout: "arn:aws:iam::222222222222:role/github-octo-app-prod", stderr: "deploy the hub first"},
		{name: "generate bad spoke", args: "generate --spoke prod", code: exitUsage, stdout: "-",
			stderr: `spoke "prod" is invalid; use NAME=ACCOUNT`},
		{name: "generate nothing", args: "generate", code: exitUsage, stdout: "-", stderr: "a repository is required"},
		{name: "generate bad permission", args: "generate --allow s3:x", code: exitUsage, stdout: "-",
			stderr: `unknown template "s3"`},
		{name: "generate bad format", args: "generate --format xml", code: exitUsage, stdout: "-",
			stderr: `--format "xml" is invalid`},

		{name: "inventory", args: "inventory account.json", stdout: "| `b` | `octo@1/*` |"},
		{name: "inventory json", args: "inventory --format json account.json", stdout: `"repository": "octo@1/app@2"`},
		{name: "inventory csv", args: "inventory --format csv account.json", stdout: "b,octo@1/*,every run"},
		{name: "inventory broken", args: "inventory --format json broken.json", code: exitFailure, stdout: "-",
			stderr: "broken.json: line 1"},
		{name: "inventory bad format", args: "inventory --format xml account.json", code: exitUsage, stdout: "-",
			stderr: `--format "xml" is invalid`},

		{name: "diff same", args: "diff main.json main.json", stdout: "-"},
		{name: "diff wider", args: "diff main.json wide.json", code: exitRefused, stdout: "wide.json:11:54: StringLike"},
		{name: "diff narrower", args: "diff wide.json main.json", stdout: "-"},
		{name: "diff json", args: "diff --format json main.json wide.json", code: exitRefused,
			stdout: `"widened": true`},
		{name: "diff json same", args: "diff --format json main.json main.json", stdout: `"changes": []`},
		{name: "diff with a role more", args: "diff a.json account.json", code: exitRefused,
			stdout: "account.json:17:50: role b: new role; it trusts Federated"},
		{name: "diff with a role less", args: "diff account.json a.json", code: exitRefused,
			stdout: "account.json:17:50: role b: missing from the new document"},
		{name: "diff json with a role less", args: "diff --format json account.json a.json", code: exitRefused,
			stdout: `"widened": false`},
		{name: "diff of a renamed role", args: "diff account.json renamed.json",
			stdout: "renamed.json:1:101: role c: compared with role a of the old document"},
		{name: "diff one file", args: "diff main.json", code: exitUsage, stdout: "-",
			stderr: "main.json: not the plan of a change; name two files"},
		{name: "diff broken", args: "diff main.json broken.json", code: exitFailure, stdout: "-",
			stderr: `no role of "broken.json" could be read`},
	}
	for i, tt := range tests {
		if propertytest.LeaveOut(i, 3) {
			continue
		}
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
