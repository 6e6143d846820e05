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
	check: func(in *inspection) {
		for _, g := range in.grants {
			add := addConditions(g, "in StringEquals: ", "aud", oidc.DefaultAudience)
			if !g.Binds("aud") {
				if len(g.Open) > 0 {
					continue
				}
				in.propose(Low, g, g.Statement.Pos, "no condition on aud: a token that was made for another audience of the provider passes", add)
				continue
			}
			for _, c := range g.On("aud") {
				for _, v := range c.Values {
					if p := v.Pattern(c.Operator); len(p) > 0 && trust.IsWildcard(p[0]) {
						in.propose(Low, g, v.Pos, fmt.Sprintf("aud %q admits a token that was made for another audience of the provider", v.Text),
							changeCondition(add.text, c.Condition, func(c *trust.Condition) {
								c.Operator, c.Values = trust.Operator{Base: "StringEquals"}, []trust.Value{trust.NewValue(oidc.DefaultAudience, c.Pos)}
							}))
					}
				}
			}
		}
	},
}
