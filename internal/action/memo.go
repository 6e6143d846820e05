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
// as the step had published nothing.
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

// remember gives the record to the runner, and with it the keys of an earlier
// login that this step replaces, so that the post phase can give them back
// while that login's session lives.
//
// Only the runner's state can hold those keys. The post phase does not find
// them in its environment, which has the values from the job's end; and the
// state directory is for every step to read, and on disk until the job ends.
// GITHUB_STATE is a file beside GITHUB_ENV, of the same owner and with the same
// lifetime, in which the runner got these very keys from the earlier login;
// from there they go into the runner's memory and into the environment of this
// step's post phase only, which no other step sees. Every log masks them, since
// the login that assumed them has masked them; they are masked again all the
// same, before they are written. Keys that no step of this action exported are
// not kept.
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

// keysOf are the keys among variables.
func keysOf(get func(name string) string) jobstate.Keys {
	return jobstate.Keys{
		AccessKeyID:     get("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: secret.New(get("AWS_SECRET_ACCESS_KEY")),
		SessionToken:    secret.New(get("AWS_SESSION_TOKEN")),
	}
}
