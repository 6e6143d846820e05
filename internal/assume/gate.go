package assume

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/org/aws-oidc-action/internal/retry"
)

// gate lets calls through, a bounded number at once. When STS throttles one
// call, the others would be throttled too, and those of other jobs as well: so
// the whole process halves how many it has under way, and pauses, longer with
// each throttled call and shorter again with each that passes.
type gate struct {
	most  int
	sleep func(context.Context, time.Duration) error
	now   func() time.Time

	mu     sync.Mutex
	freed  chan struct{} // closed and replaced when a place may have become free
	inside int
	limit  float64       // how many may be inside, from 1 to most
	pause  time.Duration // the longest pause after the next throttled call
	until  time.Time     // no call begins before
}

// The pause begins at a quarter of a second and doubles up to eight, like the
// waits of one call between its tries.
const (
	firstPause = 250 * time.Millisecond
	maxPause   = 8 * time.Second
)

func newGate(parallel int, policy retry.Policy) *gate {
	most := max(1, parallel)
	return &gate{
		most: most, sleep: policy.Sleep, now: time.Now,
		freed: make(chan struct{}), limit: float64(most), pause: firstPause,
	}
}

// enter waits for a place, and then for the end of a pause.
func (g *gate) enter(ctx context.Context) error {
	for {
		entered, pause, freed := g.tryEnter()
		if !entered {
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
		if err := g.sleep(ctx, pause); err != nil {
			g.free()
			return err
		}
		return nil
	}
}

// tryEnter takes a place if there is one, and tells what is left of a pause.
func (g *gate) tryEnter() (entered bool, pause time.Duration, freed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside >= int(g.limit) {
		return false, 0, g.freed
	}
	g.inside++
	return true, g.until.Sub(g.now()), nil
}

func (g *gate) free() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	close(g.freed)
	g.freed = make(chan struct{})
}

// leave gives the place back and learns from how the call went.
func (g *gate) leave(throttled bool) {
	g.learn(throttled)
	g.free()
}

func (g *gate) learn(throttled bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if throttled {
		g.limit = max(1, g.limit/2)
		g.until = g.now().Add(time.Duration(rand.Int64N(int64(g.pause)) + 1))
		g.pause = min(2*g.pause, maxPause)
	} else {
		g.limit = min(g.limit+1/g.limit, float64(g.most))
		g.pause = max(g.pause/2, firstPause)
	}
}
