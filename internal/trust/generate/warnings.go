package generate

import (
	"encoding/json"
	"fmt"
	"slices"
)

// maxTrustPolicy is IAM's default quota for a trust policy, in characters
// without white space.
const maxTrustPolicy = 2048

// Warnings tells what is worth knowing about a role that can be made as it is
// specified.
func (s Spec) Warnings() []string {
	s = s.complete()
	var all []string
	if slices.ContainsFunc(s.Repositories, func(r Repository) bool { return r.OwnerID == "" }) {
		all = append(all, "names without ids: anyone who re-registers a released name gets in, and tokens with ids in the subject are refused; "+
			"see `gh api repos/OWNER/REPOSITORY --jq '.owner.id, .id'` and write OWNER@ID/REPOSITORY@ID")
	}
	if s.PullRequests && s.Workflow == "" {
		all = append(all, "pull requests run proposed code that is not reviewed; let this role only read, or pin a --reusable-workflow")
	}
	if s.Workflow != "" && s.Subject == "" && len(s.contexts(true)) == 0 {
		all = append(all, "any branch, tag and pull request of the repository may call the reusable workflow")
	}
	compact, err := json.Marshal(s.resolve(s.trustPolicy(), map[string]string{"{account}": "123456789012", "{partition}": "aws"}, func(text string) any { return text }))
	if err == nil && len(compact) > maxTrustPolicy {
		all = append(all, fmt.Sprintf("the trust policy has %d characters, more than the %d that IAM takes by default", len(compact), maxTrustPolicy))
	}
	return all
}
