package generate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/trust"
)

var (
	repositoryForm  = pattern(`^([A-Za-z0-9_-]+)(?:@([0-9]+))?/([A-Za-z0-9._-]+)(?:@([0-9]+))?$`)
	workflowForm    = pattern(`^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+/\.github/workflows/[^@/*?]+\.ya?ml@[^\s*?]+$`)
	refForm         = pattern(`^[^\s~^:\[\\\x00-\x1f\x7f]+$`)
	environmentForm = pattern(`^[^\x00-\x1f\x7f]{1,255}$`)
	spokeForm       = pattern(`^[A-Za-z0-9_-]{1,32}$`)
	roleForm        = pattern(`^[A-Za-z0-9_+=,.@-]{1,64}$`)
	policyForm      = pattern(`^[A-Za-z0-9_+=,.@/-]{1,512}$`)
	providerForm    = pattern(`^[a-z0-9.-]+(/[A-Za-z0-9._/-]+)?$`)
	audienceForm    = pattern(`^[A-Za-z0-9.:/_-]+$`)
	tagForm         = pattern(`^[\p{L}\p{N} _.:/+@-]{1,128}=[\p{L}\p{N} _.:/=+@-]{0,256}$`)
	externalIDForm  = pattern(`^[A-Za-z0-9_+=,.@:/-]{2,}$`)
)

// problems collects what is wrong with a Spec.
type problems []error

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

// need adds a problem unless the value has the form.
func (p *problems) need(what, value string, ok bool, remedy string) {
	if !ok {
		p.add("%s %q is invalid; use %s", what, value, remedy)
	}
}

// optional is need for a value that can be empty.
func (p *problems) optional(what, value string, ok func(string) bool, remedy string) {
	p.need(what, value, value == "" || ok(value), remedy)
}

// check returns all problems of a completed Spec at once.
func (s Spec) check() error {
	var p problems
	s.checkRuns(&p)
	s.checkTarget(&p)
	s.checkRoles(&p)
	return errors.Join(p...)
}

// checkRuns judges what says who is admitted.
func (s Spec) checkRuns(p *problems) {
	if len(s.Repositories) == 0 {
		p.add("a repository is required; use --repository OWNER/REPOSITORY")
	}
	if len(s.contexts(false)) == 0 && s.Workflow == "" {
		p.add("the runs are required; use --branch, --tag, --environment, --pull-request or --reusable-workflow")
	}
	for _, b := range slices.Concat(s.Branches, s.RequireBranches) {
		p.need("branch", b, refForm.MatchString(b) && !strings.HasPrefix(b, "refs/"), "the name without refs/heads/")
	}
	for _, t := range s.Tags {
		p.need("tag", t, refForm.MatchString(t) && !strings.HasPrefix(t, "refs/"), "the name without refs/tags/")
	}
	for _, e := range s.Environments {
		p.need("environment", e.Name, environmentForm.MatchString(e.Name), "the name of an environment")
	}
	p.optional("reusable workflow", s.Workflow, workflowForm.MatchString, "OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/BRANCH")
	p.need("issuer", s.Provider, providerForm.MatchString(s.Provider), "https:// with the issuer's host and path")
	p.need("audience", s.Audience, audienceForm.MatchString(s.Audience), "the audience that the action asks for, such as sts.amazonaws.com")

	p.need("subject form", string(s.SubjectForm), s.SubjectForm == "" || slices.Contains(SubjectForms, s.SubjectForm), "immutable, classic or both")
	withIDs := slices.ContainsFunc(s.Repositories, func(r Repository) bool { return r.OwnerID != "" })
	for _, r := range s.Repositories {
		if r.OwnerID == "" && (s.SubjectForm == Immutable || s.SubjectForm == Both || s.SubjectForm == Classic && withIDs) {
			p.add("repository %q has no ids; use OWNER@ID/REPOSITORY@ID", r.Owner+"/"+r.Name)
		}
	}
	if len(s.RequireBranches) > 0 && (len(s.Branches)+len(s.Tags) > 0 || s.PullRequests) {
		p.add("--require-branch cannot be combined with --branch, --tag and --pull-request, of which each is enough by itself; use it with --environment or --reusable-workflow")
	}
	for _, claim := range s.claims() {
		if key := s.Provider + ":" + claim; trust.IsGitHub(s.Provider) && !trust.IsConditionKey(key) {
			p.add("IAM has no condition key %s for this issuer; remove what needs it (--require-branch, --reusable-workflow or ids beside a classic subject)", key)
		}
	}
}

