package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/runner"
)

// keep looks whether the credentials that the job already has serve: they
// work, belong to the wanted account and role, and last long enough as far as
// their end is known. Then it puts out whose they are, and nothing is fetched.
func (p *phase) keep(ctx context.Context, s *store) (kept bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.plan.Timeout)
	defer cancel()
	wanted := p.plan.Profiles[0]
	session, from, found := p.existing(s)
	if !found {
		p.runner.Info("There are no credentials to keep")
		return false, nil
	}
	p.maskSession(session)
	session, err = p.walker(s, nil).Identify(ctx, p.ownSTS(wanted), session)
	if errors.Is(err, context.Canceled) {
		return false, err
	}
	if err != nil {
		p.runner.Info("The credentials of %s do not work any more (%v): new ones are fetched", from, err)
		return false, nil
	}
	if session.Expires, err = s.expiry(session.AccessKeyID); err != nil {
		return false, err
	}
	if why := p.unfit(wanted, session); why != "" {
		p.runner.Info("The credentials of %s are not kept: %s", from, why)
		return false, nil
	}
	if err := p.runner.Publish(runner.Publication{Outputs: p.outputs(session)}); err != nil {
		return false, err
	}
	p.runner.Info("Kept the credentials of %s: %s", from, session.ARN)
	return true, nil
}

// unfit says why credentials are not what the plan would get, or "".
func (p *phase) unfit(wanted plan.Profile, s assume.Session) string {
	if allowed := p.plan.AllowedAccounts; len(allowed) > 0 && !slices.Contains(allowed, s.Account) {
		return "they belong to account " + s.Account + ", which is not among allowed-account-ids"
	}
	if role := wanted.Last().Role; role != "" {
		if role.Account() != "" && role.Account() != s.Account {
			return fmt.Sprintf("they belong to account %s, wanted is %s", s.Account, role.Account())
		}
		if !strings.Contains(s.ARN, ":assumed-role/"+role.Name()+"/") {
			return fmt.Sprintf("they are those of %s, wanted is role %s", s.ARN, role.Name())
		}
	}
	if left := s.Expires.Sub(p.Now()); !s.Expires.IsZero() && left < p.plan.MinRemaining {
		return fmt.Sprintf("they end in %s, before min-remaining-seconds", left.Round(time.Second))
	}
	return ""
}

// ownSTS is where GetCallerIdentity is asked for a profile.
func (p *phase) ownSTS(profile plan.Profile) plan.Hop {
	return plan.Hop{Region: profile.Region, Endpoint: profile.Endpoint, FIPS: profile.FIPS}
}

// guard holds what STS says of a session against what was asked: plan has seen
// to the ARN, but only the answer says whose credentials these are.
func (p *phase) guard(profile plan.Profile, s assume.Session) *explain.Diagnosis {
	if allowed := p.plan.AllowedAccounts; len(allowed) > 0 && !slices.Contains(allowed, s.Account) {
		return &explain.Diagnosis{
			Code: explain.AccountNotAllowed,
			What: fmt.Sprintf("the credentials belong to account %s, which is not among allowed-account-ids (%s)", s.Account, strings.Join(allowed, ", ")),
			Cure: "correct the role or the keys, or allow the account; nothing was exported",
		}
	}
	if want := profile.Last().Role.Account(); want != "" && s.Account != want {
		return &explain.Diagnosis{
			Code: explain.Failed,
			What: fmt.Sprintf("the endpoint answered with a session in account %s where the role is in %s", s.Account, want),
			Cure: "check sts-endpoint and the AWS_ENDPOINT_URL variables; nothing was exported",
		}
	}
	return nil
}
