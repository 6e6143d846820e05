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
		{name: "misspelled, with a default", args: "explain --policy stack.yaml --parameter Repositry=octo/evil" + ask,
			code: exitUsage, stderr: `--parameter: "Repositry" is not a parameter of the files; use Repository, `},
		{name: "in another case", args: "lint --parameter repository=x stack.yaml", code: exitUsage,
			stderr: `"repository" is not a parameter of the files; use Repository`},
		{name: "of a pseudo parameter", args: "lint --parameter AWS::AccountID=1 stack.yaml", code: exitUsage,
			stderr: `use AWS::AccountId`},
		{name: "of a placeholder", args: "lint --parameter repositry=x fill.json", code: exitUsage,
			stderr: `use repository`},
		{name: "of a file without any", args: "inventory --parameter Repository=x bare.json", code: exitUsage,
			stderr: `they have no parameters`},
		{name: "in diff", args: "diff --parameter Stages=x stack.yaml stack.yaml", code: exitUsage,
			stderr: `use Stage, `},
		{name: "in a file", args: "explain --policy stack.yaml --parameters typo.json" + ask, code: exitUsage,
			stderr: `typo.json: "Stages" is not a parameter of the files; use Stage, `},
		{name: "right",
			args: "explain --policy stack.yaml --parameter Stage=prod --parameter AWS::Region=eu-west-1" + ask},
		{name: "an account",
			args: "explain --policy bare.json --account 111122223333 --repository octo/app --owner-id 1 --repository-id 2"},
		{name: "known to one of several files",
			args: "lint --fail-on critical --parameter Zone=a stack.yaml other.yaml"},
		{name: "known to the old file only", args: "diff --parameter Stage=prod stack.yaml bare.json",
			code: exitRefused},
		{name: "shared file that leaves nothing", args: "explain --policy stack.yaml --parameters shared.json" + ask,
			stderr: `shared.json: "Zone" is not a parameter of the files; ignored`},
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