// checkTarget judges what says where the roles are and what they may do.
func (s Spec) checkTarget(p *problems) {
	p.optional("partition", s.Partition, arn.IsPartition, strings.Join(arn.Partitions(), ", "))
	p.optional("account", s.Account, arn.IsAccountID, "12 digits")
	p.optional("region", s.Region, func(r string) bool { return r != arn.GlobalRegion && arn.IsRegion(r) }, "a region such as eu-west-1")
	if of := arn.PartitionOf(s.Region); s.Region != "" && arn.IsPartition(s.Partition) && s.Partition != of {
		p.add("partition %q cannot be combined with region %q, which is in %s; remove --partition", s.Partition, s.Region, of)
	}
	p.optional("role name", s.RoleName, roleForm.MatchString, "up to 64 letters, digits and _+=,.@-")
	p.optional("resource tag", s.ResourceTag, tagForm.MatchString, "KEY=VALUE")
	p.optional("external id", s.ExternalID, isExternalID, "2 to 1,224 letters, digits and _+=,.@:/-")
	if s.Boundary == "" {
		return
	}
	account, isARN := arn.ManagedPolicyAccount(s.Boundary)
	p.need("permissions boundary", s.Boundary, isARN || policyForm.MatchString(s.Boundary), "the ARN or the name of a policy")
	if partition := arn.Partition(s.Boundary); isARN && s.Partition != "" && partition != s.Partition {
		p.add("permissions boundary %q is in partition %s, the role is in %s", s.Boundary, partition, s.Partition)
	}
	for _, of := range s.accounts() {
		if isARN && account != "aws" && of != "" && of != account {
			p.add("permissions boundary %q is not in account %s; use the policy's name, which means the policy of each role's own account", s.Boundary, of)
		}
	}
}

// isExternalID reports whether STS takes s (AWS STS API reference, AssumeRole).
func isExternalID(s string) bool { return len(s) <= 1224 && externalIDForm.MatchString(s) }

// checkRoles judges what makes several roles of one Spec.
func (s Spec) checkRoles(p *problems) {
	withAccount := 0
	for _, e := range s.Environments {
		if e.Account != "" {
			withAccount++
		}
	}
	switch {
	case withAccount == 0:
	case withAccount < len(s.Environments):
		p.add("an environment has no account; use NAME=ACCOUNT for each --environment, or --account for all of them")
	case s.Account != "":
		p.add("--account cannot be combined with --environment NAME=ACCOUNT")
	case len(s.Branches)+len(s.Tags) > 0 || s.PullRequests:
		p.add("--branch, --tag and --pull-request cannot be combined with --environment NAME=ACCOUNT: the runs could assume the role of every environment; use --require-branch")
	case len(s.Spokes) > 0:
		p.add("--spoke cannot be combined with --environment NAME=ACCOUNT; use --account for the hub")
	case s.RoleName != "" && withAccount > 1:
		p.add("--role-name cannot be combined with several --environment NAME=ACCOUNT, whose roles are named after their environments")
	}
	switch {
	case len(s.Spokes) > 0 && s.Account == "" && withAccount == 0:
		p.add("the hub's account is required for --spoke; use --account")
	case len(s.Spokes) == 0 && s.ExternalID != "":
		p.add("--external-id is for --spoke; a web identity has no external id")
	}
	if len(s.Repositories) == 0 {
		return
	}
	taken := map[string]string{}
	for _, r := range s.roles() {
		p.need("role name", r.RoleName, roleForm.MatchString(r.RoleName), "a shorter --role-name")
		key := r.Account + ":" + strings.ToLower(r.RoleName) // names that differ in case only are one name to IAM
		if former, ok := taken[key]; ok {
			p.add("%q and %q have the same role name %q in account %s; rename one of them", former, r.of, r.RoleName, r.Account)
		}
		taken[key] = r.of
		for _, permission := range r.Allow {
			if _, err := permission.in(r.of); err != nil {
				*p = append(*p, err)
			}
		}
	}
}
