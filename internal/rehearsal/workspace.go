package rehearsal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/org/aws-oidc-action/internal/scenario"
)

// fillWorkspace writes the job's workspace, like a checkout: the scenario's files
// and, if a step sets trust-policy-file, the trust policies of its roles. A policy
// from a file has the same path; the others are trust-policies/ACCOUNT/ROLE.json,
// with the same lines as in the scenario.
func fillWorkspace(workspace string, s *scenario.Scenario) error {
	for path, content := range s.Workspace {
		if err := write(filepath.Join(workspace, filepath.FromSlash(path)), []byte(content)); err != nil {
			return err
		}
	}
	asked := slices.ContainsFunc(s.Steps, func(with map[string]string) bool { return with["trust-policy-file"] != "" })
	if !asked {
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
			if _, has := s.Workspace[filepath.ToSlash(path)]; has {
				continue // the scenario's own file
			}
			if err := write(filepath.Join(workspace, path), role.Policy); err != nil {
				return err
			}
		}
	}
	return nil
}

func write(path string, content []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, content, 0o644)
	}
	if err != nil {
		return fmt.Errorf("fill the workspace: %w", err)
	}
	return nil
}
