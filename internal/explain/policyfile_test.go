package explain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/trust"
)

// TestPolicyOfTheRefusedRole checks which of several files is the role's, and
// what is said if none is.
func TestPolicyOfTheRefusedRole(t *testing.T) {
	bare := policyOf(allow(`{}`))
	hub := policyOf(trustHub(`"sts:AssumeRole"`, `{}`))
	getRole := func(name, arn string) string {
		return `{"Role": {"RoleName": "` + name + `", "Arn": "` + arn + `", "AssumeRolePolicyDocument": ` + bare + `}}`
	}
	template := "Resources:\n  Deploy:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Version: '2012-10-17'\n        Statement: {Effect: Allow, Principal: '*', Action: 'sts:*'}\n"
	for _, tt := range []struct {
		name   string
		files  []string // path, content, path, content …
		hops   int
		file   string
		reason string
	}{
		{name: "none asked for", hops: 1},
		{name: "the only one", files: []string{"policy.json", bare}, hops: 1, file: "policy.json"},
		{name: "by the file's name", files: []string{"trust/other.json", bare, "trust/deploy.json", bare}, hops: 1,
			file: "trust/deploy.json"},
		{name: "the whole name counts more", files: []string{"deploy-old.json", bare, "DEPLOY.json", bare}, hops: 1,
			file: "DEPLOY.json"},
		{name: "by a directory", files: []string{"roles/deploy/trust.json", bare, "roles/hub/trust.json", bare},
			hops: 1, file: "roles/deploy/trust.json"},
		{name: "by the account in the path",
			files: []string{"222222222222/deploy.json", bare, "111111111111/deploy.json", bare}, hops: 1,
			file: "111111111111/deploy.json"},
		{name: "by the account of its provider",
			files: []string{"dev/deploy.json", strings.ReplaceAll(bare, "111111111111", "333333333333"), "prod/deploy.json", bare},
			hops:  1, file: "prod/deploy.json"},
		{name: "by the document's ARN",
			files: []string{"a.json", getRole("deploy", theRole), "b.json", getRole("hub", theHub)}, hops: 1,
			file: "a.json"},
		{name: "the ARN counts more than the file's name",
			files: []string{"deploy.json", getRole("hub", theHub), "x.json", bare}, hops: 1, reason: `role "deploy"`},
		{name: "in a template", files: []string{"stack.yml", template}, hops: 1, file: "stack.yml"},
		{name: "ambiguous", files: []string{"a/deploy.json", bare, "b/deploy.json", bare}, hops: 1,
			reason: "a/deploy.json and b/deploy.json could both"},
		{name: "several nameless ones", files: []string{"a.json", bare, "b.json", bare}, hops: 1,
			reason: "no policy that was found"},
		{name: "only that of another hop", files: []string{"policy.json", bare}, hops: 2,
			reason: "no policy that was found"},
		{name: "the only one, of this hop", files: []string{"policy.json", hub}, hops: 2, file: "policy.json"},
		{name: "broken", files: []string{"deploy.json", `{"Statement": [{"Effect": "Allow", "Effect": "Deny"}]}`},
			hops: 1, reason: `deploy.json, line 1, column 36: duplicate key "Effect"`},
		{name: "no policy at all", files: []string{"deploy.json", "- 1\n- 2\n"}, hops: 1, reason: "deploy.json, "},
		{name: "empty", files: []string{"deploy.json", ""}, hops: 1, reason: "deploy.json, "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var e Evidence
			for i := 0; i < len(tt.files); i += 2 {
				e.Policies = append(e.Policies, PolicyFile{tt.files[i], []byte(tt.files[i+1])})
			}
			d := &diagnosis.Denial{Role: theRole, Hop: tt.hops, Hops: tt.hops, Action: trust.WebIdentityAction}
			if tt.hops > 1 {
				d.Action = assumeRole
			}
			known := e.policyOf(d)
			if known.policies == nil {
				known.file = ""
			}
			if known.file != tt.file || (known.policies != nil) != (tt.file != "") || !strings.Contains(known.reason, tt.reason) || (tt.reason == "") != (known.reason == "") {
				t.Errorf("file %q, reason %q", known.file, known.reason)
			}
		})
	}
}

