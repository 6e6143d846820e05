package generate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// maxTrustPolicy is IAM's default quota for a trust policy, in characters
// without white space.
const maxTrustPolicy = 2048

// Notes says what the reader of valid roles should know: what they admit beyond the obvious, what their permissions do not
// cover, what has to be done in which order.
func (s Spec) Notes() []string {
	s = s.complete()
	return slices.Concat(s.notesOnRuns(), s.notesOnPermissions(), s.notesOnRoles())
}

// howToTell is how to see which form of subject a repository has (GitHub Docs,
// "OpenID Connect reference").
const howToTell = "to see the form, run the action with show-claims: true; a repository that was created, renamed or transferred after 2026-07-15, or has opted in, has ids in the subject"

func (s Spec) notesOnRuns() []string {
	var all []string
	names := slices.ContainsFunc(s.Repositories, func(r Repository) bool { return r.OwnerID == "" })
	switch {
	case names:
		all = append(all, "names without ids: anyone who re-registers a released name matches, and tokens with ids in the subject are refused; "+
			"run gh api repos/OWNER/REPOSITORY --jq '.owner.id, .id' and use OWNER@ID/REPOSITORY@ID; "+howToTell)
	case s.SubjectForm == Classic:
		all = append(all, "tokens with ids in the subject are refused; "+howToTell+"; --subject-form both admits either form")
	case s.SubjectForm != Both:
		all = append(all, "tokens without ids in the subject are refused; "+howToTell+"; --subject-form classic tests the ids beside a subject without them")
	}
	if len(s.Environments) > 0 && len(s.Branches)+len(s.Tags) > 0 {
		all = append(all, "either suffices: a job with the environment runs on any branch or tag, and a job on the branch or tag needs no environment and no approval; "+
			"to require both an environment and a branch, use --require-branch in place of --branch")
	}
	if s.PullRequests && s.Workflow == "" {
		all = append(all, "pull requests run proposed code that is not reviewed; let this role only read, or pin a --reusable-workflow")
	}
	if s.Workflow != "" && len(s.contexts(false)) == 0 && len(s.RequireBranches) == 0 {
		all = append(all, "any branch, tag and pull request of the repository may call the reusable workflow")
	}
	if s.isPerEnvironment() {
		all = append(all, "an environment protects nothing without rules: set required reviewers or allowed branches in the settings of the repository")
	}
	return all
}

func (s Spec) notesOnPermissions() []string {
	var all, untagged []string
	for _, p := range s.Allow {
		if caution := p.template.caution; caution != nil && caution(p) != "" {
			all = append(all, p.text+": "+caution(p))
		}
		all = append(all, p.text+" does not cover: "+p.notCovered())
		if !p.restrictedByTag() {
			untagged = append(untagged, p.text)
		}
	}
	if s.ResourceTag != "" && len(untagged) > 0 {
		all = append(all, "--resource-tag does not restrict "+strings.Join(untagged, ", "))
	}
	return all
}

func (s Spec) notesOnRoles() []string {
	var all []string
	roles := s.roles()
	longest := 0
	for _, r := range roles {
		var compact bytes.Buffer
		r.Account, r.Region = "123456789012", "eu-central-1" // as long as any
		if writeJSON(&compact, r.inJSON(r.trust), false) == nil {
			longest = max(longest, compact.Len()-1)
		}
	}
	if longest > maxTrustPolicy {
		all = append(all, fmt.Sprintf("the trust policy has %d characters, more than the %d that IAM accepts by default", longest, maxTrustPolicy))
	}
	if accounts := s.accounts(); len(accounts) > 1 {
		all = append(all, "deploy this in each of the accounts "+strings.Join(accounts, ", ")+": it creates the roles of the account that it is deployed in")
	}
	if len(s.Spokes) > 0 {
		all = append(all, "deploy the hub first: IAM refuses a spoke whose principal does not exist")
		if s.ExternalID == "" {
			all = append(all, "the spokes ask for no external id; --external-id adds one")
		}
	}
	return all
}
