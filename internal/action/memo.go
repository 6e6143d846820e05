package action

import (
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/runner"
	"github.com/org/aws-oidc-action/internal/secret"
)

// The runner's own copy of the step's record, and of the keys that the step
// replaced. See remember.
const (
	stateRecord = "record"
	stateFormer = "former_"
)

// memo returns the runner's copy of the step's record; nil if there is none,
// because the step published nothing.
func (p *phase) memo() (*jobstate.Record, error) {
	text := p.runner.State(stateRecord)
	if text == "" {
		return nil, nil
	}
	r, err := jobstate.ParseMemo(text)
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// remember saves the record as the runner's state, together with the keys of an
// earlier login that this step replaces, so that the post phase can restore them
// while the session of that login is valid.
//
// Only the runner's state can hold those keys. The environment of the post phase
// has the values from the end of the job, and every step can read the state
// directory, which is on disk until the job ends. GITHUB_STATE is a file beside
// GITHUB_ENV, with the same owner and the same lifetime, and the earlier login
// wrote the same keys to GITHUB_ENV. The runner reads them into its memory and
// passes them to this step's post phase only. The login that assumed them has
// masked them; they are masked once more before they are written. Keys that no
// step of this action exported are not saved.
func (p *publisher) remember(state jobstate.State) error {
	memo, err := p.record.Memo()
	if err != nil {
		return err
	}
	pairs := []runner.Pair{runner.NewPair(stateRecord, memo)}
	if former := keysOf(p.runner.Getenv); p.record.ReplacesKeys() && state.Owns(former, p.Now()) {
		for name, value := range former.Variables() {
			p.runner.Mask(value.Reveal())
			pairs = append(pairs, runner.Pair{Name: stateFormer + name, Value: value})
		}
	}
	return p.runner.WriteState(pairs...)
}

// keysOf returns the keys among variables.
func keysOf(get func(name string) string) jobstate.Keys {
	return jobstate.Keys{
		AccessKeyID:     get("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: secret.New(get("AWS_SECRET_ACCESS_KEY")),
		SessionToken:    secret.New(get("AWS_SESSION_TOKEN")),
	}
}
