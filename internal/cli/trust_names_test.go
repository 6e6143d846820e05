package cli

import (
	"os"
	"strings"
	"testing"
)

// A name that no file has must not pass for one that was set.
func TestUnknownParameterNames(t *testing.T) {
	const stack = `
Parameters: { Repository: { Type: String, Default: octo/app }, Stage: { Type: String, Default: prod } }
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          Effect: Allow
          Principal: { Federated: arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com }
          Action: sts:AssumeRoleWithWebIdentity
          Condition: { StringEquals: { "token.actions.githubusercontent.com:sub": !Sub "repo:${Repository}:environment:${Stage}" } }
`
	files := map[string]string{
		"stack.yaml":  stack,
		"other.yaml":  "Parameters: { Zone: { Type: String } }\n" + strings.TrimPrefix(stack, "\nParameters: { Repository: { Type: String, Default: octo/app }, Stage: { Type: String, Default: prod } }\n"),
		"shared.json": `{"Repository": "octo/app", "Stage": "prod", "Zone": "a"}`,
		"typo.json":   `{"Repository": "octo/app", "Stages": "dev"}`,
		"bare.json":   trustedMain,
		"fill.json":   strings.ReplaceAll(trustedMain, "octo@1/app@2", "${repository}"),
	}
	const ask = " --repository octo/app --environment prod"
	for _, tt := range []struct {
		name, args string
		code       int
		stderr     string // part of it
	}{
		{"misspelt, with a default", "explain --policy stack.yaml --parameter Repositry=octo/evil" + ask, exitUsage,
			`--parameter: "Repositry" is not a parameter of the files; use Repository, `},
		{"in another case", "lint --parameter repository=x stack.yaml", exitUsage, `"repository" is not a parameter of the files; use Repository`},
		{"of a pseudo parameter", "lint --parameter AWS::AccountID=1 stack.yaml", exitUsage, `use AWS::AccountId`},
		{"of a placeholder", "lint --parameter repositry=x fill.json", exitUsage, `use repository`},
		{"of a file without any", "inventory --parameter Repository=x bare.json", exitUsage, `they have no parameters`},
		{"in diff", "diff --parameter Stages=x stack.yaml stack.yaml", exitUsage, `use Stage, `},
		{"in a file", "explain --policy stack.yaml --parameters typo.json" + ask, exitUsage, `typo.json: "Stages" is not a parameter of the files; use Stage, `},
		{"right", "explain --policy stack.yaml --parameter Stage=prod --parameter AWS::Region=eu-west-1" + ask, exitFine, ""},
		{"an account", "explain --policy bare.json --account 111122223333 --repository octo/app --owner-id 1 --repository-id 2", exitFine, ""},
		{"known to one of several files", "lint --fail-on critical --parameter Zone=a stack.yaml other.yaml", exitFine, ""},
		{"known to the old file only", "diff --parameter Stage=prod stack.yaml bare.json", exitRefused, ""},
		{"shared file that leaves nothing", "explain --policy stack.yaml --parameters shared.json" + ask, exitFine, `shared.json: "Zone" is not a parameter of the files; ignored`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for name, content := range files {
				if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got := runTrustHere("", strings.Fields(tt.args)...)
			if got.code != tt.code || !strings.Contains(got.stderr, tt.stderr) || tt.code == exitUsage && got.stdout != "" {
				t.Errorf("exit code %d, want %d\n%s%s", got.code, tt.code, got.stdout, got.stderr)
			}
		})
	}
}
