// Package retry repeats a call inside one deadline, with full jitter.
package retry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Policy is how many times a call is tried, and how long it waits in between.
type Policy struct {
	Attempts   int           // the most attempts; less than 1 means 1
	Base       time.Duration // the longest wait before the second try; it doubles with each further one
	Max        time.Duration // the longest wait before any try
	PerAttempt time.Duration // how long one try may take

	// Sleep waits or returns the context's error. Tests set it.
	Sleep func(context.Context, time.Duration) error
}

// Default is the policy for the runner's token endpoint and for STS: 10 s an
// attempt, waits that are uniformly random between zero and a ceiling that grows
// from 250 ms to 8 s, so that the jobs of a matrix do not retry together.
func Default(attempts int) Policy {
	return Policy{
		Attempts:   attempts,
		Base:       250 * time.Millisecond,
		Max:        8 * time.Second,
		PerAttempt: 10 * time.Second,
		Sleep:      Sleep,
	}
}

// Sleep waits for d or until ctx ends, and then returns its error.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Limit bounds one attempt. If an attempt consists of several calls, the caller
// limits each.
func (p Policy) Limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, p.PerAttempt)
}

// Do calls try until it succeeds, returns again as false, or the policy's attempts
// or ctx's deadline are used up; then it returns try's last error. If the deadline
// ended it, the error is also context.DeadlineExceeded. Do does not begin a wait
// that would end after the deadline.
func (p Policy) Do(ctx context.Context, try func() (again bool, err error)) error {
	for attempt := 1; ; attempt++ {
		again, err := try()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ended(ctx.Err(), err)
		case !again || attempt >= p.Attempts:
			return err
		}
		wait := time.Duration(rand.Int64N(int64(p.ceiling(attempt)) + 1))
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
			return ended(context.DeadlineExceeded, err)
		}
		if waitErr := p.Sleep(ctx, wait); waitErr != nil {
			return ended(waitErr, err)
		}
	}
}

func (p Policy) ceiling(attempt int) time.Duration {
	ceiling := p.Base
	for range attempt - 1 {
		if ceiling >= p.Max {
			return p.Max
		}
		ceiling *= 2
	}
	return min(ceiling, p.Max)
}

// ended joins why the loop stopped and the last failure, unless the failure says so
// already.
func ended(why, last error) error {
	if errors.Is(last, why) {
		return last
	}
	return fmt.Errorf("%w; last attempt: %w", why, last)
}
