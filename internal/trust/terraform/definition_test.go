package terraform

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// What is unknown is the same in another version of a module only if what it
// refers to is written as before.
func TestDefinitions(t *testing.T) {
	const source = `
data "aws_ssm_parameter" "sub" {
  name = "/tight"
}
module "far" {
  source   = "example/far/aws"
  subjects = ["repo:o/r:*"]
}
resource "aws_iam_role" "r" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRoleWithWebIdentity", Principal = { Federated = "p" },
    Condition = { StringLike = { k = [%s] } } }] })
}
`
	unknown := func(value string, change ...string) *trust.Unknown {
		t.Helper()
		src := strings.NewReplacer(change...).Replace(fmt.Sprintf(source, value))
		for role, err := range Roles(t.Context(), fstest.MapFS{"main.tf": {Data: []byte(src)}}, document.Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			if role.Name == "aws_iam_role.r" || len(role.Policies[0].Statements[0].Conditions) > 0 {
				return role.Policies[0].Statements[0].Conditions[0].Values[0].Unknown()
			}
		}
		t.Fatal("no role")
		return nil
	}
	for _, value := range []string{`data.aws_ssm_parameter.sub.value`, `lower(data.aws_ssm_parameter.sub.value)`, `"repo:${data.aws_ssm_parameter.sub.value}:*"`} {
		before := unknown(value)
		switch {
		case before == nil:
			t.Errorf("%s is known", value)
		case !before.Same(unknown(value, "  name =", "\tname   =")):
			t.Errorf("%s: white space makes another of it", value)
		case before.Same(unknown(value, "/tight", "/wide")):
			t.Errorf("%s: another name makes the same of it", value)
		case !before.Same(unknown(value, "repo:o/r", "repo:o/")):
			t.Errorf("%s: what it does not refer to makes another of it", value)
		}
	}
	if before := unknown("module.far.subject"); before == nil || !before.Same(unknown("module.far.subject")) || before.Same(unknown("module.far.subject", "repo:o/r", "repo:o/")) {
		t.Errorf("an output of a module that is not there: %+v", before)
	}
}

// A duration of sessions that a variable decides is open.
func TestOpenSession(t *testing.T) {
	const source = `
variable "hours" { type = number }
resource "aws_iam_role" "r" {
  max_session_duration = var.hours * 3600
  assume_role_policy   = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "x" } }] })
}
`
	for _, hours := range []string{"", "2"} {
		roles := 0
		o := document.Options{Parameters: map[string]string{}}
		if hours != "" {
			o.Parameters["hours"] = hours
		}
		for role, err := range Roles(t.Context(), fstest.MapFS{"main.tf": {Data: []byte(source)}}, o) {
			if err != nil {
				t.Fatal(err)
			}
			roles++
			if (role.SessionOpen != nil) != (hours == "") || hours != "" && role.MaxSessionDuration != 7200 {
				t.Errorf("hours %q: %+v, %d", hours, role.SessionOpen, role.MaxSessionDuration)
			}
		}
		if roles != 1 {
			t.Errorf("hours %q: %d roles", hours, roles)
		}
	}
}
