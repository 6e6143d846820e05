package action

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/runner"
)

// keep looks whether the credentials that the job already has serve, for every
// profile: they work, belong to the wanted account and role, and last long
// enough as far as their end is known. Then it puts out whose they are, and
// nothing is fetched.
func (p *phase) keep(ctx context.Context, s *store) (kept bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.plan.Timeout)
	defer cancel()
	walker := p.walker(s, nil)
	var results []result
	for _, profile := range p.plan.Profiles {
		session, from, found := p.existing(ctx, s, p.keptName(profile))
		if !found {
			p.runner.Info("There are no credentials to keep%s", forProfile(profile))
			return false, nil
		}
		p.maskSession(session)
		session, err := walker.Identify(ctx, ownSTS(profile), session)
		if notCancelled(err) {
			p.runner.Info("The credentials of %s do not work any more (%v): new ones are fetched", from, err)
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if session.Expires.IsZero() {
			state, err := s.Read()
			if err != nil {
				return false, err
			}
			session.Expires = state.Expiry(session.AccessKeyID)
		}
		if why := p.unfit(profile, session); why != "" {
			p.runner.Info("The credentials of %s are not kept: %s", from, why)
			return false, nil
		}
		p.runner.Info("Keeps the credentials of %s: %s", from, session.ARN)
		results = append(results, result{profile: profile, session: session})
	}
	return true, p.publishKept(ctx, s, results)
}

// publishKept puts out whose credentials are kept, and exports their region as
// a login would.
func (p *phase) publishKept(ctx context.Context, s *store, results []result) error {
	outputs, err := p.outputs(results)
	if err != nil {
		return err
	}
	pub := runner.Publication{Outputs: outputs}
	for _, pair := range p.regions(results) {
		if p.runner.Getenv(pair.Name) != pair.Value.Reveal() {
			pub.Env = append(pub.Env, pair)
		}
	}
	if len(pub.Env) == 0 {
		return p.runner.Publish(pub)
	}
	return p.locked(ctx, s, func(state jobstate.State) error { return p.deliver(ctx, s, state, pub) })
}

// keptName is the profile in which the credentials to keep would stand; the
// empty name means the environment first.
func (p *phase) keptName(profile plan.Profile) string {
	if p.plan.Refresh {
		return storedName(profile)
	}
	return profile.Name
}

func forProfile(profile plan.Profile) string {
	if profile.Name == "" {
		return ""
	}
	return " for profile " + profile.Name
}

// unfit says why credentials are not what the plan would get, or "".
func (p *phase) unfit(wanted plan.Profile, s assume.Session) string {
	if allowed := wanted.AllowedAccounts; len(allowed) > 0 && !slices.Contains(allowed, s.Account) {
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
