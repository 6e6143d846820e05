package document

import (
	"fmt"
	"strings"
	"testing"
)

// A role exists where the condition of its resource holds, and its duration of
// sessions may be open.
func TestRoleWithCondition(t *testing.T) {
	const template = `
Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] }, Hours: { Type: Number } }
Conditions: { Prod: !Equals [!Ref Stage, prod] }
Resources:
  Role:
    Type: AWS::IAM::Role
    Condition: Prod
    Properties:
      MaxSessionDuration: !Ref Hours
      AssumeRolePolicyDocument: { Statement: { Effect: Allow, Principal: { Federated: p }, Action: "sts:AssumeRoleWithWebIdentity" } }
`
	read := func(parameters map[string]string) []Role {
		var all []Role
		for role, err := range Roles(t.Context(), strings.NewReader(template), Options{Parameters: parameters}) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, role)
		}
		return all
	}
	open := read(nil)
	if len(open) != 1 || len(open[0].Policies) != 1 || len(open[0].Missing) != 1 || open[0].SessionOpen == nil {
		t.Fatalf("%+v", open)
	}
	if with, without := open[0].Policies[0].Given[0].String(), open[0].Missing[0][0].String(); with != `parameter Stage is "prod"` || without != `parameter Stage is "dev"` {
		t.Errorf("exists if %s, not if %s", with, without)
	}
	if known := read(map[string]string{"Stage": "prod", "Hours": "7200"}); len(known) != 1 || len(known[0].Missing) > 0 || known[0].MaxSessionDuration != 7200 || known[0].SessionOpen != nil {
		t.Errorf("%+v", known)
	}
	if none := read(map[string]string{"Stage": "dev"}); len(none) > 0 {
		t.Errorf("%+v", none)
	}
}

// A duration that a preview does not know is open, and one that it does not
// have is not.
func TestOpenSessionOfPreview(t *testing.T) {
	const preview = `{"deployment": {"resources": [{"urn": "urn:pulumi:s::p::aws:iam/role:Role::r", "type": "aws:iam/role:Role",
		"outputs": {%s"assumeRolePolicy": "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\"}}"}}]}}`
	for _, tt := range []struct {
		session string
		open    bool
		seconds int
	}{
		{"", false, 0},
		{`"maxSessionDuration": 7200, `, false, 7200},
		{`"maxSessionDuration": "` + unknownToPulumi + `", `, true, 0},
	} {
		roles := 0
		for role, err := range Roles(t.Context(), strings.NewReader(fmt.Sprintf(preview, tt.session)), Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			roles++
			if (role.SessionOpen != nil) != tt.open || role.MaxSessionDuration != tt.seconds {
				t.Errorf("%q: %+v, %d", tt.session, role.SessionOpen, role.MaxSessionDuration)
			}
		}
		if roles != 1 {
			t.Errorf("%q: %d roles", tt.session, roles)
		}
	}
}
