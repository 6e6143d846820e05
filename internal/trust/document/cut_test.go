package document

import (
	"strconv"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/propertytest"
)

// wholeForms are documents of JSON with two roles each, by form.
func wholeForms() map[string]string {
	listed := func(name string) string {
		return `{"RoleName": "` + name + `", "MaxSessionDuration": 3600, "Tags": [], "AssumeRolePolicyDocument": ` + admitting(name) + `}`
	}
	resource := func(name string) string {
		return `{"Type": "AWS::IAM::Role", "Properties": {"RoleName": "` + name + `", "AssumeRolePolicyDocument": ` + admitting(name) + `}}`
	}
	template := `{"Resources": {"A": ` + resource("a") + `, "B": ` + resource("b") + `}}`
	values := func(name string) string {
		return `{"address": "aws_iam_role.` + name + `", "mode": "managed", "type": "aws_iam_role", "values": {"name": "` + name + `", "assume_role_policy": ` + asText(name) + `}}`
	}
	item := func(name string) string {
		return `{"resourceType": "AWS::IAM::Role", "resourceName": "` + name + `", "configuration": {"assumeRolePolicyDocument": ` + asText(name) + `}}`
	}
	manifest := func(name string) string {
		return `{"apiVersion": "iam.services.k8s.aws/v1alpha1", "kind": "Role", "metadata": {"name": "` + name + `"}, "spec": {"assumeRolePolicyDocument": ` + asText(name) + `}}`
	}
	return map[string]string{
		"roles":            `{"IsTruncated": false, "Roles": [` + listed("a") + `, ` + listed("b") + `]}`,
		"details":          `{"UserDetailList": [], "RoleDetailList": [` + listed("a") + `, ` + listed("b") + `]}`,
		"list":             `[` + listed("a") + `, ` + listed("b") + `]`,
		"policies":         `[` + admitting("a") + `, ` + admitting("b") + `]`,
		"template":         template,
		"template body":    `{"StagesAvailable": ["Original"], "TemplateBody": ` + template + `}`,
		"template in text": `{"TemplateBody": ` + strconv.Quote(template) + `}`,
		"terraform show":   `{"format_version": "1.0", "values": {"outputs": {}, "root_module": {"resources": [` + values("a") + `], "child_modules": [1, {"resources": [` + values("b") + `]}]}}}`,
		"terraform state": `{"version": 4, "lineage": "x", "resources": [{"mode": "managed", "type": "aws_iam_role", "name": "r", "instances": [
			{"index_key": "a", "attributes": {"name": "a", "assume_role_policy": ` + asText("a") + `}}, {"index_key": "b", "attributes": {"name": "b", "assume_role_policy": ` + asText("b") + `}}]}]}`,
		"pulumi": `{"version": 3, "deployment": {"manifest": {}, "resources": [{"urn": "urn:pulumi:dev::p::aws:iam/role:Role::a", "type": "aws:iam/role:Role", "outputs": {"name": "a", "assumeRolePolicy": ` + asText("a") + `}},
			{"urn": "urn:pulumi:dev::p::aws:iam/role:Role::b", "type": "aws:iam/role:Role", "outputs": {"name": "b", "assumeRolePolicy": ` + asText("b") + `}}]}}`,
		"config":             `{"fileVersion": "1.0", "configurationItems": [` + item("a") + `, ` + item("b") + `]}`,
		"config query":       `{"Results": [` + strconv.Quote(item("a")) + `, ` + strconv.Quote(item("b")) + `], "QueryInfo": {}}`,
		"config query parts": `{"Results": [{"resourceName": "a", "configuration.assumeRolePolicyDocument": ` + asText("a") + `}, {"resourceName": "b", "configuration.assumeRolePolicyDocument": ` + asText("b") + `}]}`,
		"manifests":          `{"apiVersion": "v1", "kind": "List", "items": [` + manifest("a") + `, ` + manifest("b") + `]}`,
	}
}

// A document that ends too early, as a download that was interrupted, is never
// taken for a whole one, wherever it is cut.
func TestCutDocuments(t *testing.T) {
	for name, src := range wholeForms() {
		t.Run(name, func(t *testing.T) {
			for end := 1; end < len(src); end++ {
				if propertytest.LeaveOut(end, 16) {
					continue
				}
				if reportsCut(t, src[:end]) {
					continue
				}
				t.Fatalf("no error of what ends with …%q", src[max(0, end-40):end])
			}
		})
	}
}

func reportsCut(t *testing.T, src string) (reported bool) {
	t.Helper()
	for role, err := range Roles(t.Context(), strings.NewReader(src), Options{}) {
		reported = reported || err != nil || role.Err != nil
	}
	return reported
}

// A caller that has seen enough gets no second role, and a whole document has
// two.
func TestCallersThatStop(t *testing.T) {
	for name, src := range wholeForms() {
		t.Run(name, func(t *testing.T) {
			var names []string
			for role, err := range Roles(t.Context(), strings.NewReader(src), Options{}) {
				if err != nil || role.Err != nil || len(role.Policies) != 1 {
					t.Fatalf("%v, %v", err, role.Err)
				}
				names = append(names, role.Policies[0].Statements[0].Conditions[0].Values[0].Text)
			}
			if strings.Join(names, " ") != "a b" {
				t.Errorf("roles that admit %q", names)
			}
			for range Roles(t.Context(), strings.NewReader(src), Options{}) {
				break // the runtime panics if the iterator goes on
			}
		})
	}
}
