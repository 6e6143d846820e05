package inventory

import (
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

const everyRepository = "every repository"

// describe says which repositories and which of their runs a value admits.
func describe(g grant.Grant, c grant.Constraint, v trust.Value) (repository, runs string) {
	s := c.Subject(v)
	if c.Claim != "sub" {
		return repositories(c, v, s), contextOf(g)
	}
	p := v.Pattern(c.Operator)
	switch {
	case s.Reach == grant.Undetermined:
		return unknown(v.Unknown()), unknown(v.Unknown())
	case !c.Operator.Wildcards() && strings.ContainsAny(p.Literals(), "*?") && !v.HasVariables():
		return v.Text, "none: " + c.Operator.Base + " does not support wildcards"
	case s.Fault() != "":
		return v.Text, "none: GitHub issues no such subject"
	case s.Customized:
		return repositories(c, v, s), "customized subject " + v.Text
	}
	runs = context(s.Context.String())
	if s.Context.HasUnknown() {
		runs += " (" + unknown(v.Unknown()) + ")"
	}
	return repositories(c, v, s), runs
}

// repositories names whose runs they are, in the policy's own spelling.
func repositories(c grant.Constraint, v trust.Value, s grant.Subject) string {
	with := func(name, id, all string) string {
		switch {
		case name == "" && id == "":
			return all
		case name == "":
			return "id " + id
		case id == "":
			return name
		}
		return name + "@" + id
	}
	byID := s.Owner == "" && s.OwnerID == "" && s.RepositoryID != ""
	if s.Open >= grant.OpenRepository {
		name := with(s.Owner, s.OwnerID, "*") + "/" + with(s.Repository, s.RepositoryID, "*")
		switch {
		case s.OneName():
			name = s.Owner
		case byID:
			name = "id " + s.RepositoryID
		}
		return name + " (" + unknown(v.Unknown()) + ")"
	}
	switch {
	case s.Reach <= grant.Callers:
		return everyRepository
	case s.Reach == grant.Enterprise && !c.Binding(): // most tokens have no enterprise_id
		return everyRepository
	case s.Reach == grant.Enterprise:
		return "every repository of enterprise " + v.Text
	case byID:
		return "id " + s.RepositoryID
	}
	return with(s.Owner, s.OwnerID, "*") + "/" + with(s.Repository, s.RepositoryID, "*")
}

// context puts the part of a subject behind the repository into words.
func context(c string) string {
	if strings.Trim(c, "*") == "" {
		return "every run"
	}
	for _, form := range []struct{ prefix, kind string }{
		{"ref:refs/heads/", "branch "}, {"ref:refs/tags/", "tag "}, {"ref:refs/pull/", "pull request "}, {"environment:", "environment "},
	} {
		if name, ok := strings.CutPrefix(c, form.prefix); ok {
			return form.kind + name
		}
	}
	if c == "pull_request" {
		return "pull requests"
	}
	return c
}

// contextOf says which runs the conditions on claims other than sub admit.
func contextOf(g grant.Grant) string {
	var all []string
	for _, c := range g.Constraints {
		prefix := map[string]string{"ref": "ref:", "environment": "environment:"}[c.Claim]
		if prefix == "" || !c.Binding() || c.FromDeny {
			continue
		}
		var either []string
		for _, v := range c.Values {
			either = append(either, context(prefix+v.Text))
		}
		all = append(all, strings.Join(either, " or "))
	}
	if len(all) == 0 {
		return "every run"
	}
	return strings.Join(all, ", ")
}