// TestNearestRole: a role that the files do not know, but one that is spelled
// almost alike, is first of all a question about the ARN; a statement for a
// role that may not exist is not proposed.
func TestNearestRole(t *testing.T) {
	bare := policyOf(allow(`{}`))
	getRole := func(id string) string {
		return `{"Role": {"RoleName": "` + arn.Role(id).Name() + `", "Arn": "` + id + `", "AssumeRolePolicyDocument": ` + bare + `}}`
	}
	const inOther = "arn:aws:iam::222222222222:role/deploy"
	for _, tt := range []struct {
		name    string
		files   []string // path, content, path, content …
		role    string
		nearest string // empty: none
	}{
		{name: "by the file's name", files: []string{"trust/github-deploy.json", bare}, role: "githb-deploy",
			nearest: `"github-deploy" (trust/github-deploy.json)`},
		{name: "the nearest of several",
			files: []string{"deploy-a.json", bare, "github-deploys.json", bare, "github-deploy.json", bare},
			role:  "githb-deploy", nearest: `"github-deploy" (github-deploy.json)`},
		{name: "by the document", files: []string{"x.json", getRole("arn:aws:iam::111111111111:role/github-deploy")},
			role: "githb-deploy", nearest: "arn:aws:iam::111111111111:role/github-deploy (x.json)"},
		{name: "in another account", files: []string{"x.json", getRole(inOther)}, role: "deploy",
			nearest: inOther + " (x.json)"},
		{name: "in another account by its path", files: []string{"222222222222/deploy.json", bare}, role: "deploy",
			nearest: `"deploy" (222222222222/deploy.json)`},
		{name: "case only", files: []string{"a.json", getRole("arn:aws:iam::111111111111:role/Deploy"), "b.json", bare},
			role: "deploy", nearest: "arn:aws:iam::111111111111:role/Deploy (a.json)"},
		{name: "none is near", files: []string{"network.json", bare, "backup.json", bare}, role: "deploy"},
		{name: "a file for any role", files: []string{"policy.json", bare}, role: "deploy"},
		{name: "a short name", files: []string{"job.json", bare}, role: "hub"},
		{name: "the role itself beside one that is near", files: []string{"deploys.json", bare, "deploy.json", bare},
			role: "deploy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := Evidence{Now: now}
			for i := 0; i < len(tt.files); i += 2 {
				e.Policies = append(e.Policies, PolicyFile{tt.files[i], []byte(tt.files[i+1])})
			}
			for _, denial := range []*diagnosis.Denial{tokenDenial(claimsOf(nil)), hopDenial(assumeRole, "", nil)} {
				denial.Role = "arn:aws:iam::111111111111:role/" + tt.role
				d := Failure(denial, e)
				text := d.Text()
				asks := strings.Contains(text, "check the ARN")
				if asks != (tt.nearest != "") || asks && !strings.HasPrefix(d.Causes[0], fmt.Sprintf("no policy for role %q in account 111111111111; there is %s", tt.role, tt.nearest)) {
					t.Errorf("%s", text)
				}
				if asks && (strings.Contains(text, "to the trust policy") || !strings.Contains(text, "--role-name "+tt.role)) {
					t.Errorf("%s", text)
				}
			}
		})
	}
}

func TestWhyThereIsNoPolicyIsTold(t *testing.T) {
	d := Failure(tokenDenial(claimsOf(nil)), Evidence{Now: now, NoPolicies: "trust-policy-file: no such file"})
	if d.Code != diagnosis.WebIdentityNotAuthorized || !d.Open || !strings.Contains(d.Cure, "trust-policy-file: no such file") {
		t.Error(d.Text())
	}
}

func TestKeepPolicies(t *testing.T) {
	bare := policyOf(allow(`{}`))
	files := []PolicyFile{
		{"a.json", []byte(bare)},
		{"deploy.json", []byte(bare)},
		{"hub.json", []byte(bare)},
		{"deploy-broken.json", []byte("{")},
		{"b.json", []byte(`{"Role": {"RoleName": "deploy", "Arn": "` + theRole + `", "AssumeRolePolicyDocument": ` + bare + `}}`)},
	}
	all := size(files)
	for _, tt := range []struct {
		name   string
		limit  int
		want   string
		reason string
	}{
		{"all fit", all, "a.json deploy.json hub.json deploy-broken.json b.json", ""},
		{"those of the role", all - 1, "deploy.json deploy-broken.json b.json", ""},
		{"as far as they fit", len(bare) + 1, "deploy.json deploy-broken.json", ""},
		{"one is too large by itself", len(bare) - 1, "deploy-broken.json", ""},
		{"none fits", 0, "", "the files have more than 0 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kept, reason := KeepPolicies(files, []string{theRole}, tt.limit)
			var paths []string
			for _, f := range kept {
				paths = append(paths, f.Path)
			}
			if got := strings.Join(paths, " "); got != tt.want {
				t.Errorf("kept %s, want %s", got, tt.want)
			}
			if !strings.Contains(reason, tt.reason) || (reason == "") != (tt.reason == "") {
				t.Errorf("reason %q", reason)
			}
		})
	}
	state := PolicyFile{"terraform.tfstate", []byte(`{"version": 4, "lineage": "x", "resources": []}`)}
	if kept, reason := KeepPolicies([]PolicyFile{state, files[0]}, []string{theRole}, all); len(kept) != 1 || kept[0].Path != "a.json" || reason != "" {
		t.Errorf("of a state and a policy: %v, %q", kept, reason)
	}
	if kept, reason := KeepPolicies([]PolicyFile{state}, []string{theRole}, all); kept != nil || !strings.Contains(reason, "can hold secrets") {
		t.Errorf("of a state: %v, %q", kept, reason)
	}
	if kept, reason := KeepPolicies(nil, []string{theRole}, 0); kept != nil || reason != "" {
		t.Errorf("of none: %v, %q", kept, reason)
	}
}
