package action

import (
	"slices"

	"github.com/org/aws-oidc-action/internal/runner"
)

// post takes back what the main phase published. It never fails the job: what
// cannot be done becomes a warning.
func (p *phase) post() {
	if p.runner.Getenv("AWS_SKIP_CLEANUP_STEP") == "true" {
		p.runner.Info("AWS_SKIP_CLEANUP_STEP is true: the credentials stay")
		return
	}
	if err := p.takeBack(p.runner.State(stateStep)); err != nil {
		p.runner.Warning("clean-up", "the credentials of this step could not be taken back: "+err.Error())
	}
}

func (p *phase) takeBack(id string) error {
	s, err := p.openStore()
	if err != nil {
		return err
	}
	defer s.Close()
	r, found, err := s.take(id)
	if err != nil || !found {
		return err
	}
	env := p.restored(r.Exported)
	if err := p.runner.Publish(runner.Publication{Env: env}); err != nil {
		return err
	}
	if err := s.remove(id); err != nil {
		return err
	}
	p.runner.Info("Took back the credentials that this step exported")
	return nil
}

// restored is the environment as it was before the step, as far as nobody else
// has changed it since. A variable cannot be unset; an empty value counts as
// unset for keys, but not for regions (facts: AWS's SDKs), which stay.
func (p *phase) restored(all map[string]exported) []runner.Pair {
	var env []runner.Pair
	for name, e := range all {
		if digest(p.runner.Getenv(name)) != e.Digest {
			continue
		}
		if secretVariables[name] || e.Former != "" {
			env = append(env, runner.Pair{Name: name, Value: e.Former})
		}
	}
	slices.SortFunc(env, func(a, b runner.Pair) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return env
}
