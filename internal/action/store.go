package action

import (
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/refresh"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/secret"
)

// store is the state directory of the job.
type store struct {
	*jobstate.Store
	shared runner.Shared // the paths of the state directory, which need not exist yet
	noExec bool          // mounted noexec: no program can be started there

	refresh  *refresh.Store          // opened on first use
	reverted map[string]secret.Value // variables to which a clean-up restored their former value
}

func (p *phase) openStore() (*store, error) {
	shared, err := p.runner.Shared(p.runner.HostTemp(), p.inJobContainer())
	if err != nil {
		return nil, err
	}
	s := &store{shared: shared.Join(jobstate.DirName), noExec: shared.NoExec()}
	s.Store, err = jobstate.Open(jobstate.Options{
		Dir: shared.Here,
		Announced: func(variable string) bool {
			value := p.runner.Getenv(variable)
			if former, ok := s.reverted[variable]; ok {
				value = former.Reveal()
			}
			return s.isOwn(variable, value)
		},
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (p *phase) inJobContainer() bool { return p.runner.Input("job-container-id") != "" }

// own is the action's own profile file for a variable.
func (s *store) own(variable string) runner.Shared {
	if variable == "AWS_CONFIG_FILE" {
		return s.shared.Join(jobstate.ConfigName)
	}
	return s.shared.Join(jobstate.CredentialsName)
}

// isOwn reports whether the value of such a variable is the action's own file.
func (s *store) isOwn(variable, value string) bool {
	own := s.own(variable)
	return value == own.Value || value == own.Here
}

func (s *store) Close() {
	if s.refresh != nil {
		_ = s.refresh.Close()
	}
	_ = s.Store.Close()
}

// stored opens what the state directory, which must exist, holds for
// credential-process.
func (s *store) stored() (*refresh.Store, error) {
	if s.refresh != nil {
		return s.refresh, nil
	}
	opened, err := refresh.Open(s.shared.Here)
	if err != nil {
		return nil, err
	}
	s.refresh = opened
	return opened, nil
}

// onlyProfile is the name of the one profile that the job's steps wrote, or "" if
// there are none or several.
func (s *store) onlyProfile() string {
	state, err := s.Read()
	if err != nil {
		return ""
	}
	return state.OnlyProfile()
}
