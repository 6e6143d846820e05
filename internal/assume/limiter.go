package assume

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// limiter bounds how many calls are under way at once, by additive increase and
// multiplicative decrease (AIMD). When STS throttles one call, the others would
// be throttled too, and those of other jobs as well: so the whole process halves
// how many it has under way and pauses, longer with each throttled call. Each
// call that passes widens the limit and shortens the pause again.
type limiter struct {
	most  int // calls at once
	sleep func(context.Context, time.Duration) error
	now   func() time.Time

	mu     sync.Mutex
	freed  chan struct{} // closed and replaced when a call may begin
	active int           // calls under way
	limit  float64       // how many may be under way, from 1 to most
	pause  time.Duration // the longest pause after the next throttled call
	until  time.Time     // no call begins before
}

// The pause begins at a quarter of a second and doubles up to eight, like the
// waits of one call between its tries.
const (
	firstPause = 250 * time.Millisecond
	maxPause   = 8 * time.Second
)

func newLimiter(parallel int, sleep func(context.Context, time.Duration) error, now func() time.Time) *limiter {
	most := max(1, parallel)
	return &limiter{
		most: most, sleep: sleep, now: now,
		freed: make(chan struct{}), limit: float64(most), pause: firstPause,
	}
}

// acquire waits until a call may begin, and then for the end of a pause.
func (l *limiter) acquire(ctx context.Context) error {
	for {
		acquired, pause, freed := l.tryAcquire()
		if !acquired {
			select {
			case <-freed:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if pause <= 0 {
			return nil
		}
		if err := l.sleep(ctx, pause); err != nil {
			l.free()
			return err
		}
		return nil
	}
}

// tryAcquire counts one more call if the limit allows it, and returns what is left
// of a pause.
func (l *limiter) tryAcquire() (acquired bool, pause time.Duration, freed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active >= int(l.limit) {
		return false, 0, l.freed
	}
	l.active++
	return true, l.until.Sub(l.now()), nil
}

func (l *limiter) free() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	close(l.freed)
	l.freed = make(chan struct{})
}

// release ends a call and learns from how the call went.
func (l *limiter) release(throttled bool) {
	l.learn(throttled)
	l.free()
}

func (l *limiter) learn(throttled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if throttled {
		l.limit = max(1, l.limit/2)
		l.until = l.now().Add(time.Duration(rand.Int64N(int64(l.pause)) + 1))
		l.pause = min(2*l.pause, maxPause)
	} else {
		l.limit = min(l.limit+1/l.limit, float64(l.most))
		l.pause = max(l.pause/2, firstPause)
	}
}
