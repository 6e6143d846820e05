package diff

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/inventory"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

// FuzzTemplate holds for every document: it is read within its budget, it is
// not wider than itself, and lint, inventory and the evaluator can judge what
// is read of it.
func FuzzTemplate(f *testing.F) {
	files, err := filepath.Glob("../lint/testdata/rules/cannot-tell/*.*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	const prod = "Conditions: { Prod: !Equals [!Ref Stage, prod] }"
	f.Add(templateOf(prod, allow(`{ StringLike: { "g:sub": !If [Prod, !Sub "repo:${Who}:*", !Select [0, !Split [",", !Ref List]]] } }`)))
	f.Add(templateOf("Mappings: { M: { a: { b: c } } }", allow(`{ StringLike: !FindInMap [M, !Ref Who, b] }`)))
	f.Add(`{"Resources": {"Fn::ForEach::L": ["X", ["1", "2"], {"R${X}": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Fn::Sub": "{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"${X}\", \"Principal\": \"*\"}}"}}}}]}}`)
	f.Add("Resources: {S: {Type: AWS::CloudFormation::StackSet, Properties: {TemplateBody: !Sub 'Resources: {R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: \"${X}\"}}}'}}}")
	f.Add("a: &a {b: *a}\nResources: {<<: *a}")
	f.Fuzz(func(t *testing.T, src string) {
		var roles []document.Role
		for role, err := range document.Roles(t.Context(), strings.NewReader(src), document.Options{}) {
			if err != nil {
				return
			}
			roles = append(roles, role)
		}
		for _, role := range roles {
			for _, finding := range lint.Check(role, lint.Options{}) {
				if finding.Line < 1 || finding.Message == "" {
					t.Errorf("finding %+v", finding)
				}
			}
			result := role.Policies.Evaluate(trust.Request{Action: trust.WebIdentityAction, Principal: trust.Principal{Type: "Federated", ID: "p"}})
			if (result.Decision == trust.Undetermined) != (len(result.DependsOn) > 0) {
				t.Errorf("%s, depends on %q", result.Decision, result.DependsOn)
			}
			for _, change := range compareRoles(trust.NewEffort(maxEffort), role, role) {
				if change.Kind != Unreadable {
					t.Errorf("wider than itself: %+v", change)
				}
			}
		}
		if _, err := inventory.List(func(yield func(document.Role, error) bool) {
			for _, role := range roles {
				if !yield(role, nil) {
					return
				}
			}
		}); err != nil {
			t.Error(err)
		}
	})
}
