package assume

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/secret"
)

// answering is a server that answers every request alike, without a network.
type answering struct {
	status int
	body   string
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Status: http.StatusText(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: r,
	}, nil
}

// FuzzAnswer holds for every answer to an AssumeRole: it is a session that
// lives and is the role's, or an error without what we sent; and each key of a
// session is reported before the walk ends.
func FuzzAnswer(f *testing.F) {
	good := func() response { return goodResponse().with("Expiration", "2100-01-01T00:00:00Z") }
	whole := good().xml("AssumeRole")
	f.Add(200, whole)
	f.Add(200, good().with("Arn", "").xml("AssumeRole"))
	f.Add(200, good().with("SecretAccessKey", "<>").xml("AssumeRole"))
	f.Add(200, good().xml("AssumeRoleWithWebIdentity"))
	f.Add(200, "")
	f.Add(200, "<html>proxy</html>")
	f.Add(200, `<?xml version="1.0" encoding="UTF-16"?><AssumeRoleResponse/>`)
	f.Add(200, `<!DOCTYPE a [<!ENTITY b "c">]><AssumeRoleResponse>&b;</AssumeRoleResponse>`)
	f.Add(403, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: x is not authorized to perform: sts:AssumeRole on resource: y</Message></Error><RequestId>1</RequestId></ErrorResponse>`)
	f.Add(400, `<ErrorResponse><Error><Code>PackedPolicyTooLarge</Code></Error></ErrorResponse>`)
	f.Add(503, `{"__type": "x"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return // net/http hands out no others
		}
		seen := map[string]bool{}
		const ourSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
		w := &Walker{
			HTTP:     &http.Client{Transport: answering{status, body}},
			Parallel: 1,
			Origin: func(context.Context, plan.Profile) (Session, error) {
				return Session{AccessKeyID: "AKIAIOSFODNN7CIUSER1", SecretAccessKey: secret.New(ourSecret)}, nil
			},
			OnSession: func(s Session) { seen[s.AccessKeyID] = true },
		}
		w.Retry = retry.Default(1)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		session, err := w.Walk(ctx, plan.Profile{Source: plan.SourceKeys, Region: "us-east-1", Chain: []plan.Hop{{
			Role: "arn:aws:iam::222222222222:role/spoke1", Region: "us-east-1", SessionName: "test", Duration: time.Hour,
		}}})
		if status == 200 && body == whole && err != nil {
			t.Errorf("the good answer: %v", err)
		}
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			t.Error("one answer keeps the walk busy")
		case err != nil:
			if strings.Contains(err.Error(), ourSecret) {
				t.Errorf("the error has the secret: %v", err)
			}
		case session.AccessKeyID == "" || session.SecretAccessKey.IsZero() || session.SessionToken.IsZero():
			t.Errorf("session without keys of %q", body)
		case !session.Expires.After(time.Now()):
			t.Errorf("session that has ended, %s", session.Expires)
		case !seen[session.AccessKeyID]:
			t.Error("the session's keys were not reported")
		}
	})
}
