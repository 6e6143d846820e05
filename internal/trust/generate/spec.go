// Package generate makes roles for GitHub Actions: trust policies in the
// tightest form that fits the runs that are meant, permissions from a few
// templates, and the workflow that uses the roles.
package generate

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/oidc"
)

// Spec says which runs may assume a role, and what it may do. It describes
// several roles if its environments have accounts or if it has spokes.
type Spec struct {
	Provider  string // host and path of the issuer; github.com's if empty
	Audience  string // the default of the partition if empty
	Account   string // of the role; a placeholder or the tool's own variable if empty
	Region    string // of the resources; likewise
	Partition string // that of the region if empty; likewise without both

	Repositories    []Repository
	SubjectForm     SubjectForm
	Branches        []string // names, IAM's wildcards allowed
	Tags            []string // likewise
	Environments    []Environment
	PullRequests    bool
	RequireBranches []string // names, IAM's wildcards allowed: besides its subject, a run has to be on one of them
	Workflow        string   // OWNER/REPOSITORY/.github/workflows/FILE@REF of a reusable workflow

	RoleName    string // made from the repository if empty
	Boundary    string // ARN of the permissions boundary
	Allow       []Permission
	ResourceTag string // KEY=VALUE that a resource must have, where its service supports it

	Spokes     []Spoke // roles of other accounts that the role assumes; they have the permissions in its place
	ExternalID string  // that a spoke asks for
}

// Repository is a repository of GitHub, with both its ids or without any.
type Repository struct{ Owner, OwnerID, Name, ID string }

// ParseRepository reads OWNER/REPOSITORY or OWNER@ID/REPOSITORY@ID.
func ParseRepository(s string) (Repository, error) {
	m := repositoryForm().FindStringSubmatch(s)
	if m == nil || (m[2] == "") != (m[4] == "") {
		return Repository{}, fmt.Errorf("repository %q is invalid; use OWNER/REPOSITORY, or OWNER@ID/REPOSITORY@ID with both ids", s)
	}
	return Repository{m[1], m[2], m[3], m[4]}, nil
}

// SubjectForm is how GitHub writes the repository in the subject, and so how a
// policy tests its ids.
type SubjectForm string

// The forms of a subject. The empty one is Immutable for a repository with ids
// and Classic for one without.
const (
	Immutable SubjectForm = "immutable" // repo:OWNER@ID/REPOSITORY@ID, with the ids in it
	Classic   SubjectForm = "classic"   // repo:OWNER/REPOSITORY; the ids are conditions of their own
	Both      SubjectForm = "both"      // either form; the ids are conditions of their own
)

// SubjectForms are the values of a SubjectForm that can be chosen.
var SubjectForms = []SubjectForm{Immutable, Classic, Both}

// Environment is an environment of GitHub, with the account of its role if
// each environment has a role of its own.
type Environment struct{ Name, Account string }

// ParseEnvironment reads NAME or NAME=ACCOUNT. A name that ends like an account
// has to be written with an account behind it.
func ParseEnvironment(s string) Environment {
	if i := strings.LastIndexByte(s, '='); i >= 0 && arn.IsAccountID(s[i+1:]) {
		return Environment{s[:i], s[i+1:]}
	}
	return Environment{Name: s}
}

// Spoke is an account with a role that the hub assumes. Its name is that of
// its profile.
type Spoke struct{ Name, Account string }

// ParseSpoke reads NAME=ACCOUNT.
func ParseSpoke(s string) (Spoke, error) {
	name, account, _ := strings.Cut(s, "=")
	if !spokeForm.MatchString(name) || !arn.IsAccountID(account) {
		return Spoke{}, fmt.Errorf("spoke %q is invalid; use NAME=ACCOUNT with letters, digits, - and _ in the name", s)
	}
	return Spoke{name, account}, nil
}

// subjects are the forms of the repository in the subject that are admitted.
func (r Repository) subjects(form SubjectForm) []string {
	classic, immutable := "repo:"+r.Owner+"/"+r.Name, "repo:"+r.Owner+"@"+r.OwnerID+"/"+r.Name+"@"+r.ID
	switch {
	case form == Both:
		return []string{classic, immutable}
	case form == Classic || r.OwnerID == "":
		return []string{classic}
	}
	return []string{immutable}
}

// complete fills in the defaults.
func (s Spec) complete() Spec {
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	if s.Region != "" {
		fill(&s.Partition, arn.PartitionOf(s.Region))
	}
	fill(&s.Provider, oidc.GitHubHost)
	fill(&s.Audience, oidc.AudienceOf(s.Partition))
	return s
}
