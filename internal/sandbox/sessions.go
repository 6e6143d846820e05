package sandbox

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/trust"
)

// session is a role session that the server has created.
type session struct {
	role      *scenario.Role
	name      string
	accessKey string
	secret    secret.Value
	token     secret.Value
	issued    time.Time
	expires   time.Time

	tags           []tag
	sourceIdentity string
	provider       string // ARN of the OIDC provider at the chain's beginning
}

// sessionStore finds sessions by their access key. It keeps all of them, because
// expired keys and unknown keys are refused differently.
type sessionStore struct {
	mu     sync.Mutex
	byName map[string]*session
}

func (st *sessionStore) add(s *session, secretKey, token string) {
	s.secret, s.token = secret.New(secretKey), secret.New(token)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.byName == nil {
		st.byName = map[string]*session{}
	}
	st.byName[s.accessKey] = s
}

func (st *sessionStore) find(accessKey string) *session {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.byName[accessKey]
}

// caller is the identity behind a signed request: a user or a role session.
type caller struct {
	arn       string // as GetCallerIdentity returns it
	iamARN    string // of the user or of the session's role
	userID    string
	account   string
	partition string
	secret    secret.Value
	assumes   []string

	user    *scenario.User // nil for a session
	session *session       // nil for a user
}

func (c *caller) mayAssume(arn string) bool {
	return slices.ContainsFunc(c.assumes, func(pattern string) bool { return trust.NewPattern(pattern).Match(arn) })
}

func (s *session) caller() *caller {
	partition := arn.Partition(s.role.ARN)
	return &caller{
		arn:       fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", partition, s.role.Account, s.role.Name, s.name),
		iamARN:    s.role.ARN,
		userID:    uniqueID("AROA", s.role.ARN) + ":" + s.name,
		account:   s.role.Account,
		partition: partition,
		secret:    s.secret,
		assumes:   s.role.MayAssume,
		session:   s,
	}
}

func userCaller(u *scenario.User) *caller {
	return &caller{
		arn:       u.ARN,
		iamARN:    u.ARN,
		userID:    uniqueID("AIDA", u.ARN),
		account:   u.Account,
		partition: arn.Partition(u.ARN),
		secret:    u.Secret,
		assumes:   u.MayAssume,
		user:      u,
	}
}
