package refresh

import (
	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/refresh/early"
)

// Answer is the session as a credential_process prints it: one line of JSON,
// which holds the secrets.
func Answer(s assume.Session) ([]byte, error) {
	return early.Answer{
		AccessKeyID:     s.AccessKeyID,
		SecretAccessKey: s.SecretAccessKey.Reveal(),
		SessionToken:    s.SessionToken.Reveal(),
		Expiration:      s.Expires,
		AccountID:       s.Account,
	}.Line()
}
