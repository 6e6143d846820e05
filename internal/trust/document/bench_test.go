package document

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// largeTemplate is about as large as CloudFormation takes, in resources and
// bytes.
func largeTemplate() string {
	var b strings.Builder
	b.WriteString(`
Parameters: { Org: { Type: String }, Stage: { Type: String, AllowedValues: [dev, prod] } }
Conditions: { Live: !Equals [!Ref Stage, prod] }
Resources:
`)
	for i := range 480 {
		fmt.Fprintf(&b, `
  Role%d:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "deploy-%[1]d-${Stage}"
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
`, i)
		for j := range 3 {
			fmt.Fprintf(&b, `
          - Effect: Allow
            Principal:
              Federated: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com"
            Action: sts:AssumeRoleWithWebIdentity
            Condition:
              StringEquals:
                token.actions.githubusercontent.com:aud: sts.amazonaws.com
              StringLike:
                token.actions.githubusercontent.com:sub:
                  - !Sub "repo:${Org}/app%d-%d:environment:${Stage}"
                  - !If [Live, !Sub "repo:${Org}/app%[1]d-%[2]d:ref:refs/heads/main", !Ref AWS::NoValue]
`, i, j)
		}
	}
	return b.String()
}

// BenchmarkTemplate compares resolving a large template with nothing but
// parsing its YAML.
func BenchmarkTemplate(b *testing.B) {
	src := largeTemplate()
	b.Run("roles", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			for _, err := range Roles(context.Background(), strings.NewReader(src), Options{}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("yaml", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			var n yaml.Node
			if err := yaml.Load([]byte(src), &n); err != nil {
				b.Fatal(err)
			}
		}
	})
}
