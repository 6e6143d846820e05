package action

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/explain"
	"github.com/org/aws-oidc-action/internal/runner"
)

// post takes back what the main phase published. It never fails the job: what
// cannot be done becomes a warning.
func (p *phase) post(ctx context.Context) {
	if strings.EqualFold(p.runner.Getenv("AWS_SKIP_CLEANUP_STEP"), "true") { // as the expression in action.yml compares
		p.runner.Info("AWS_SKIP_CLEANUP_STEP is true: the credentials stay")
		return
	}
	s, err := p.openStore()
	if err == nil {
		defer s.Close()
		err = p.takeBack(ctx, s, p.ofThisStep())
	}
	if err != nil {
		p.runner.Warning("clean-up", "what this step exported could not be taken back: "+err.Error())
	}
}

// ofThisStep finds the record of the step by its state, or where the runner
// keeps none by its name in the job.
func (p *phase) ofThisStep() func(record) bool {
	id, action := p.runner.State(stateStep), p.runner.Getenv("GITHUB_ACTION")
	return func(r record) bool {
		if id == "" {
			return r.Action == action
		}
		return r.ID == id
	}
}

// logout takes back what every earlier step of the job published.
func (p *phase) logout(ctx context.Context, s *store) *explain.Diagnosis {
	if err := p.takeBack(ctx, s, func(record) bool { return true }); err != nil {
		return failure(err)
	}
	if err := p.runner.Publish(runner.Publication{Outputs: []runner.Pair{runner.NewPair("authenticated", "false")}}); err != nil {
		return failure(err)
	}
	return nil
}

// takeBack undoes records, the latest first.
func (p *phase) takeBack(ctx context.Context, s *store, chosen func(record) bool) error {
	state, err := s.read()
	if err != nil {
		return err
	}
	env := map[string]string{} // as it will be, where that differs from now
	for i, r := range slices.Backward(state.Records) {
		if !chosen(r) {
			continue
		}
		p.restore(env, r.Exported)
		if err := p.removeStored(ctx, s, r, state.Records[:i]); err != nil {
			return err
		}
		if err := p.removeProfiles(ctx, s, r, state.Records[:i]); err != nil {
			return err
		}
	}
	var pairs []runner.Pair
	for _, name := range slices.Sorted(maps.Keys(env)) {
		pairs = append(pairs, runner.NewPair(name, env[name]))
	}
	if err := p.runner.Publish(runner.Publication{Env: pairs}); err != nil {
		return err
	}
	before := len(state.Records)
	state.Records = slices.DeleteFunc(state.Records, chosen)
	if len(state.Records) == before {
		p.runner.Info("There is nothing to take back")
		return nil
	}
	if err := s.replace(state); err != nil {
		return err
	}
	p.runner.Info("Took back what was exported")
	return nil
}

// restore sets in env what stood there before an export, as far as nobody else
// has changed it since. A variable cannot be unset. An empty value counts as
// unset for keys and for the names of the files, but neither for regions nor
// for AWS_PROFILE (as SDKs read them), which then stay.
func (p *phase) restore(env map[string]string, all map[string]exported) {
	for name, e := range all {
		now, changed := env[name]
		if !changed {
			now = p.runner.Getenv(name)
		}
		if digest(now) != e.Digest {
			continue
		}
		switch name {
		case "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE":
			if e.Former == "" {
				continue
			}
		}
		if e.Former != now {
			env[name] = e.Former
		}
	}
}
