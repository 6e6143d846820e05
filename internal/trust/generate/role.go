package generate

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/trust"
)

// role is one of the roles that a Spec describes. Its Spec is completed, and
// is of that role only.
type role struct {
	Spec
	of          string // the environment or spoke that it is for
	id          string // distinguishes it in its document; empty if it is the only one
	webIdentity bool   // it trusts GitHub's provider, not the hub
	trust       object
	permissions object // nil without any
}

// roles returns the roles of a completed Spec: one for each environment that
// has an account, a hub and its spokes, or just one.
func (s Spec) roles() []role {
	var all []role
	switch {
	case len(s.Spokes) > 0:
		hub := s.webIdentityRole(s.only())
		hub.of, hub.id = "hub", "hub"
		all = append(all, hub)
		for _, spoke := range s.Spokes {
			all = append(all, hub.spoke(spoke))
		}
		all[0].permissions, all[0].Allow = assumeSpokes(all[1:]), nil
	case s.isPerEnvironment() && len(s.Environments) > 1:
		for _, e := range s.Environments {
			of := s
			of.Environments, of.Account = []Environment{e}, e.Account
			r := of.webIdentityRole(e.Name)
			r.id = e.Name
			all = append(all, r)
		}
	default:
		if s.isPerEnvironment() {
			s.Account = s.Environments[0].Account
		}
		all = append(all, s.webIdentityRole(s.only()))
	}
	identify(all)
	return all
}

func (s Spec) isPerEnvironment() bool {
	return len(s.Environments) > 0 && !slices.ContainsFunc(s.Environments, func(e Environment) bool { return e.Account == "" })
}

// only is the environment that the role is for, if it is for just one.
func (s Spec) only() string {
	if len(s.Environments) == 1 {
		return s.Environments[0].Name
	}
	return ""
}

// accounts are those of all roles, each once.
func (s Spec) accounts() []string {
	var all []string
	for _, r := range s.roles() {
		if !slices.Contains(all, r.Account) {
			all = append(all, r.Account)
		}
	}
	return all
}

func (s Spec) webIdentityRole(environment string) role {
	if s.RoleName == "" {
		s.RoleName = conventionalName(s.Repositories, environment)
	}
	return role{Spec: s, of: environment, webIdentity: true, trust: s.trustPolicy(), permissions: s.permissionsPolicy(environment)}
}

// spoke returns the role that the hub assumes in an account. It has the
// permissions; the hub has none but to assume it.
func (hub role) spoke(spoke Spoke) role {
	s := hub.Spec
	s.RoleName, s.Account, s.Environments = roleName(hub.RoleName+"-"+spoke.Name), spoke.Account, nil
	statement := object{
		{"Effect", "Allow"},
		{"Principal", object{{"AWS", hub.arn()}}},
		{"Action", "sts:AssumeRole"},
	}
	if s.ExternalID != "" {
		statement = append(statement, field{"Condition", object{{"StringEquals", object{{"sts:ExternalId", s.ExternalID}}}}})
	}
	return role{
		Spec: s, of: spoke.Name, id: spoke.Name, permissions: s.permissionsPolicy(spoke.Name),
		trust: object{{"Version", trust.Version2012}, {"Statement", list{statement}}},
	}
}

func assumeSpokes(spokes []role) object {
	var resources list
	for _, r := range spokes {
		resources = append(resources, r.arn())
	}
	return object{{"Version", trust.Version2012}, {"Statement", list{object{
		{"Sid", "AssumeSpokes"},
		{"Effect", "Allow"},
		{"Action", "sts:AssumeRole"},
		{"Resource", oneOrMore(resources)},
	}}}}
}

// arn is the role's ARN, with its own account in it wherever it is written.
func (r role) arn() reference {
	return reference(string(arn.Role(r.RoleName).In("{partition}", r.Account)))
}

// boundary is the ARN of the permissions boundary in the role's account.
func (r role) boundary() any {
	if r.Boundary == "" || strings.HasPrefix(r.Boundary, "arn:") {
		return r.Boundary
	}
	return reference("arn:{partition}:iam::{account}:policy/" + r.Boundary)
}

// conventionalName is how a repository's role is named:
// github-OWNER-REPOSITORY-ENVIRONMENT.
func conventionalName(repositories []Repository, environment string) string {
	name := "github"
	if len(repositories) > 0 {
		name += "-" + repositories[0].Owner + "-" + repositories[0].Name
	}
	if environment != "" {
		name += "-" + environment
	}
	return roleName(regexp.MustCompile(`[^A-Za-z0-9_+=,.@-]`).ReplaceAllString(name, "-"))
}

// roleName shortens what is too long for IAM so that it stays distinct.
func roleName(name string) string {
	if len(name) <= arn.LongestName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	tail := "-" + hex.EncodeToString(sum[:4])
	return name[:arn.LongestName-len(tail)] + tail
}

// identify makes the ids of several roles what templates take: letters and
// digits that begin with a letter, distinct also without regard to case.
func identify(roles []role) {
	taken := map[string]bool{"": true}
	for i := range roles {
		if len(roles) == 1 {
			return
		}
		id := strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(roles[i].id, ""))
		for base, n := id, 2; taken[id]; n++ {
			id = base + strconv.Itoa(n)
		}
		taken[id] = true
		roles[i].id = id
	}
}
