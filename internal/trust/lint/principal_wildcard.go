package lint

import "github.com/org/aws-oidc-action/internal/oidc"

var principalWildcard = Rule{
	ID:       "principal-wildcard",
	Severity: Critical,
	Summary:  "every identity provider of the account is trusted",
	check: func(in *inspection) {
		for _, g := range in.grants {
			if !g.Wildcard {
				continue
			}
			const rewrite = `"Principal": {"Federated": "arn:aws:iam::ACCOUNT:oidc-provider/` + oidc.GitHubHost + `"}`
			if c, ok := g.Decisive(); ok && c.Binding() {
				in.report(Medium, g.Statement.Principal.Pos, "every identity provider of the account is trusted; only the conditions keep others out", rewrite)
				continue
			}
			in.report(Critical, g.Statement.Principal.Pos, "every identity provider of the account is trusted, and no condition says whose tokens: "+
				"anyone who has a token of one of them gets in", rewrite)
		}
	},
}
