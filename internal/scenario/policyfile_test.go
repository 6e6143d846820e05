package scenario

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/trust"
)

const (
	barePolicy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "sts:AssumeRole"}]}`

	roleTemplate = `
Parameters:
  Caller: {Type: String}
Resources:
  DeployRole:
    Type: AWS::IAM::Role
    Properties:
      MaxSessionDuration: 7200
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
            Action: sts:AssumeRole
            Condition: {StringEquals: {sts:ExternalId: !Ref Caller}}
`
)

// getRole is what aws iam get-role prints.
func getRole(name, arn string) string {
	return `{"Role": {"RoleName": "` + name + `", "Arn": "` + arn + `", "MaxSessionDuration": 14400, "AssumeRolePolicyDocument": ` + barePolicy + `}}`
}

func details(roles ...string) string {
	for i, name := range roles {
		roles[i] = `{"RoleName": "` + name + `", "Arn": "arn:aws:iam::111111111111:role/` + name + `", "AssumeRolePolicyDocument": ` + barePolicy + `}`
	}
	return `{"RoleDetailList": [` + strings.Join(roles, ", ") + `]}`
}

// loadPolicy reads a scenario whose role called deploy has its trust policy
// from a file.
func loadPolicy(file, content, more string) (*Role, error) {
	src := "accounts:\n  \"111111111111\":\n    roles:\n      deploy:\n        trust-policy-file: " + file + "\n" + more
	s, err := Parse("dir/s.yml", []byte(src), func(name string) ([]byte, error) {
		if name != file {
			return nil, fs.ErrNotExist
		}
		return []byte(content), nil
	})
	if err != nil {
		return nil, err
	}
	return s.Role("arn:aws:iam::111111111111:role/deploy"), nil
}

// TestPolicyFilesTakeTheFormsOfTheInput: a role's file is what people have of
// it, and its maximum session duration counts where the scenario has none.
func TestPolicyFilesTakeTheFormsOfTheInput(t *testing.T) {
	parameters := "        trust-policy-parameters: {Caller: octo}\n"
	for _, test := range []struct {
		name, file, content, more string
		line                      int // of the statement
		session                   time.Duration
	}{
		{name: "bare", file: "deploy.json", content: barePolicy, line: 1, session: time.Hour},
		{name: "get-role", file: "deploy.json", content: getRole("deploy", "arn:aws:iam::111111111111:role/deploy"),
			line: 1, session: 4 * time.Hour},
		{name: "get-role and a duration", file: "deploy.json",
			content: getRole("deploy", "arn:aws:iam::111111111111:role/deploy"),
			more:    "        max-session-duration: 3600\n", line: 1, session: time.Hour},
		{name: "get-account-authorization-details", file: "account.json", content: details("audit", "deploy"), line: 1,
			session: time.Hour},
		{name: "template", file: "deploy.yml", content: roleTemplate, more: parameters, line: 11,
			session: 2 * time.Hour},
		{name: "template of several", file: "all.yml",
			content: roleTemplate + strings.ReplaceAll(roleTemplate[strings.Index(roleTemplate, "  DeployRole"):], "DeployRole", "deploy"),
			more:    parameters, line: 21, session: 2 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			role, err := loadPolicy(test.file, test.content, test.more)
			if err != nil {
				t.Fatal(err)
			}
			if len(role.Trust) != 1 || role.Trust[0].Statements[0].Pos.Line != test.line || role.MaxSession != test.session {
				t.Errorf("%d policies, %+v, session %s", len(role.Trust), role.Trust[0], role.MaxSession)
			}
			if role.PolicyFile != "dir/"+test.file || string(role.Policy) != test.content {
				t.Errorf("file %s:\n%s", role.PolicyFile, role.Policy)
			}
			who := trust.Principal{Type: "AWS", ID: "arn:aws:iam::111111111111:user/u", Account: "111111111111"}
			asked := trust.Request{Action: "sts:AssumeRole", Principal: who, Context: trust.Context{"sts:ExternalId": {"octo"}}}
			if d := role.Trust.Evaluate(asked).Decision; d != trust.Allowed {
				t.Errorf("decision %s", d)
			}
		})
	}
}

// TestPolicyFilesKeepWhatTheyLeaveOpen: a parameter without a value is unknown,
// not empty.
func TestPolicyFilesKeepWhatTheyLeaveOpen(t *testing.T) {
	role, err := loadPolicy("deploy.yml", roleTemplate, "")
	if err != nil {
		t.Fatal(err)
	}
	who := trust.Principal{Type: "AWS", ID: "arn:aws:iam::111111111111:user/u", Account: "111111111111"}
	if r := role.Trust.Evaluate(trust.Request{Action: "sts:AssumeRole", Principal: who, Context: trust.Context{"sts:ExternalId": {"octo"}}}); r.Decision != trust.Undetermined {
		t.Errorf("decision %s", r.Decision)
	}
}

// TestPolicyFilesWithUnknownParameters: a misspelled name would leave the
// parameter that is meant to its default.
func TestPolicyFilesWithUnknownParameters(t *testing.T) {
	for name, content := range map[string]string{"deploy.yml": roleTemplate, "deploy.json": barePolicy} {
		_, err := loadPolicy(name, content, "        trust-policy-parameters: {caller: octo}\n")
		if err == nil || !strings.Contains(err.Error(), `which has no parameter "caller"`) || strings.HasSuffix(err.Error(), "; did you mean Caller?") != (name == "deploy.yml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPolicyFilesOfOtherRoles(t *testing.T) {
	const place = "dir/s.yml:5: accounts.111111111111.roles.deploy.trust-policy-file "
	resources := roleTemplate[strings.Index(roleTemplate, "  DeployRole"):]
	for _, test := range []struct{ name, content, want string }{
		{"another role's", getRole("deploy", "arn:aws:iam::999999999999:role/deploy"), place + `names "p", which has the trust policy of another role; expected arn:aws:iam::111111111111:role/deploy, got arn:aws:iam::999999999999:role/deploy`},
		{"none", `{"RoleDetailList": []}`, place + `names "p", which has no role`},
		{"none of several", details("audit", "admin"), place + `names "p", which has 2 roles, none of them "deploy"; correct the role's name`},
		{"several that can be it", "Resources:\n" + strings.ReplaceAll(resources, "DeployRole", "Dep") + strings.ReplaceAll(resources, "DeployRole", "Ploy"), place + `names "p", which has several roles that can be "deploy"; use a file with one of them`},
		{"no document", "a: [", "dir/p:2: document is neither JSON nor YAML: "},
		{"no policy in a role", `{"Role": {"RoleName": "deploy"}}`, `dir/p:1: role "deploy" has no AssumeRolePolicyDocument`},
		{"a broken policy in a role", "{\"Role\": {\"RoleName\": \"deploy\", \"AssumeRolePolicyDocument\":\n{\"Statement\": 1}}}", "dir/p:2: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := loadPolicy("p", test.content, "")
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
		})
	}
}

func TestWorkspace(t *testing.T) {
	s, err := Parse("s.yml", []byte("workspace:\n  iam/deploy.json: |\n    {}\n  profiles.yml: 'dev: x'\n  empty: ''\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Workspace) != 3 || s.Workspace["iam/deploy.json"] != "{}\n" || s.Workspace["profiles.yml"] != "dev: x" || s.Workspace["empty"] != "" {
		t.Errorf("workspace %q", s.Workspace)
	}
}
