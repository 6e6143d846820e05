package lint

import (
	"errors"

	"github.com/org/aws-oidc-action/internal/trust"
)

var duplicateKey = Rule{
	ID:       "duplicate-key",
	Severity: Error,
	Summary:  "an object has a duplicate key",
	Why: "IAM uses the last of the two and ignores the other without a message. Use one key with a list of both values; " +
		"if both must match, use two operators.",
	check: func(in *inspection) {
		var bad *trust.SyntaxError
		if errors.As(in.Err, &bad) && bad.Duplicate != "" {
			in.report(Error, trust.Pos{Line: bad.Line, Column: bad.Column}, bad.Msg)
		}
	},
}
