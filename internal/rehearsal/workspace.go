package rehearsal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/org/aws-oidc-action/internal/scenario"
)

// layPolicies makes the job's workspace what a checkout makes of a repository
// that keeps its roles' trust policies beside the code, if a step asks for
// them with trust-policy-file. A policy that the scenario has from a file
// stands under the same path, the others as trust-policies/ACCOUNT/ROLE.json,
// with the lines that they have in the scenario.
func layPolicies(workspace string, s *scenario.Scenario) error {
	wanted := slices.ContainsFunc(s.Steps, func(with map[string]string) bool { return with["trust-policy-file"] != "" })
	if !wanted {
		return nil
	}
	for _, account := range s.Accounts {
		for _, role := range account.Roles {
			if role.Trust == nil {
				continue
			}
			path := filepath.Join("trust-policies", account.ID, role.Name+".json")
			if role.PolicyFile != s.Name {
				var err error
				if path, err = filepath.Rel(filepath.Dir(s.Name), role.PolicyFile); err != nil {
					return fmt.Errorf("find the trust policy of %s: %w", role.ARN, err)
				}
			}
			path = filepath.Join(workspace, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return fmt.Errorf("lay the trust policies into the workspace: %w", err)
			}
			if err := os.WriteFile(path, role.Policy, 0o644); err != nil {
				return fmt.Errorf("lay the trust policies into the workspace: %w", err)
			}
		}
	}
	return nil
}
