package lint

import (
	"fmt"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
)

var noAudience = Rule{
	ID:       "no-audience",
	Severity: Low,
	Summary:  "the token's audience is not tested",
	Why: "A workflow can request a token for any audience. Whoever receives one made for another service can use it here, " +
		"if the provider lists that audience.",
	check: func(in *inspection) {
		for _, g := range in.grants {
			if !g.Binds("aud") {
				if len(g.Open) > 0 {
					continue
				}
				in.propose(Low, g.Statement, g.Statement.Pos, "aud is not tested; tokens for every audience of the provider are accepted",
					addConditions(g, "aud", oidc.DefaultAudience))
				continue
			}
			for _, c := range g.On("aud") {
				for _, v := range c.Values {
					if p := v.Pattern(c.Operator); len(p) > 0 && trust.IsWildcard(p[0]) {
						in.propose(Low, g.Statement, v.Pos, fmt.Sprintf("aud %q accepts tokens for other audiences of the provider", v.Text),
							changeCondition(use(line(c.Key, oidc.DefaultAudience)), c.Condition, func(c *trust.Condition) {
								c.Operator, c.Values = trust.Operator{Base: "StringEquals"}, []trust.Value{trust.NewValue(oidc.DefaultAudience, c.Pos)}
							}))
					}
				}
			}
		}
	},
}
