// Package assume turns a chain of roles into a session. It is the only package
// that calls STS.
package assume

import (
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/secret"
)

// Session is a set of credentials and what is known about it.
type Session struct {
	AccessKeyID     string
	SecretAccessKey secret.Value
	SessionToken    secret.Value // empty for the keys of a user
	Expires         time.Time    // UTC; zero if it is unknown or never

	ARN     string // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, or a user's
	Account string // 12 digits
	UserID  string // AROA…:SESSION, or a user's AIDA…

	// Of a session that this walk assumed:
	Role        plan.RoleARN
	SessionName string
}

// newSession reads STS's answer. It refuses one that lacks what a session
// needs, since that is no session.
func newSession(c *types.Credentials, u *types.AssumedRoleUser, sessionName string) (Session, error) {
	if c == nil || u == nil || c.AccessKeyId == nil || c.SecretAccessKey == nil || c.SessionToken == nil || c.Expiration == nil || u.Arn == nil {
		return Session{}, errIncomplete
	}
	s := Session{
		AccessKeyID:     *c.AccessKeyId,
		SecretAccessKey: secret.New(*c.SecretAccessKey),
		SessionToken:    secret.New(*c.SessionToken),
		Expires:         c.Expiration.UTC(),
		SessionName:     sessionName,
	}
	if u.AssumedRoleId != nil {
		s.UserID = *u.AssumedRoleId
	}
	return s, s.setARN(*u.Arn)
}

var errIncomplete = errors.New("the answer is not complete")

func (s *Session) setARN(arn string) error {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) != 6 || len(fields[4]) != 12 {
		return errIncomplete
	}
	s.ARN, s.Account = arn, fields[4]
	return nil
}

// Temporary tells whether the credentials end by themselves.
func (s Session) Temporary() bool { return !s.SessionToken.IsZero() }

// hasSpecialCharacters looks at the two values that people paste into scripts;
// a session token always has some.
func (s Session) hasSpecialCharacters() bool {
	return strings.ContainsFunc(s.AccessKeyID+s.SecretAccessKey.Reveal(), func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
}
