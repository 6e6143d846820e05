// Package assume turns a chain of roles into a session. It is the only package
// that calls STS.
package assume

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/secret"
)

// Session is a set of credentials and what is known about it.
type Session struct {
	AccessKeyID     string
	SecretAccessKey secret.Value
	SessionToken    secret.Value // empty for the keys of a user
	Expires         time.Time    // UTC, by our clock; zero if it is unknown or never

	// A server that is not AWS's may leave these three empty.
	ARN     string // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, or a user's
	Account string // 12 digits
	UserID  string // AROA…:SESSION, or a user's AIDA…

	// Of a session that this walk assumed:
	Role        arn.Role
	SessionName string
}

// newSession reads STS's response. It refuses a session that is incomplete, has
// characters that could break a file or a log, has expired at the time of the
// response, or is in another account than the role. A server that is not AWS's
// may leave out whose session it is (MinIO does).
func newSession(c *types.Credentials, u *types.AssumedRoleUser, h plan.Hop, at time.Time) (Session, error) {
	if c == nil {
		return Session{}, badResponse("the response has no Credentials")
	}
	if u == nil {
		u = &types.AssumedRoleUser{}
	}
	err := wholeTexts(field{"AccessKeyId", c.AccessKeyId}, field{"SecretAccessKey", c.SecretAccessKey}, field{"SessionToken", c.SessionToken})
	if err != nil {
		return Session{}, err
	}
	if c.Expiration == nil {
		return Session{}, badResponse("the response has no Expiration")
	}
	s := Session{
		AccessKeyID:     *c.AccessKeyId,
		SecretAccessKey: secret.New(*c.SecretAccessKey),
		SessionToken:    secret.New(*c.SessionToken),
		Expires:         c.Expiration.UTC(),
		SessionName:     h.SessionName,
	}
	if id := aws.ToString(u.AssumedRoleId); id != "" {
		if err := wholeTexts(field{"AssumedRoleId", u.AssumedRoleId}); err != nil {
			return Session{}, err
		}
		s.UserID = id
	}
	if err := s.setRole(u.Arn, h); err != nil {
		return Session{}, err
	}
	if !s.Expires.After(at) {
		return Session{}, badResponse("the session has expired already: it ended at " + s.Expires.Format(time.RFC3339))
	}
	return s, nil
}

// setRole sets whose session it is.
func (s *Session) setRole(name *string, h plan.Hop) error {
	if h.Foreign && aws.ToString(name) == "" {
		return nil
	}
	if err := wholeTexts(field{"Arn", name}); err != nil {
		return err
	}
	if err := s.setARN(*name, h.Foreign); err != nil {
		return err
	}
	if _, _, ok := arn.AssumedRole(s.ARN); !ok {
		return badResponse("the response has an invalid Arn")
	}
	if expected := h.Role.Account(); expected != "" && s.Account != expected && !h.Foreign {
		return badResponse("the session is in account " + s.Account + ", expected " + expected)
	}
	return nil
}

// badResponse says what is wrong with a response of status 200 that STS never
// sends. It holds no part of the response except times and account ids.
type badResponse string

func (b badResponse) Error() string { return string(b) }

// errEmpty is a response without any text, as proxies send it while they cannot
// reach STS: a retry may succeed.
const errEmpty = badResponse(notFromSTS)

const notFromSTS = "the response does not come from STS"

// field is a text in a response, and its name there.
type field struct {
	name  string
	value *string
}

// wholeTexts refuses fields that are missing, empty, or have other characters than
// printable ASCII, which keys, tokens and ARNs consist of (IAM user guide, "IAM
// identifiers").
func wholeTexts(fields ...field) error {
	for _, f := range fields {
		if f.value == nil || *f.value == "" {
			return badResponse("the response has no " + f.name)
		}
		if strings.ContainsFunc(*f.value, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return badResponse("the response has an invalid character in " + f.name)
		}
	}
	return nil
}

// setARN sets the ARN and its account. ARNs of servers that are not AWS's may have
// no account, or a name in its place, and may lack a field.
func (s *Session) setARN(text string, foreign bool) error {
	account := arn.Account(text)
	if !arn.IsAccountID(account) {
		account = ""
	}
	// A hostile server could bring any text into logs and outputs by a long field.
	fields := strings.SplitN(text, ":", 6)
	tooLong := slices.ContainsFunc(fields[:len(fields)-1], func(f string) bool { return len(f) > arn.LongestName })
	if fields[0] != "arn" || account == "" && !foreign || tooLong {
		return badResponse("the response has an invalid Arn")
	}
	s.ARN, s.Account = text, account
	return nil
}

// Temporary reports whether the credentials expire.
func (s Session) Temporary() bool { return !s.SessionToken.IsZero() }

// hasSpecialCharacters reports whether one of the two values that people paste
// into scripts has special characters; a session token always has some.
func (s Session) hasSpecialCharacters() bool {
	return strings.ContainsFunc(s.AccessKeyID+s.SecretAccessKey.Reveal(), func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
}
