package action

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/runner"
)

const (
	// cleanUpWait bounds the total wait for locks of other processes.
	cleanUpWait = 4 * time.Second

	// cleanUpLimit bounds a clean-up, even if a system call does not return.
	cleanUpLimit = 12 * time.Second
)

// post undoes what the main phase published. It never fails the job: what it
// cannot undo becomes a warning.
func (p *phase) post(ctx context.Context) {
	if strings.EqualFold(p.runner.Getenv("AWS_SKIP_CLEANUP_STEP"), "true") { // as the expression in action.yml compares
		p.runner.Info("AWS_SKIP_CLEANUP_STEP is true; kept exported credentials")
		return
	}
	s, err := p.openStore()
	if err == nil {
		defer s.Close()
	}
	memo, memoErr := p.memo()
	id, action := p.runner.State(stateStep), p.runner.Getenv("GITHUB_ACTION")
	c := cleanUp{
		phase: p, store: s, memo: memo,
		chosen: func(r jobstate.Record) bool {
			if id == "" { // a runner that keeps no state
				return r.Action == action
			}
			return r.ID == id
		},
		published: id == "" || memo != nil,
		wait:      cleanUpWait, limit: cleanUpLimit,
	}
	if err := errors.Join(err, memoErr, c.run(ctx)); err != nil {
		p.runner.Warning("clean-up", err.Error())
	}
}

// logout undoes what every earlier step of the job published.
func (p mainPhase) logout(ctx context.Context, s *store) *diagnosis.Diagnosis {
	c := cleanUp{
		phase: p.phase, store: s, published: true,
		chosen: func(jobstate.Record) bool { return true },
		wait:   cleanUpWait, limit: cleanUpLimit,
	}
	if err := c.run(ctx); err != nil {
		return failure(err)
	}
	if err := p.runner.Publish(runner.Publication{Outputs: []runner.Pair{runner.NewPair("authenticated", "false")}}); err != nil {
		return failure(err)
	}
	return nil
}

// cleanUp undoes what steps published.
type cleanUp struct {
	*phase
	store     *store           // nil if it cannot be opened
	memo      *jobstate.Record // the runner's copy of the step's record, if there is one
	chosen    func(jobstate.Record) bool
	published bool // the step may have published something that no readable state names

	wait  time.Duration // cleanUpWait
	limit time.Duration // cleanUpLimit

	found bool // something to undo
	errs  []error
}

// run undoes every part, even if others fail, and returns what could not be
// undone. It ends in time even if a file system does not respond, and it does
// not end early if the job is cancelled.
func (c *cleanUp) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.limit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.undo(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("clean-up did not end within %s; check the file system of the runner's temporary directory", c.limit)
	}
}

func (c *cleanUp) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.wait)
	defer cancel()
	var state jobstate.State
	var unreadable error
	if c.store != nil {
		unlock, err := c.store.Lock(ctx)
		if err == nil {
			defer unlock()
		} else {
			c.failed(fmt.Errorf("%w; cleaned up without it", err))
		}
		state, unreadable = c.store.Read()
	}
	records, stored := c.merge(state.Records)
	undone, kept := split(records, c.chosen)
	c.environment(undone, kept)
	if c.store == nil || unreadable != nil && !c.published {
		return c.conclude()
	}
	if unreadable != nil {
		// It is unknown which step wrote what in the state directory. All of it
		// is removed, because secrets would remain otherwise.
		c.failed(fmt.Errorf("%w; removed what all steps of this action wrote", unreadable))
	} else {
		c.each(records, stored, func(r jobstate.Record, _ []jobstate.Record) error { return c.removeLogins(ctx, r) })
	}
	if len(kept) == 0 {
		c.failed(c.store.Replace(nil)) // with the action's own profile files and all that they hold
	}
	c.each(records, stored, func(r jobstate.Record, earlier []jobstate.Record) error {
		removed, err := c.store.RemoveProfiles(r, earlier)
		c.found = c.found || removed
		return err
	})
	if len(kept) > 0 {
		c.failed(c.store.RemoveHelper(kept))
		c.failed(c.store.Replace(kept))
	}
	return c.conclude()
}

// each undoes one part of the chosen records, the latest first.
func (c *cleanUp) each(records []jobstate.Record, stored func(jobstate.Record) bool, undo func(r jobstate.Record, earlier []jobstate.Record) error) {
	for i, r := range slices.Backward(records) {
		if c.chosen(r) && stored(r) {
			c.failed(undo(r, records[:i]))
		}
	}
}

// merge replaces the state's record of the step by the memo, to which no other
// step can write. stored reports whether a record may have left something on
// disk: if the state has records of other steps only, this step's is undone, or
// the step was killed before it did what the memo names.
func (c *cleanUp) merge(records []jobstate.Record) (merged []jobstate.Record, stored func(jobstate.Record) bool) {
	inState := map[string]bool{}
	for _, r := range records {
		inState[r.ID] = true
		c.found = c.found || c.chosen(r)
	}
	stored = func(r jobstate.Record) bool { return inState[r.ID] || len(records) == 0 }
	merged = slices.Clone(records)
	if c.memo == nil {
		return merged, stored
	}
	if i := slices.IndexFunc(records, func(r jobstate.Record) bool { return r.ID == c.memo.ID }); i >= 0 {
		merged[i] = c.memo.Complete(records[i])
	} else {
		merged = append(merged, *c.memo)
	}
	return merged, stored
}

func split(records []jobstate.Record, chosen func(jobstate.Record) bool) (yes, no []jobstate.Record) {
	for _, r := range records {
		if chosen(r) {
			yes = append(yes, r)
		} else {
			no = append(no, r)
		}
	}
	return yes, no
}

// environment reverts the variables of the job.
func (c *cleanUp) environment(undone, kept []jobstate.Record) {
	former := keysOf(func(name string) string { return c.runner.State(stateFormer + name) })
	reverted := jobstate.Environment{
		Getenv: c.runner.Getenv,
		Former: former,
		Home:   c.homeFile,
		Now:    c.Now(),
	}.Revert(undone, kept)
	var pairs []runner.Pair
	for _, name := range slices.Sorted(maps.Keys(reverted)) {
		pairs = append(pairs, runner.Pair{Name: name, Value: reverted[name]})
	}
	c.found = c.found || len(pairs) > 0
	if err := c.runner.Publish(runner.Publication{Env: pairs}); err != nil {
		c.failed(fmt.Errorf("revert the environment: %w", err))
		return
	}
	if c.store != nil {
		c.store.reverted = reverted
	}
}

// homeFile is the file that SDKs of later steps read if the variable is not set,
// or "".
func (p *phase) homeFile(variable string) string {
	home := p.runner.LaterHome(p.inJobContainer())
	switch {
	case home == "":
		return ""
	case variable == "AWS_CONFIG_FILE":
		return path.Join(home, ".aws", jobstate.ConfigName)
	}
	return path.Join(home, ".aws", jobstate.CredentialsName)
}

// failed records an error of a part.
func (c *cleanUp) failed(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

func (c *cleanUp) conclude() error {
	err := errors.Join(c.errs...)
	switch {
	case c.found && err != nil:
		c.runner.Info("Removed exported credentials as far as possible")
	case c.found:
		c.runner.Info("Removed exported credentials")
	case err == nil:
		c.runner.Info("Nothing to clean up")
	}
	return err
}
