package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/runner"
)

// result is a profile with the session at the end of its chain, or with the
// reason why there is none.
type result struct {
	profile plan.Profile
	session assume.Session
	failure *diagnosis.Diagnosis
}

// login walks the chains of a plan.
type login struct {
	*source
	evidence func(context.Context) explain.Evidence // which explains a refusal
}

// run walks the chains of all profiles concurrently, until ctx ends.
// Nothing is published here. It returns the results in the plan's order, or
// why the step fails.
func (l login) run(ctx context.Context) ([]result, *diagnosis.Diagnosis) {
	tokens := l.login.Tokens()
	walker := l.walker(tokens)
	evidence := sync.OnceValue(func() explain.Evidence {
		return l.evidence(context.WithoutCancel(ctx)) // to explain an expired deadline too
	})
	results := make([]result, len(l.plan.Profiles))
	var group sync.WaitGroup
	for i, profile := range l.plan.Profiles {
		group.Go(func() {
			results[i] = l.walk(ctx, walker, tokens, evidence, profile)
		})
	}
	group.Wait()
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, failure(ctx.Err())
	}
	l.warnOfClock(walker.Ahead())
	return results, l.judge(results)
}

// maxSkew is how far a clock may be off for most AWS services to accept its
// signatures (IAM user guide, "AWS Signature Version 4 for API requests").
const maxSkew = 5 * time.Minute

// warnOfClock warns that later steps may fail although the login succeeded: a
// token login depends on no clock, but signed requests do. ahead is how far STS's
// clock is ahead of the runner's.
func (l login) warnOfClock(ahead time.Duration) {
	if ahead.Abs() < maxSkew {
		return
	}
	direction := "behind"
	if ahead < 0 {
		direction = "ahead of"
	}
	l.runner.Warning("clock", fmt.Sprintf("the runner's clock is %s %s AWS's clock, and most AWS services reject signatures that are more than %.0f minutes off; synchronize the runner's clock (NTP)",
		ahead.Abs().Round(time.Minute), direction, maxSkew.Minutes()))
}

// walk walks one chain. If it has no role, STS identifies the credentials that
// it begins with.
func (l login) walk(ctx context.Context, w *assume.Walker, tokens *oidc.Tokens, evidence func() explain.Evidence, profile plan.Profile) result {
	session, err := w.Walk(ctx, profile)
	if err == nil && session.ARN == "" && len(profile.Chain) == 0 {
		session, err = w.Identify(ctx, ownSTS(profile), session)
	}
	r := result{profile: profile, session: session}
	if err != nil {
		known := evidence()
		known.Context = ctx
		known.Claims, known.Now = tokens.Last(profile.Audience).Claims, l.Now()
		d := explain.Failure(err, known)
		r.failure = &d
	} else {
		r.failure = l.guard(profile, session)
	}
	return r
}

// judge decides whether results are published: all or nothing, unless
// on-profile-error: continue allows those that succeeded.
func (l login) judge(results []result) *diagnosis.Diagnosis {
	failed := slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.failure == nil })
	if len(failed) == 0 {
		return nil
	}
	if len(results) == 1 && results[0].profile.Name == "" {
		return failed[0].failure
	}
	var reasons []diagnosis.Reason
	for _, r := range failed {
		reasons = append(reasons, diagnosis.Reason{Profiles: []string{r.profile.Name}, Diagnosis: *r.failure})
	}
	d := diagnosis.Several(reasons)
	if l.plan.ContinueOnError && len(failed) < len(results) {
		l.annotate(runner.LevelWarning, d)
		return nil
	}
	return &d
}

// walker returns a walker for chains of the plan. Without a store of tokens it
// is for credentials that exist already.
func (f *source) walker(tokens *oidc.Tokens) *assume.Walker {
	w := f.login.Walker(tokens)
	w.Origin, w.OnSession, w.OnHop = f.origin, f.maskSession, f.logHop
	return w
}

func (f *source) maskSession(s assume.Session) {
	f.runner.Mask(s.AccessKeyID)
	f.runner.Mask(s.SecretAccessKey.Reveal())
	f.runner.Mask(s.SessionToken.Reveal())
	f.runner.MaskAccountsIn(s.Account)
}

func (f *source) logHop(hop, hops int, h plan.Hop, s assume.Session) {
	how := "with the session of the previous hop"
	if hop == 1 {
		switch f.plan.Profiles[0].Source {
		case plan.SourceOIDC:
			how = "with the job's OIDC token"
		case plan.SourceTokenFile:
			how = "with the token of web-identity-token-file"
		default:
			how = "with these credentials" // which origin has logged
		}
	}
	f.runner.Info("Assumed %s (hop %d of %d, %s) until %s", h.Role, hop, hops, how, s.Expires.Format(time.RFC3339))
}

// guard checks the account of a session against the allowed ones. The plan has
// checked the role's ARN, but without a role only STS's response names the
// account.
func (l login) guard(profile plan.Profile, s assume.Session) *diagnosis.Diagnosis {
	allowed := profile.AllowedAccounts
	switch {
	case len(allowed) == 0 || slices.Contains(allowed, s.Account):
		return nil
	case s.Account == "":
		return &diagnosis.Diagnosis{
			Code: diagnosis.AccountNotAllowed, Origin: diagnosis.OriginRefusal,
			What: "the response of " + l.plan.Endpoint.URL + " does not name the account of the credentials, which allowed-account-ids needs",
			Cure: "remove allowed-account-ids, or use an endpoint whose sessions belong to accounts; nothing was exported",
		}
	default:
		return &diagnosis.Diagnosis{
			Code: diagnosis.AccountNotAllowed, Origin: diagnosis.OriginRefusal,
			What: fmt.Sprintf("the credentials belong to account %s, which is not among allowed-account-ids (%s)", s.Account, strings.Join(allowed, ", ")),
			Cure: "correct the role or the keys, or allow the account; nothing was exported",
		}
	}
}

// ownSTS is the STS that a profile calls for GetCallerIdentity.
func ownSTS(profile plan.Profile) plan.Hop {
	return plan.Hop{Region: profile.Region, Endpoint: profile.Endpoint, Foreign: profile.Foreign, FIPS: profile.FIPS, DualStack: profile.DualStack}
}
