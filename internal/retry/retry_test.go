package retry

import (
	"context"
	"errors"
	"testing"
	"time"
)

var errTry = errors.New("try failed")

// instant is a policy whose waits are noted instead of waited for.
func instant(attempts int, waits *[]time.Duration) Policy {
	p := Default(attempts)
	p.Sleep = func(_ context.Context, d time.Duration) error {
		*waits = append(*waits, d)
		return nil
	}
	return p
}

func TestDo(t *testing.T) {
	for name, tt := range map[string]struct {
		attempts, failures int
		again              bool
		wantTries          int
		wantErr            bool
	}{
		"at once":            {3, 0, true, 1, false},
		"after two failures": {3, 2, true, 3, false},
		"too many failures":  {3, 9, true, 3, true},
		"pointless":          {3, 9, false, 1, true},
		"no retry":           {1, 1, true, 1, true},
		"zero attempts":      {0, 1, true, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			var waits []time.Duration
			tries := 0
			err := instant(tt.attempts, &waits).Do(context.Background(), func() (bool, error) {
				tries++
				if tries <= tt.failures {
					return tt.again, errTry
				}
				return false, nil
			})
			if tries != tt.wantTries || errors.Is(err, errTry) != tt.wantErr || len(waits) != tries-1 {
				t.Errorf("%d tries, %d waits, error %v", tries, len(waits), err)
			}
			if errors.Is(err, context.DeadlineExceeded) {
				t.Error("there was no deadline")
			}
		})
	}
}

func TestWaitsAreJitteredAndGrow(t *testing.T) {
	var waits []time.Duration
	p := instant(2000, &waits)
	_ = p.Do(context.Background(), func() (bool, error) { return true, errTry })
	ceiling, distinct := p.Base, map[time.Duration]bool{}
	for i, w := range waits {
		if w < 0 || w > ceiling {
			t.Fatalf("wait %d is %s, more than %s", i, w, ceiling)
		}
		distinct[w] = true
		ceiling = min(2*ceiling, p.Max)
	}
	if len(distinct) < 1900 {
		t.Errorf("only %d different waits of %d", len(distinct), len(waits))
	}
}

func TestAWaitThatOutlastsTheDeadlineIsNotBegun(t *testing.T) {
	p := Default(1000)
	p.Base, p.Max = 1000*time.Hour, 1000*time.Hour
	p.Sleep = func(context.Context, time.Duration) error {
		t.Error("it was begun")
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := p.Do(ctx, func() (bool, error) { return true, errTry })
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errTry) {
		t.Errorf("error %v", err)
	}
}

func TestTheContextEndsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	tries := 0
	err := Default(9).Do(ctx, func() (bool, error) {
		tries++
		cancel()
		return true, errTry
	})
	if tries != 1 || !errors.Is(err, context.Canceled) || !errors.Is(err, errTry) {
		t.Errorf("%d tries, %v", tries, err)
	}
}
