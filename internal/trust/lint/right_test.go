package lint

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

// Policies of roles as teams run them, in which nothing is wrong: G is GitHub's
// host, ARN its provider's. A note, such as that an environment's protection
// cannot be seen, is no complaint.
var rightPolicies = map[string]string{
	"branch": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}}}`,
	"environment under StringLike": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": ["sts:AssumeRoleWithWebIdentity"], "Condition": {
		"StringEquals": {"G:aud": ["sts.amazonaws.com"]}, "StringLike": {"G:sub": ["repo:octo@1/app@2:environment:prod"]}}}`,
	"classic subject with ids beside": `{"Sid": "GitHubDeploy", "Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo/app:ref:refs/heads/main", "G:repository_id": "2", "G:repository_owner_id": "1"}}}`,
	"ids as numbers": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo/app:environment:prod"}, "NumericEquals": {"G:repository_id": 2, "G:repository_owner_id": 1}}}`,
	"two branches and a release branch": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com"}, "StringLike": {"G:sub": ["repo:octo@1/app@2:ref:refs/heads/main", "repo:octo@1/app@2:ref:refs/heads/release/*"]}}}`,
	"many repositories": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": ["repo:octo@1/app@2:ref:refs/heads/main", "repo:octo@1/api.v2@3:ref:refs/heads/main", "repo:octo@1/_site-3@4:environment:prod"]}}}`,
	"reusable workflow of an owner": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:repository_owner_id": "1", "G:job_workflow_ref": "octo/deploy/.github/workflows/deploy.yml@refs/heads/main"},
		"StringLike": {"G:sub": "repo:octo@1/*"}}}`,
	"environment and branch": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:environment:prod", "G:ref": "refs/heads/main"}}}`,
	"network and time": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main", "aws:RequestedRegion": ["eu-central-1", "us-gov-west-1"]},
		"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}, "DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}, "Bool": {"aws:SecureTransport": "true"},
		"StringLike": {"sts:RoleSessionName": "gha-*"}}}`,
	"denied pull requests": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:environment:prod"}}},
		{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {"G:ref": "refs/pull/*"}}}`,
	"people and a service beside": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}}},
		{"Effect": "Allow", "Principal": {"AWS": ["111122223333", "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0123456789abcdef",
			"arn:aws:sts::111122223333:assumed-role/hub/session"]}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], "Condition": {
			"StringEquals": {"sts:ExternalId": "x", "aws:PrincipalOrgID": "o-1234567890", "aws:PrincipalTag/team": "ops"}, "Bool": {"aws:MultiFactorAuthPresent": "true"},
			"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy-*"}}},
		{"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}, "Action": "sts:AssumeRole", "Condition": {
			"StringEquals": {"aws:SourceAccount": "111122223333"}, "ArnLike": {"aws:SourceArn": "arn:aws:lambda:eu-central-1:111122223333:function:*"}}}`,
	"Kubernetes beside": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}}},
		{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0123"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
			"StringEquals": {"oidc.eks.eu-central-1.amazonaws.com/id/0123:aud": "sts.amazonaws.com", "oidc.eks.eu-central-1.amazonaws.com/id/0123:sub": "system:serviceaccount:ns:name"}}}`,
	"tags beside": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"], "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}}}`,
	"China": `{"Effect": "Allow", "Principal": {"Federated": "arn:aws-cn:iam::111122223333:oidc-provider/G"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com.cn", "G:sub": "repo:octo@1/app@2:ref:refs/heads/main"}}}`,
	"data residency": `{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.octo.ghe.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"token.actions.octo.ghe.com:aud": "sts.amazonaws.com", "token.actions.octo.ghe.com:sub": "repo:octo@1/app@2:ref:refs/heads/main"}}}`,
	"issuer of an enterprise": `{"Effect": "Allow", "Principal": {"Federated": "ARN/octo"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G/octo:aud": "sts.amazonaws.com", "G/octo:sub": "repo:octo@1/app@2:ref:refs/heads/main"}}}`,
	"managed user": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repo:ann_octo@1/dotfiles@2:ref:refs/heads/main"}}}`,
	"customized subject": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": "repository_id:2:environment:prod"}}}`,
	"names of environments": `{"Effect": "Allow", "Principal": {"Federated": "ARN"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
		"StringEquals": {"G:aud": "sts.amazonaws.com", "G:sub": ["repo:octo@1/app@2:environment:Produktion Süd", "repo:octo@1/app@2:environment:eu/prod (blue)", "repo:octo@1/app@2:environment:eu%3Aprod"]}}}`,
}

func TestNothingIsWrong(t *testing.T) {
	for name, statements := range rightPolicies {
		t.Run(name, func(t *testing.T) {
			src := strings.NewReplacer(`"ARN`, `"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com`,
				`"G`, `"token.actions.githubusercontent.com`, `/G"`, `/token.actions.githubusercontent.com"`, `${G`, `${token.actions.githubusercontent.com`,
				`"Sid": "GitHub`, `"Sid": "GitHub`).Replace(`{"Version": "2012-10-17", "Statement": [` + statements + `]}`)
			for role, err := range document.Roles(t.Context(), strings.NewReader(src), document.Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range Check(role, Options{}) {
					if f.Severity > Note {
						t.Errorf("%d:%d %s: %s [%s]", f.Line, f.Column, f.Severity, f.Message, f.Rule)
					}
				}
			}
		})
	}
}
