package lint

import (
	"errors"

	"github.com/org/aws-oidc-action/internal/trust"
)

var syntax = Rule{
	ID:       "syntax",
	Severity: Error,
	Summary:  "the trust policy is not valid",
	Why:      "IAM refuses the policy, or interprets it in another way than a reader expects. No other rule is applied to it.",
	check: func(in *inspection) {
		var bad *trust.SyntaxError
		if errors.As(in.Err, &bad) && bad.Duplicate == "" {
			in.report(Error, trust.Pos{Line: bad.Line, Column: bad.Column}, bad.Msg)
		}
	},
}
