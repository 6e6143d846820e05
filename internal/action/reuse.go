package action

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/ambient"
	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/runner"
)

// reuse publishes the credentials that the job already has, if they fit the
// plan.
type reuse struct {
	*source
	to *publisher
}

// run reports whether the credentials that the job already has fit every profile:
// they work, belong to the expected account and role, and last long enough as far
// as their expiry is known. If so, it publishes their identity and requests no
// others. It takes at most half of the time that ctx leaves, so that a login can
// follow.
func (r reuse) run(ctx context.Context) (reused bool, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	walker := r.walker(nil)
	var results []result
	for _, profile := range r.plan.Profiles {
		found, err := r.existing(ctx, profile)
		if errors.Is(err, context.Canceled) {
			return false, err
		}
		if err != nil {
			r.runner.Info("No existing credentials%s (%s); fetching new ones", forProfile(profile), whyNone(err))
			return false, nil
		}
		r.maskSession(found.Session)
		if found.Renewing && !r.plan.Delivery.KeyOutputs {
			found.Expires = time.Time{} // later steps get new ones in time
		}
		session, err := walker.Identify(ctx, ownSTS(profile), found.Session)
		if errors.Is(err, context.Canceled) {
			return false, err
		}
		if err != nil {
			r.runner.Info("Existing credentials (%s) %s; fetching new ones", found.From, notIdentified(err))
			return false, nil
		}
		if session.Expires.IsZero() && !found.Renewing {
			state, err := r.store.Read()
			if err != nil {
				return false, err
			}
			session.Expires = state.Expiry(session.AccessKeyID)
		}
		if why := r.unfit(profile, session); why != "" {
			r.runner.Info("Existing credentials (%s) do not fit: %s; fetching new ones", found.From, why)
			return false, nil
		}
		r.runner.Info("Using existing credentials (%s): %s", found.From, session.ARN)
		results = append(results, result{profile: profile, session: session})
	}
	return true, r.publish(ctx, results)
}

var errNoneExist = errors.New("none are configured")

// existing returns the credentials that later steps would use for a profile if
// this step fetched none. With a name these are the profile's or else the
// environment's; without one they come from the whole default chain.
func (r reuse) existing(ctx context.Context, profile plan.Profile) (ambient.Credentials, error) {
	name := r.name(profile)
	if name == "" {
		return r.ambient(ctx, profile, r.store.onlyProfile())
	}
	if r.plan.UnsetCurrent {
		return ambient.Credentials{}, errNoneExist
	}
	chain := r.chain(profile)
	found, ok, err := chain.Profile(ctx, name)
	if err != nil || ok {
		return found, err
	}
	if found, ok = chain.Environment(); ok {
		return found, nil
	}
	return ambient.Credentials{}, errNoneExist
}

// whyNone returns the reason without the advice, which applies only if these
// credentials are used in place of a login.
func whyNone(err error) string {
	if e, ok := errors.AsType[*ambient.Error](err); ok {
		return e.Source + ": " + e.Reason
	}
	return err.Error()
}

// notIdentified says whether AWS rejected the credentials or they could not be
// checked.
func notIdentified(err error) string {
	denial, ok := errors.AsType[*diagnosis.Denial](err)
	if !ok {
		return "cannot be checked: " + err.Error()
	}
	// AWS refuses keys and signatures with status 403, and nothing else.
	if denial.Code == "" || denial.Status != http.StatusForbidden || denial.Deadline {
		return "cannot be checked: " + denial.What()
	}
	return "no longer work: " + denial.What()
}

// publish publishes the identity of the credentials, and exports their region
// as a login would.
func (r reuse) publish(ctx context.Context, results []result) error {
	outputs, err := r.to.outputs(results)
	if err != nil {
		return err
	}
	pub := runner.Publication{Outputs: outputs}
	for _, pair := range r.to.pairs(r.plan.Delivery.Region, assume.Session{}) {
		if r.runner.Getenv(pair.Name) != pair.Value.Reveal() {
			pub.Env = append(pub.Env, pair)
		}
	}
	if len(pub.Env) == 0 {
		return r.runner.Publish(pub)
	}
	return r.to.locked(ctx, func(state jobstate.State) error { return r.to.deliver(ctx, state, pub) })
}

// name is the profile that would hold the credentials to reuse; if it is empty
// the environment comes first.
func (r reuse) name(profile plan.Profile) string {
	if r.plan.Delivery.Process {
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

// unfit says why credentials are not what the plan would fetch, or "".
func (r reuse) unfit(wanted plan.Profile, s assume.Session) string {
	if allowed := wanted.AllowedAccounts; len(allowed) > 0 && !slices.Contains(allowed, s.Account) {
		return "they belong to account " + s.Account + ", which is not in allowed-account-ids"
	}
	if role := wanted.Last().Role; role != "" {
		if role.Account() != "" && role.Account() != s.Account {
			return fmt.Sprintf("they belong to account %s, expected %s", s.Account, role.Account())
		}
		if !strings.Contains(s.ARN, ":assumed-role/"+role.Name()+"/") {
			return fmt.Sprintf("they belong to %s, expected role %s", s.ARN, role.Name())
		}
	}
	if left := s.Expires.Sub(r.Now()); !s.Expires.IsZero() && left < r.plan.MinRemaining {
		return fmt.Sprintf("they expire in %s, which is less than min-remaining-seconds", left.Round(time.Second))
	}
	return ""
}
