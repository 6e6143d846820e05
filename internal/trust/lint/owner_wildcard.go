package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

var ownerWildcard = Rule{
	ID:       "owner-wildcard",
	Severity: Critical,
	Summary:  "the owner's name has a wildcard",
	Why:      "Anyone can register a user or an organization whose name matches.",
	check: func(in *inspection) {
		in.deciding(grant.OwnerPattern, func(g grant.Grant, c grant.Constraint, v trust.Value) {
			s := c.Subject(v)
			in.propose(Critical, g.Statement, v.Pos, fmt.Sprintf("%s %q has a wildcard in the owner's name; anyone can register a name that matches %q",
				c.Claim, v.Text, s.Owner), narrowValue(g, c, v, s))
		})
	},
}
