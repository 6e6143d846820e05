// Package assume turns a chain of roles into a session. It is the only package
// that calls STS.
package assume

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/org/aws-oidc-action/internal/secret"
)

// Session is a set of temporary credentials and what STS said about it.
type Session struct {
	AccessKeyID     string
	SecretAccessKey secret.Value
	SessionToken    secret.Value
	Expires         time.Time // UTC

	ARN           string // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
	Account       string // 12 digits
	AssumedRoleID string // AROA…:SESSION
	SessionName   string
}

// newSession reads STS's answer. It refuses one that lacks what a session
// needs, since that is no session.
func newSession(c *types.Credentials, u *types.AssumedRoleUser, sessionName string) (Session, error) {
	if c == nil || u == nil || c.AccessKeyId == nil || c.SecretAccessKey == nil || c.SessionToken == nil || c.Expiration == nil || u.Arn == nil {
		return Session{}, fmt.Errorf("the answer holds no complete session")
	}
	fields := strings.SplitN(*u.Arn, ":", 6)
	if len(fields) != 6 || len(fields[4]) != 12 {
		return Session{}, fmt.Errorf("the answer holds no ARN of a session")
	}
	s := Session{
		AccessKeyID:     *c.AccessKeyId,
		SecretAccessKey: secret.New(*c.SecretAccessKey),
		SessionToken:    secret.New(*c.SessionToken),
		Expires:         c.Expiration.UTC(),
		ARN:             *u.Arn,
		Account:         fields[4],
		SessionName:     sessionName,
	}
	if u.AssumedRoleId != nil {
		s.AssumedRoleID = *u.AssumedRoleId
	}
	return s, nil
}
