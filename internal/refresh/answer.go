package refresh

import (
	"encoding/json"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
)

// answer is version 1 of what SDKs read from a credential_process.
type answer struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string // RFC 3339, UTC
	AccountID       string `json:"AccountId"`
}

// Answer is the session as a credential_process prints it: one line of JSON,
// which holds the secrets.
func Answer(s assume.Session) ([]byte, error) {
	line, err := json.Marshal(answer{
		Version:         1,
		AccessKeyID:     s.AccessKeyID,
		SecretAccessKey: s.SecretAccessKey.Reveal(),
		SessionToken:    s.SessionToken.Reveal(),
		Expiration:      s.Expires.UTC().Format(time.RFC3339),
		AccountID:       s.Account,
	})
	return append(line, '\n'), err
}
