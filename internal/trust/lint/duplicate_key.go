package lint

import (
	"errors"
	"fmt"

	"github.com/org/aws-oidc-action/internal/trust"
)

var duplicateKey = Rule{
	ID:       "duplicate-key",
	Severity: Error,
	Summary:  "an object has a duplicate key, and IAM silently uses the last one",
	check: func(in *inspection) {
		var bad *trust.SyntaxError
		if errors.As(in.Err, &bad) && bad.Duplicate != "" {
			in.report(Error, trust.Pos{Line: bad.Line, Column: bad.Column}, bad.Msg,
				fmt.Sprintf("one %q with a list of both values, or, if both must hold, under two operators", bad.Duplicate))
		}
	},
}
