package document

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// admitting returns a policy with one subject, in one line.
func admitting(subject string) string {
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "p"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {"sub": "` + subject + `"}}}]}`
}

// asText returns it as a string of JSON.
func asText(subject string) string { return strconv.Quote(admitting(subject)) }

// formRoles lists the roles of a document in one line each: name, logical id,
// ARN, what subjects it admits and what is unknown; then the error.
func formRoles(src string, o Options) (lines []string) {
	for role, err := range Roles(context.Background(), iotest.HalfReader(strings.NewReader(src)), o) {
		if err != nil {
			return append(lines, "error: "+err.Error())
		}
		line := strings.Join([]string{role.Name, role.LogicalID, role.ARN}, "|")
		if role.Err != nil {
			at, _, _ := strings.Cut(role.Err.Error(), ": ")
			line += " unreadable at " + at
		}
		for _, p := range role.Policies {
			for _, s := range p.Statements {
				if s.Unknown != nil {
					line += fmt.Sprintf(" ?%q", s.Unknown.DependsOn)
				}
				for _, c := range s.Conditions {
					line += " " + c.Values[0].Text
				}
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// utf16Text encodes a text with a byte-order mark.
func utf16Text(text string, bigEndian bool) string {
	var b strings.Builder
	for _, unit := range append([]uint16{0xfeff}, utf16.Encode([]rune(text))...) {
		high, low := byte(unit>>8), byte(unit)
		if bigEndian {
			b.Write([]byte{high, low})
		} else {
			b.Write([]byte{low, high})
		}
	}
	return b.String()
}

func TestForms(t *testing.T) {
	role := func(name, subject string) string {
		return `{"Path": "/", "RoleName": "` + name + `", "RoleId": "AROA", "Arn": "arn:aws:iam::1:role/` + name + `", "AssumeRolePolicyDocument": ` + admitting(subject) + `, "MaxSessionDuration": 3600}`
	}
	template := `{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ` + admitting("a") + `}}}}`
	item := func(subject, time, status string) string {
		return `{"resourceType": "AWS::IAM::Role", "resourceName": "n", "arn": "arn:aws:iam::1:role/n", "configurationItemCaptureTime": "` + time + `", "configurationItemStatus": "` + status +
			`", "configuration": {"roleName": "n", "assumeRolePolicyDocument": "` + url.PathEscape(admitting(subject)) + `"}}`
	}
	manifest := func(group, spec string) string {
		return "apiVersion: " + group + "\nkind: Role\nmetadata:\n  name: m\nspec:\n" + spec
	}
	tests := []struct {
		name, src string
		want      []string
	}{
		// the AWS command line
		{"--query Role", role("r", "a"), []string{"r||arn:aws:iam::1:role/r a"}},
		{"--query Role without policy", `{"RoleName": "r", "Arn": "arn"}`, []string{`r||arn unreadable at line 1, column 1`}},
		{"--query Roles[]", "[" + role("r", "a") + "," + role("s", "b") + "]", []string{"r||arn:aws:iam::1:role/r a", "s||arn:aws:iam::1:role/s b"}},
		{"--query Roles[].[RoleName, AssumeRolePolicyDocument]", `[["r", ` + admitting("a") + `], ["s", ` + admitting("b") + `]]`, []string{"|| a", "|| b"}},
		{"--query Roles[].AssumeRolePolicyDocument", `[` + admitting("a") + `]`, []string{"|| a"}},
		{"list-roles as YAML", "Roles:\n- Arn: arn:aws:iam::1:role/r\n  RoleName: r\n  AssumeRolePolicyDocument:\n    Statement:\n    - {Effect: Allow, Principal: {Federated: p}, Action: sts:AssumeRoleWithWebIdentity, Condition: {StringLike: {sub: a}}}\n    Version: '2012-10-17'\n- RoleName: s\n", []string{"r||arn:aws:iam::1:role/r a", `s|| unreadable at line 8, column 3`}},
		{"get-role as YAML", "Role:\n  RoleName: r\n  AssumeRolePolicyDocument: " + admitting("a"), []string{"r|| a"}},
		{"get-template of JSON", `{"StagesAvailable": ["Original"], "TemplateBody": ` + template + `}`, []string{"R|R| a"}},
		{"get-template of YAML", `{"TemplateBody": "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties: {AssumeRolePolicyDocument: !Ref Other}\n"}`, []string{`R|R| ?["reference Other"]`}},
		{"--query TemplateBody", strconv.Quote("Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties: {AssumeRolePolicyDocument: " + admitting("a") + "}\n"), []string{"R|R| a"}},
		{"get-template as YAML", "StagesAvailable: [Original]\nTemplateBody: |\n  Resources:\n    R:\n      Type: AWS::IAM::Role\n      Properties: {AssumeRolePolicyDocument: " + admitting("a") + "}\n", []string{"R|R| a"}},

		// policies
		{"policy in YAML", "Version: 2012-10-17\nStatement:\n  Effect: Allow\n  Principal: {Federated: p}\n  Action: sts:AssumeRoleWithWebIdentity\n  Condition: {StringLike: {sub: a}}\n", []string{"|| a"}},
		{"part of a template", "Statement:\n  Effect: Allow\n  Principal: {Federated: p}\n  Action: sts:AssumeRoleWithWebIdentity\n  Condition: {StringLike: {sub: !Ref Who}}\n", []string{"|| ${Who}"}},
		{"several documents", "---\n" + admitting("a") + "\n---\n---\n" + admitting("b") + "\n...\n", []string{"|| a", "|| b"}},
		{"policy as a text", asText("a"), []string{"|| a"}},
		{"URL-encoded", url.PathEscape(admitting("a")), []string{"|| a"}},
		{"Statement first", `{"Statement": [], "Version": "x"}`, []string{`|| unreadable at line 1, column 30`}},
		{"in other letters", `{"version": "2012-10-17", "statement": [{"effect": "Allow"}]}`, []string{`|| unreadable at line 1, column 2`}},
		{"with something else", `{"Comment": {"a": 1}, "Statement": []}`, []string{`|| unreadable at line 1, column 2`}},
		{"of permissions", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}`, []string{"error: line 1, column 1: unknown form: a policy of permissions: it has resources and no principals" + listed}},
		{"of a resource", `{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": "*"}]}`, []string{"error: line 1, column 1: unknown form: a policy of a resource: it allows no action of STS" + listed}},
		{"with a resource by mistake", `{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole"], "Resource": "*"}]}`, []string{"|| unreadable at line 1, column 84"}},
		{"UTF-16, little end first", utf16Text(role("rôle🚀", "a"), false), []string{"rôle🚀||arn:aws:iam::1:role/rôle🚀 a"}},
		{"UTF-16, big end first", utf16Text(role("r", "a"), true), []string{"r||arn:aws:iam::1:role/r a"}},
		{"UTF-16 of YAML", utf16Text("Statement: {Effect: Allow, Principal: {Federated: p}, Action: sts:AssumeRole, Condition: {StringLike: {sub: a}}}\r\n", false), []string{"|| a"}},
		{"UTF-16 that is cut", utf16Text(role("r", "a"), true) + "x", []string{"r||arn:aws:iam::1:role/r a", "error: text is not valid UTF-16, as its byte-order mark says"}},
		{"UTF-16 with half a pair", utf16Text("[\"", false) + "\x00\xd8\x22\x00", []string{"error: text is not valid UTF-16, as its byte-order mark says"}},

		// Terraform
		{"state file", `{"version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x", "outputs": {}, "resources": [
			{"mode": "data", "type": "aws_iam_role", "name": "d", "instances": [{"attributes": {"name": "d", "assume_role_policy": ` + asText("d") + `}}]},
			{"mode": "managed", "type": "aws_iam_role", "name": "r", "instances": [{"attributes": {"name": "n", "arn": "arn:aws:iam::1:role/n", "assume_role_policy": ` + asText("a") + `}}]},
			{"module": "module.m[0]", "mode": "managed", "type": "aws_iam_role", "name": "r", "instances": [
				{"index_key": "k", "attributes": {"name": "k", "assume_role_policy": ` + asText("b") + `}}, {"index_key": 1, "attributes": {"assume_role_policy": "broken"}}]}]}`,
			[]string{"n|aws_iam_role.r|arn:aws:iam::1:role/n a", `k|module.m[0].aws_iam_role.r["k"]| b`,
				`module.m[0].aws_iam_role.r[1]|module.m[0].aws_iam_role.r[1]| unreadable at line 5, column 342`}},
		{"state file in another order", `{"lineage": "x", "resources": [{"instances": [{"attributes": {"assume_role_policy": ` + asText("a") + `, "name": "n"}}], "mode": "managed", "name": "r", "type": "aws_iam_role"}], "version": 4}`,
			[]string{"n|aws_iam_role.r| a"}},
		{"state file of an old version", `{"version": 3, "resources": []}`, []string{`error: line 1, column 1: unknown form: a Terraform state of version "3"; version 4 is read` + listed}},
		{"encrypted state", `{"serial": 1, "lineage": "x", "meta": {}, "encrypted_data": "x"}`, []string{`error: line 1, column 1: unknown form: an object with "serial", "lineage", "meta", "encrypted_data"` + listed}},
		{"show of a state", `{"format_version": "1.0", "terraform_version": "1.9.0", "values": {"outputs": {}, "root_module": {"resources": [
			{"address": "aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "name": "r", "values": {"name": "n", "assume_role_policy": ` + asText("a") + `}},
			{"address": "awscc_iam_role.c", "mode": "managed", "type": "awscc_iam_role", "values": {"role_name": "c", "assume_role_policy_document": ` + asText("c") + `}}],
			"child_modules": [{"address": "module.m", "child_modules": [{"resources": [{"address": "module.m.module.n.aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "values": {"name": "m", "assume_role_policy": ` + asText("b") + `}}]}]}]}}}`,
			[]string{"n|aws_iam_role.r| a", "c|awscc_iam_role.c| c", "m|module.m.module.n.aws_iam_role.r| b"}},
		{"show of an empty state", `{"format_version": "1.0", "terraform_version": "1.9.0"}`, nil},
		{"plan", plan, []string{
			"n|aws_iam_role.r| after",
			`aws_iam_role.fresh|aws_iam_role.fresh| ?["attribute assume_role_policy of aws_iam_role.fresh"]`,
			"only|aws_iam_role.only| only",
		}},

		// Pulumi
		{"stack export", `{"version": 3, "deployment": {"manifest": {}, "resources": [
			{"urn": "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "type": "pulumi:pulumi:Stack"},
			{"urn": "urn:pulumi:dev::p::aws:iam/role:Role::r", "type": "aws:iam/role:Role", "inputs": {"assumeRolePolicy": "x"}, "outputs": {"name": "r-1", "arn": "arn:aws:iam::1:role/r-1", "assumeRolePolicy": ` + asText("a") + `}},
			{"urn": "urn:pulumi:dev::p::aws-native:iam:Role::s", "type": "aws-native:iam:Role", "outputs": {"roleName": "s", "assumeRolePolicyDocument": ` + admitting("b") + `}},
			{"urn": "urn:pulumi:dev::p::aws:iam/role:Role::t", "type": "aws:iam/role:Role", "outputs": {"name": "t", "assumeRolePolicy": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}}}]}}`,
			[]string{"r-1|p::aws:iam/role:Role::r|arn:aws:iam::1:role/r-1 a", "s|p::aws-native:iam:Role::s| b",
				`t|p::aws:iam/role:Role::t| ?["attribute assumeRolePolicy of p::aws:iam/role:Role::t"]`}},
		{"checkpoint", `{"version": 3, "checkpoint": {"stack": "dev", "latest": {"resources": [{"urn": "u", "type": "aws:iam/role:Role", "outputs": {"name": "r", "assumeRolePolicy": ` + asText("a") + `}}]}}}`, []string{"r|u| a"}},
		{"preview", preview, []string{`p::aws:iam/role:Role::r|p::aws:iam/role:Role::r| after`, `p::aws:iam/role:Role::s|p::aws:iam/role:Role::s| ?["attribute assumeRolePolicy of p::aws:iam/role:Role::s"]`}},

		// AWS Config
		{"snapshot", `{"fileVersion": "1.0", "configSnapshotId": "x", "configurationItems": [{"resourceType": "AWS::S3::Bucket", "configuration": {}}, ` + item("a", "2026-01-01", "OK") + `]}`, []string{"n||arn:aws:iam::1:role/n a"}},
		{"history", `{"configurationItems": [` + item("old", "2026-01-01", "OK") + `,` + item("new", "2026-02-01", "OK") + `]}`, []string{"n||arn:aws:iam::1:role/n new"}},
		{"history of a role that is gone", `{"configurationItems": [` + item("new", "2026-02-01", "ResourceDeleted") + `,` + item("old", "2026-01-01", "OK") + `]}`, nil},
		{"item", item("a", "2026-01-01", "OK"), []string{"n||arn:aws:iam::1:role/n a"}},
		{"notification", `{"configurationItemDiff": null, "configurationItem": ` + item("a", "2026-01-01", "OK") + `, "messageType": "x"}`, []string{"n||arn:aws:iam::1:role/n a"}},
		{"event", `{"version": "0", "detail-type": "Config", "resources": ["arn"], "detail": {"configurationItem": ` + item("a", "2026-01-01", "OK") + `}}`, []string{"n||arn:aws:iam::1:role/n a"}},
		{"batch", `{"baseConfigurationItems": [{"version": "1.3", "resourceType": "AWS::IAM::Role", "resourceName": "n", "arn": "arn:aws:iam::1:role/n", "configuration": ` +
			strconv.Quote(`{"roleName": "n", "assumeRolePolicyDocument": "`+url.PathEscape(admitting("a"))+`"}`) + `}]}`, []string{"n||arn:aws:iam::1:role/n a"}},
		{"select-resource-config", `{"Results": [` + strconv.Quote(`{"configuration": {"assumeRolePolicyDocument": "`+url.PathEscape(admitting("a"))+`"}, "resourceName": "n"}`) + `], "QueryInfo": {}}`, []string{"n|| a"}},
		{"select-resource-config without policies", `{"Results": ["{\"resourceName\": \"n\"}"]}`, []string{"error: line 1, column 1: unknown form: results without roles; select resourceName, arn and configuration.assumeRolePolicyDocument of AWS::IAM::Role" + listed}},
		{"another configuration", `{"configuration": {"a": 1}}`, []string{"error: line 1, column 1: unknown form: an object with a configuration that is none of AWS Config's" + listed}},

		// Kubernetes
		{"Crossplane", manifest("iam.aws.upbound.io/v1beta1", "  forProvider:\n    assumeRolePolicy: |\n      "+admitting("a")+"\n"), []string{"m|m| a"}},
		{"Crossplane, named otherwise", strings.Replace(manifest("iam.aws.m.upbound.io/v1beta1", "  forProvider: {assumeRolePolicy: '"+admitting("a")+"'}\n"), "  name: m\n", "  name: m\n  annotations: {crossplane.io/external-name: n}\n", 1), []string{"n|m| a"}},
		{"Crossplane of the community", manifest("iam.aws.crossplane.io/v1beta1", "  forProvider: {assumeRolePolicyDocument: '"+admitting("a")+"'}\n"), []string{"m|m| a"}},
		{"ACK", "kind: ServiceAccount\napiVersion: v1\n---\n" + manifest("iam.services.k8s.aws/v1alpha1", "  name: n\n  assumeRolePolicyDocument: '"+admitting("a")+"'\n") + "status: {ackResourceMetadata: {arn: 'arn:aws:iam::1:role/n'}}\n", []string{"n|m|arn:aws:iam::1:role/n a"}},
		{"ACK as JSON", `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "iam.services.k8s.aws/v1alpha1", "kind": "Role", "metadata": {"name": "m"}, "spec": {"name": "n", "assumeRolePolicyDocument": ` + asText("a") + `}}]}`, []string{"n|m| a"}},
		{"role of RBAC", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n", nil},
		{"Composition", "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nmetadata: {name: c}\nspec: {resources: [{base: {apiVersion: iam.aws.upbound.io/v1beta1, kind: Role, spec: {}}}]}\n", []string{`c|c| ?["Composition c"]`}},
		{"Composition of a text", "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nmetadata: {name: c}\nspec: {pipeline: [{input: {inline: {template: 'assumeRolePolicy: {{ .x }}'}}}]}\n", []string{`c|c| ?["Composition c"]`}},

		// CloudFormation that is not all there
		{"nested stack", `{"Resources": {"N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://b.s3.amazonaws.com/t.yaml"}}}}`, []string{`N|N| ?["nested template https://b.s3.amazonaws.com/t.yaml"]`}},
		{"stack set by URL", "Resources: {N: {Type: AWS::CloudFormation::StackSet, Properties: {TemplateURL: !Ref Url}}}", []string{`N|N| ?["nested template ${Url}"]`}},
		{"application of SAM", "Transform: AWS::Serverless-2016-10-31\nResources: {N: {Type: AWS::Serverless::Application, Properties: {Location: ./app.yaml}}}", []string{`N|N| ?["nested template ./app.yaml"]`}},
		{"module", "Resources: {N: {Type: 'Org::Iam::Role::MODULE'}}", []string{`N|N| ?["module Org::Iam::Role::MODULE"]`}},
		{"macro", strings.Replace(template, "{", `{"Transform": ["AWS::LanguageExtensions", "Own"], `, 1), []string{`R|R| a ?["macro Own"]`}},
		{"macro alone", "Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}\nResources: {B: {Type: AWS::S3::Bucket}}", []string{`Transform|Transform| ?["macro AWS::Include"]`}},
		{"macro of AWS", strings.Replace(template, "{", `{"Transform": "AWS::SecretsManager-2024-09-16", `, 1), []string{`R|R| a`}},
		{"macro among resources", "Resources: {Fn::Transform: {Name: AWS::Include}}", []string{`Fn::Transform|Fn::Transform| ?["macro AWS::Include"]`}},
		{"macro of a resource", "Resources: {R: {Fn::Transform: {Name: Own}}}", []string{`R|R| ?["macro Own"]`}},
		{"macro for a role's properties", "Resources: {R: {Type: AWS::IAM::Role, Properties: {Fn::Transform: {Name: AWS::Include}}}}", []string{`R|R| ?["macro AWS::Include"]`}},
		{"macro for other properties", "Resources: {B: {Type: AWS::S3::Bucket, Properties: {Fn::Transform: {Name: AWS::Include}}}}", nil},

		// what is none of these
		{"null", "null", []string{"error: line 1, column 1: unknown form: an empty document" + listed}},
		{"number", "12", []string{"error: line 1, column 1: unknown form: a text" + listed}},
		{"list of texts", `["a", 1]`, []string{"error: line 1, column 1: unknown form: a list without objects" + listed}},
		{"list of other things", `[{"a": 1}, {"b": 2}]`, []string{`error: line 1, column 2: unknown form: an object with "a"` + listed}},
		{"list with another thing", `[{"a": 1}, ` + role("r", "a") + `]`, []string{"r||arn:aws:iam::1:role/r a", `error: line 1, column 2: unknown form: an object with "a"` + listed}},
		{"statements of something else", `{"name": "x", "statements": [{"sql": "SELECT 1"}]}`, []string{`error: line 1, column 1: unknown form: an object with "name", "statements"` + listed}},
		{"definition of a kind", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {description: assumeRolePolicy is the policy}\n", nil},
		{"role of something else", "Role:\n  name: web\n  tasks: []\n", []string{"error: line 2, column 3: unknown form: a role without RoleName and AssumeRolePolicyDocument" + listed}},
		{"roles of something else", `{"Roles": [{"Id": 1}]}`, []string{"error: line 1, column 12: unknown form: a role without RoleName and AssumeRolePolicyDocument" + listed}},
		{"many keys", `{"a": 1, "b": [], "c": {}, "d": "", "e": null, "f": 0}`, []string{`error: line 1, column 1: unknown form: an object with "a", "b", "c", "d", "e", …` + listed}},
		{"kustomization", "resources: [a.yaml]\n", []string{`error: line 1, column 1: unknown form: an object with "resources"` + listed}},
		{"workflow", "on: push\njobs: {a: {steps: []}}\n", []string{`error: line 1, column 1: unknown form: an object with "on", "jobs"` + listed}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, formRoles(tt.src, Options{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const listed = "; docs/trust-policies.md lists the forms that are read"

// plan has a role that is changed, one that is made with a policy known after
// apply, one that is destroyed, and one that resource_changes alone has.
var plan = `{"format_version": "1.2", "variables": {"token": {"value": "t0p-secret"}}, "planned_values": {"outputs": {"o": {"value": "t0p-secret"}}, "root_module": {"resources": [
	{"address": "aws_db_instance.d", "mode": "managed", "type": "aws_db_instance", "values": {"password": "t0p-secret"}},
	{"address": "aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "values": {"name": "n", "assume_role_policy": ` + asText("after") + `}},
	{"address": "aws_iam_role.fresh", "mode": "managed", "type": "aws_iam_role", "values": {"path": "/"}}]}},
	"resource_changes": [
	{"address": "aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "change": {"actions": ["update"], "before": {"name": "n", "assume_role_policy": ` + asText("before") + `}, "after": {"name": "n", "assume_role_policy": ` + asText("after") + `}}},
	{"address": "aws_iam_role.fresh", "mode": "managed", "type": "aws_iam_role", "change": {"actions": ["create"], "before": null, "after": {"path": "/"}, "after_unknown": {"assume_role_policy": true}}},
	{"address": "aws_iam_role.gone", "mode": "managed", "type": "aws_iam_role", "change": {"actions": ["delete"], "before": {"name": "gone", "assume_role_policy": ` + asText("gone") + `}, "after": null}},
	{"address": "aws_iam_role.only", "previous_address": "aws_iam_role.was", "mode": "managed", "type": "aws_iam_role", "change": {"actions": ["no-op"], "before": {"name": "only", "assume_role_policy": ` + asText("only") + `}, "after": {"name": "only", "assume_role_policy": ` + asText("only") + `}}}],
	"prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [
	{"address": "aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "values": {"name": "n", "assume_role_policy": ` + asText("before") + `}}]}}}}`

var preview = `{"config": {"token": "t0p-secret"}, "steps": [
	{"op": "update", "urn": "urn:pulumi:dev::p::aws:iam/role:Role::r", "oldState": {"urn": "urn:pulumi:dev::p::aws:iam/role:Role::r", "type": "aws:iam/role:Role", "inputs": {}, "outputs": {"name": "r", "assumeRolePolicy": ` + asText("before") + `}},
	 "newState": {"urn": "urn:pulumi:dev::p::aws:iam/role:Role::r", "type": "aws:iam/role:Role", "inputs": {"assumeRolePolicy": ` + asText("after") + `}}},
	{"op": "create", "urn": "urn:pulumi:dev::p::aws:iam/role:Role::s", "newState": {"urn": "urn:pulumi:dev::p::aws:iam/role:Role::s", "type": "aws:iam/role:Role", "inputs": {"assumeRolePolicy": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}}}], "duration": 1}`

func TestBeforeOfPlans(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      []string
	}{
		{"of Terraform", plan, []string{"n|aws_iam_role.r| before", "gone|aws_iam_role.gone| gone", "only|aws_iam_role.was| only"}},
		{"of Pulumi", preview, []string{"r|p::aws:iam/role:Role::r| before"}},
		{"without roles", `{"resource_changes": []}`, nil},
		{"none", admitting("a"), []string{"error: " + ErrNoPlan.Error()}},
		{"of a state", `{"version": 4, "serial": 1, "resources": []}`, []string{"error: " + ErrNoPlan.Error()}},
		{"of an empty template", `{"Resources": {}}`, []string{"error: " + ErrNoPlan.Error()}},
	} {
		if diff := cmp.Diff(tt.want, formRoles(tt.src, Options{Before: true})); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// Of a state or a plan nothing is shown but trust policies and names, wherever
// it breaks off or is spoilt.
func TestSecretsOfStatesStayThere(t *testing.T) {
	const secret = "t0p-secret"
	state := `{"version": 4, "serial": 1, "outputs": {"o": {"value": "t0p-secret"}}, "resources": [{"mode": "managed", "type": "aws_iam_role", "name": "r", "instances": [
		{"attributes": {"name": {"x": "t0p-secret"}, "arn": "t0p-secret", "max_session_duration": "t0p-secret", "description": "t0p-secret", "assume_role_policy": ` + asText("a") + `}, "private": "t0p-secret"}]}]}`
	export := `{"version": 3, "deployment": {"secrets_providers": {"state": "t0p-secret"}, "resources": [{"urn": "u", "type": "aws:iam/role:Role", "outputs": {"name": "r", "tags": "t0p-secret", "assumeRolePolicy": ` + asText("a") + `}}]}}`
	step := 7
	if testing.Short() {
		step = 31
	}
	for _, src := range []string{state, plan, preview, export} {
		bare := strings.ReplaceAll(src, `"`+secret+`"`, secret) // without quotes a parser may quote it
		for _, text := range []string{src, bare} {
			for end := len(text); end >= 0; end -= step {
				for _, before := range []bool{false, true} {
					if out := strings.Join(formRoles(text[:end], Options{Before: before}), "\n"); strings.Contains(out, secret) {
						t.Fatalf("cut at %d: %s", end, out)
					}
				}
			}
		}
	}
}

func TestMayHoldSecrets(t *testing.T) {
	for src, want := range map[string]bool{
		plan: true, preview: true, utf16Text(plan, false): true, utf16Text(preview, true): true,
		`{"version": 4, "resources": [{"instances": []}]}`:                      true,
		"version: 3\ndeployment:\n  resources: []\n":                            true,
		`{"version":3,"checkpoint":{}}`:                                         true,
		admitting("a"):                                                          false,
		`{"Role": {"AssumeRolePolicyDocument": {}}}`:                            false,
		"Resources:\n  R: {Type: AWS::IAM::Role}\n":                             false,
		"Statement:\n- Condition: {StringLike: {sub: 'repo:o/deployment:*'}}\n": false,
		utf16Text(admitting("repo:o/terraform:*"), false):                       false,
	} {
		if got := MayHoldSecrets([]byte(src)); got != want {
			t.Errorf("%v, want %v: %.60q", got, want, src)
		}
	}
}

// A document of many resources is read within a bound for each, not for all.
func TestBoundsAreOfEachResource(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"version": 4, "serial": 1, "resources": [`)
	big := strings.Repeat(`{"a": [1, 2, 3]},`, 10_000)
	for i := range 8 {
		fmt.Fprintf(&b, `{"mode": "managed", "type": "aws_x", "name": "x", "instances": [%s {"attributes": {}}]},`, big)
		fmt.Fprintf(&b, `{"mode": "managed", "type": "aws_iam_role", "name": "r%d", "instances": [{"attributes": {"name": "r", "assume_role_policy": %s}}]},`, i, asText("a"))
	}
	src := strings.TrimSuffix(b.String(), ",") + "]}"
	if lines := formRoles(src, Options{}); len(lines) != 8 {
		t.Errorf("%d roles: %.300q", len(lines), lines)
	}
	one := strings.Replace(src, big, strings.Repeat(big, 9), 1)
	if last := formRoles(one, Options{}); len(last) == 0 || !strings.Contains(last[len(last)-1], "more than 250000 values") {
		t.Errorf("%.300q", last)
	}
}

func TestFormsObeyTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range Roles(ctx, strings.NewReader("["+strings.Repeat(admitting("a")+",", 100)+admitting("a")+"]"), Options{}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			break
		}
		n++
		cancel()
	}
	if n != 1 {
		t.Errorf("%d roles after the end", n)
	}
}

// What cdk synth leaves in cdk.out are templates, and files without roles.
func TestFilesOfCDK(t *testing.T) {
	for _, src := range []string{
		`{"version": "38.0.1", "artifacts": {"S": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.template.json"}}}}`,
		`{"version": "tree-0.1", "tree": {"id": "App", "path": ""}}`,
		`{"version": "38.0.1", "files": {}, "dockerImages": {}}`,
	} {
		lines := formRoles(src, Options{})
		if len(lines) != 1 || !strings.HasPrefix(lines[0], "error: line 1, column 1: unknown form: ") {
			t.Errorf("%s: %q", src, lines)
		}
	}
}

// FuzzForms demands that no document stops the reader, and that roles have a
// place and either policies or an error.
func FuzzForms(f *testing.F) {
	for _, src := range []string{plan, preview, admitting("a"), utf16Text(admitting("a"), false), "---\napiVersion: v1\nkind: List\nitems: []\n"} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, before := range []bool{false, true} {
			for role, err := range Roles(t.Context(), strings.NewReader(string(src)), Options{Before: before, Names: map[string]bool{}}) {
				if err != nil {
					break
				}
				if role.Pos.Line < 1 || role.Pos.Column < 1 || role.Policies == nil && role.Err == nil {
					t.Fatalf("%+v", role)
				}
			}
		}
	})
}
