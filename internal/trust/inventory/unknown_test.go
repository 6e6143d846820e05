package inventory

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

const github = "token.actions.githubusercontent.com"

// outline lists a document: repository, runs, further conditions, and
// provider or principal of each entry.
func outline(t *testing.T, src string) []string {
	t.Helper()
	entries, err := List(document.Roles(t.Context(), strings.NewReader(src), document.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprintf("%s | %s | %s | %s", e.Repository, e.Runs, e.Further, strings.ReplaceAll(e.Provider+e.Principal, github, "G")))
	}
	return all
}

func template(statements string) string {
	return `
Parameters: { Who: { Type: String }, Stage: { Type: String, AllowedValues: [dev, prod] } }
Conditions: { Prod: !Equals [!Ref Stage, prod] }
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
` + statements
}

func statement(principal, action, condition string) string {
	return strings.ReplaceAll(fmt.Sprintf("          - { Effect: Allow, Principal: %s, Action: %q, Condition: { %s } }\n", principal, action, condition), "G:", github+":")
}

func TestWhatIsUnknownIsSaidToBe(t *testing.T) {
	const provider = `{ Federated: "arn:aws:iam::111122223333:oidc-provider/` + github + `" }`
	grant := func(condition string) string {
		return template(statement(provider, trust.WebIdentityAction, condition))
	}
	tests := []struct {
		name, src string
		want      []string
	}{
		{"subject", grant(`StringLike: { "G:sub": !Ref Who }`), []string{"unknown: parameter Who | unknown: parameter Who |  | G"}},
		{"one name for owner and repository", grant(`StringLike: { "G:sub": !Sub "repo:${Who}:*" }`), []string{"${Who} (unknown: parameter Who) | every run |  | G"}},
		{"owner", grant(`StringLike: { "G:sub": !Sub "repo:${Who}/app:pull_request" }`), []string{"${Who}/app (unknown: parameter Who) | pull requests |  | G"}},
		{"every repository of an owner", grant(`StringLike: { "G:sub": !Sub "repo:${Who}/*" }`), []string{"${Who}/* (unknown: parameter Who) | every run |  | G"}},
		{"branch", grant(`StringLike: { "G:sub": !Sub "repo:octo/app:ref:refs/heads/${Who}" }`), []string{"octo/app | branch ${Who} (unknown: parameter Who) |  | G"}},
		{"all that follows", grant(`StringLike: { "G:sub": !Sub "repo:octo/${Who}" }`), []string{"octo/${Who} (unknown: parameter Who) | ${Who} (unknown: parameter Who) |  | G"}},
		{"conditions", grant(`StringLike: !GetAtt C.Value`), []string{"unknown: reference C.Value | unknown: reference C.Value | conditions unknown: reference C.Value | G"}},
		{"statement", template("          - !Ref Who\n"), []string{"unknown: parameter Who | unknown: parameter Who |  | "}},
		{"provider", template(statement(`{ Federated: !Ref Who }`, trust.WebIdentityAction, `StringLike: { "aws:SourceIp": "192.0.2.1" }`)),
			[]string{"every repository | every run | aws:SourceIp StringLike 192.0.2.1 | unknown: parameter Who"}},
		{"branches of the template", grant(`StringLike: { "G:sub": !If [Prod, "repo:octo/app:environment:prod", "repo:octo/app:*"] }`), []string{
			`octo/app | every run | if parameter Stage is "dev" | G`, `octo/app | environment prod | if parameter Stage is "prod" | G`}},
		{"what all branches have", grant(`StringLike: { "G:sub": ["repo:octo/app:pull_request", !If [Prod, "repo:octo/app:environment:prod", !Ref "AWS::NoValue"]] }`), []string{
			"octo/app | pull requests |  | G", `octo/app | environment prod | if parameter Stage is "prod" | G`}},
		{"repository by an id", grant(`StringEquals: { "G:repository_id": !Ref Who }`), []string{"id ${Who} (unknown: parameter Who) | every run |  | G"}},
		{"customized subject with an id", grant(`StringLike: { "G:sub": !Sub "repository_id:${Who}:environment:prod" }`), []string{
			"id ${Who} (unknown: parameter Who) | customized subject repository_id:${Who}:environment:prod |  | G"}},
		{"enterprise, if the token has one", grant(`StringEqualsIfExists: { "G:enterprise_id": "7" }`), []string{"every repository | every run | enterprise_id StringEqualsIfExists 7 | G"}},
		{"claims that limit nothing", grant(`StringNotEquals: { "G:actor": x }`), []string{"every repository | every run, except actor x | actor StringNotEquals x | G"}},
		{"Deny on a key of AWS", template(statement(provider, trust.WebIdentityAction, `StringLike: { "G:sub": "repo:octo/app:*" }`) +
			`          - { Effect: Deny, Principal: "*", Action: "*", Condition: { IpAddress: { "aws:SourceIp": "192.0.2.1" } } }` + "\n"), []string{
			"octo/app | every run, except aws:SourceIp 192.0.2.1 | not if aws:SourceIp IpAddress 192.0.2.1 | G"}},
		{"placeholder", grant(`StringLike: { "G:sub": "repo:<ORG>/app:*" }`), []string{"<ORG>/app (unknown: placeholder <ORG>) | every run |  | G"}},

		{"other principals", template(statement(provider, trust.WebIdentityAction, `StringLike: { "G:sub": "repo:octo/app:*" }`) +
			statement(`{ AWS: ["444455556666", !Ref Who], Service: ec2.amazonaws.com }`, "sts:AssumeRole", `StringEquals: { "sts:ExternalId": x }`)), []string{
			"octo/app | every run |  | G",
			" | none: another principal, by sts:AssumeRole | sts:ExternalId StringEquals x | AWS 444455556666",
			" | none: another principal, by sts:AssumeRole | sts:ExternalId StringEquals x | AWS ${Who}",
			" | none: another principal, by sts:AssumeRole | sts:ExternalId StringEquals x | Service ec2.amazonaws.com"}},
		{"roles that are not about GitHub", template(statement(`{ Service: ec2.amazonaws.com }`, "sts:AssumeRole", "")), nil},
		{"everyone besides", template(statement(provider, trust.WebIdentityAction, `StringLike: { "G:sub": "repo:octo/app:*" }`) + statement(`"*"`, "sts:AssumeRole", "")), []string{
			"octo/app | every run |  | G", " | none: another principal, by sts:AssumeRole |  | everyone (*)"}},

		{"key of another provider", grant(`StringLike: { "` + github + `/octo:sub": "repo:octo/app:*" }`), []string{
			` | none: condition key "token.actions.githubusercontent.com/octo:sub" belongs to another provider than the principal | sub StringLike repo:octo/app:* | G`}},
		{"claim without a key", grant(`StringEquals: { "G:repository_owner": octo, "G:sub": "repo:octo/app:pull_request" }`), []string{
			` | none: repository_owner is a claim of the token, but IAM has no condition key for it | repository_owner StringEquals octo; sub StringEquals repo:octo/app:pull_request | G`}},
		{"conditions that contradict", grant(`StringEquals: { "G:sub": "repo:octo/app:pull_request" }, StringLike: { "G:sub": "repo:octo/site:*" }`), []string{
			` | none: no sub meets both StringLike and StringEquals | sub StringEquals repo:octo/app:pull_request; sub StringLike repo:octo/site:* | G`}},
		{"no value", grant(`StringEquals: { "G:sub": [] }`), []string{` | none: StringEquals on token.actions.githubusercontent.com:sub lists no values | sub StringEquals  | G`}},
		{"Deny of everything", template(statement(provider, trust.WebIdentityAction, `StringLike: { "G:sub": "repo:octo/app:*" }`) + "          - { Effect: Deny, Principal: \"*\", Action: \"*\" }\n"), []string{
			" | none: the Deny statement on line 12 has no condition | sub StringLike repo:octo/app:* | G"}},
		{"wrong action", template(statement(provider, "sts:AssumeRole", "")), []string{" | none: sts:AssumeRole does not accept tokens; sts:AssumeRoleWithWebIdentity does |  | G"}},
		{"what is excluded", grant(`StringLike: { "G:sub": "repo:octo/app:*" }, StringNotLike: { "G:sub": "*:pull_request" }`), []string{
			"octo/app | every run, except sub *:pull_request | sub StringNotLike *:pull_request | G"}},
		{"what is excluded elsewhere", grant(`StringLike: { "G:sub": "repo:octo/app:environment:prod" }, StringNotLike: { "G:sub": "*:pull_request" }`), []string{
			"octo/app | environment prod | sub StringNotLike *:pull_request | G"}},
		{"what is denied", template(statement(provider, trust.WebIdentityAction, `StringLike: { "G:sub": "repo:octo/app:*" }`) +
			`          - { Effect: Deny, Principal: "*", Action: "*", Condition: { StringEquals: { "` + github + `:actor": x } } }` + "\n"), []string{
			"octo/app | every run, except actor x | not if actor StringEquals x | G"}},
		{"too long", fmt.Sprintf(`{"Statement": {"Effect": "Allow", "Action": "*", "Principal": {"AWS": %q}}}`, strings.Repeat("x", trust.MaxLength)),
			[]string{" | unknown | the trust policy has 8260 characters; IAM stores at most 8192 | "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, outline(t, tt.src)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
