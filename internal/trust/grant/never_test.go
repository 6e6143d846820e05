package grant

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

func TestNeverForAbsentClaims(t *testing.T) {
	tests := []struct{ name, condition, want string }{
		{"every token has sub", `"Null": {"G:sub": "true"}`, "every token has sub"},
		{"a sub is there", `"Null": {"G:sub": "false"}`, ""},
		{"an environment is optional", `"Null": {"G:environment": "true"}`, ""},
		{"either", `"Null": {"G:sub": ["true", "false"]}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.ReplaceAll(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/G"},
				"Action": "sts:AssumeRoleWithWebIdentity", "Condition": {`+tt.condition+`}}]}`, "G", "token.actions.githubusercontent.com")
			for role, err := range document.Roles(t.Context(), strings.NewReader(text), document.Options{}) {
				if err != nil || len(role.Policies) != 1 {
					t.Fatal(role.Err, err)
				}
				grants := Of(role.Policies[0])
				if got := grants[0].Never(); got != tt.want {
					t.Errorf("%q, want %q", got, tt.want)
				}
			}
		})
	}
}
