package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var ownerWildcard = Rule{
	ID:       "owner-wildcard",
	Severity: Critical,
	Summary:  "the owner's name has a wildcard, so that others can register a name that matches",
	check: func(in *inspection) {
		in.deciding(grant.OwnerPattern, func(g grant.Grant, c grant.Constraint, v trust.Value) {
			s := c.Subject(v)
			in.propose(Critical, g, v.Pos, fmt.Sprintf("%s %q has a wildcard before the slash: it admits every owner whose name matches %s, "+
				"and anyone can register such a name", c.Claim, v.Text, s.Owner), narrowValue(g, c, v, s))
		})
	},
}
