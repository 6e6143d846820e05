// Package generate makes roles for GitHub Actions: the trust policy in the
// tightest form that fits the runs that are meant, and permissions from a few
// templates.
package generate

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Spec says which runs may assume the role, and what the role may do.
type Spec struct {
	Provider     string // host and path of the issuer; github.com's if empty
	Audience     string // sts.amazonaws.com if empty
	Account      string // of the role; a placeholder or the tool's own variable if empty
	Region       string // likewise
	Partition    string // likewise
	Repositories []Repository
	Branches     []string // names, IAM's wildcards allowed
	Tags         []string // likewise
	Environments []string
	PullRequests bool
	Subject      string // a whole subject, for customized ones, in place of repositories and runs
	Workflow     string // OWNER/REPOSITORY/.github/workflows/FILE@REF of a reusable workflow

	RoleName    string // made from the repository if empty
	Boundary    string // ARN of the permissions boundary
	Allow       []Permission
	ResourceTag string // KEY=VALUE that a resource must have, where its service supports it
}

// Repository is a repository of GitHub, with ids for the immutable form of
// the subject or without any.
type Repository struct{ Owner, OwnerID, Name, ID string }

// ParseRepository reads OWNER/REPOSITORY or OWNER@ID/REPOSITORY@ID.
func ParseRepository(s string) (Repository, error) {
	m := repositoryForm().FindStringSubmatch(s)
	if m == nil || (m[2] == "") != (m[4] == "") {
		return Repository{}, fmt.Errorf("repository %q: write OWNER/REPOSITORY, or OWNER@ID/REPOSITORY@ID with both ids", s)
	}
	return Repository{m[1], m[2], m[3], m[4]}, nil
}

func (r Repository) subject() string {
	if r.OwnerID == "" {
		return "repo:" + r.Owner + "/" + r.Name
	}
	return "repo:" + r.Owner + "@" + r.OwnerID + "/" + r.Name + "@" + r.ID
}

var (
	repositoryForm  = pattern(`^([A-Za-z0-9_-]+)(?:@([0-9]+))?/([A-Za-z0-9._-]+)(?:@([0-9]+))?$`)
	workflowForm    = pattern(`^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+/\.github/workflows/[^@/*?]+\.ya?ml@[^\s*?]+$`)
	refForm         = pattern(`^[^\s~^:\[\\\x00-\x1f\x7f]+$`)
	environmentForm = pattern(`^[^\x00-\x1f\x7f]{1,255}$`)
	accountForm     = pattern(`^[0-9]{12}$`)
	regionForm      = pattern(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	roleForm        = pattern(`^[A-Za-z0-9_+=,.@-]{1,64}$`)
	boundaryForm    = pattern(`^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+$`)
	providerForm    = pattern(`^[a-z0-9.-]+(/[A-Za-z0-9._/-]+)?$`)
	audienceForm    = pattern(`^[A-Za-z0-9.:/_-]+$`)
	tagForm         = pattern(`^[\p{L}\p{N} _.:/+@-]{1,128}=[\p{L}\p{N} _.:/=+@-]{0,256}$`)
	partitions      = pattern(`^aws(-cn|-us-gov)?$`)
)

// complete fills in the defaults.
func (s Spec) complete() Spec {
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	fill(&s.Provider, "token.actions.githubusercontent.com")
	fill(&s.Audience, "sts.amazonaws.com")
	fill(&s.RoleName, s.defaultRoleName())
	return s
}

func (s Spec) defaultRoleName() string {
	if len(s.Repositories) == 0 {
		return "github"
	}
	name := "github-" + s.Repositories[0].Owner + "-" + s.Repositories[0].Name
	if len(s.Environments) > 0 {
		name += "-" + s.Environments[0]
	}
	name = regexp.MustCompile(`[^A-Za-z0-9_+=,.@-]`).ReplaceAllString(name, "-")
	return name[:min(len(name), 64)]
}

// check returns all problems of a completed Spec at once.
func (s Spec) check() error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	matches := func(what, value string, form form, want string) {
		if !form.MatchString(value) {
			problem("%s %q: write %s", what, value, want)
		}
	}
	if len(s.Repositories) == 0 && s.Subject == "" {
		problem("no repository: say which by --repository OWNER/REPOSITORY")
	}
	if len(s.Branches)+len(s.Tags)+len(s.Environments) == 0 && !s.PullRequests && s.Workflow == "" && s.Subject == "" {
		problem("no run: say which by --branch, --tag, --environment, --pull-request or --reusable-workflow")
	}
	for _, b := range s.Branches {
		matches("branch", b, refForm, "a branch's name without refs/heads/")
	}
	for _, t := range s.Tags {
		matches("tag", t, refForm, "a tag's name without refs/tags/")
	}
	for _, name := range slices.Concat(s.Branches, s.Tags) {
		if strings.HasPrefix(name, "refs/") {
			problem("%q: write the name without %s", name, name[:strings.LastIndex(name, "/")+1])
		}
	}
	for _, e := range s.Environments {
		matches("environment", e, environmentForm, "an environment's name")
	}
	if s.Workflow != "" {
		matches("reusable workflow", s.Workflow, workflowForm, "OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/BRANCH")
	}
	if strings.ContainsFunc(s.Subject, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		problem("subject %q is invalid; write it exactly as in the token", s.Subject)
	}
	matches("provider", s.Provider, providerForm, "the issuer's host and path")
	matches("audience", s.Audience, audienceForm, "what the action asks for, sts.amazonaws.com mostly")
	optional := func(what, value string, form form, want string) {
		if value != "" {
			matches(what, value, form, want)
		}
	}
	optional("partition", s.Partition, partitions, "aws, aws-cn or aws-us-gov")
	optional("account", s.Account, accountForm, "12 digits")
	optional("region", s.Region, regionForm, "a region such as eu-west-1")
	optional("role name", s.RoleName, roleForm, "up to 64 letters, digits and _+=,.@-")
	optional("permissions boundary", s.Boundary, boundaryForm, "the ARN of a policy")
	optional("resource tag", s.ResourceTag, tagForm, "KEY=VALUE")
	return errors.Join(problems...)
}
