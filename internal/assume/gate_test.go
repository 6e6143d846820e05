package assume

import (
	"context"
	"testing"
	"time"
)

// TestTheGateNarrowsAndWidens moves a clock by hand.
func TestTheGateNarrowsAndWidens(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var waited []time.Duration
	policy := (&site{}).policy(1)
	policy.Sleep = func(_ context.Context, d time.Duration) error {
		waited = append(waited, d)
		now = now.Add(d)
		return nil
	}
	g := newGate(8, policy)
	g.now = func() time.Time { return now }
	for i, want := range []int{4, 2, 1, 1} {
		if err := g.enter(context.Background()); err != nil {
			t.Fatal(err)
		}
		g.leave(true)
		if int(g.limit) != want {
			t.Errorf("after %d throttled calls %v may be inside, want %d", i+1, g.limit, want)
		}
	}
	if g.pause != 4*time.Second {
		t.Errorf("the pause is %s", g.pause)
	}
	for range 10 {
		g.learn(true)
	}
	if g.pause != maxPause || g.until.Sub(now) > maxPause {
		t.Errorf("the pause is %s, until %s", g.pause, g.until.Sub(now))
	}
	waited = nil
	for range 100 {
		if err := g.enter(context.Background()); err != nil {
			t.Fatal(err)
		}
		g.leave(false)
	}
	if len(waited) > 1 || int(g.limit) != 8 || g.pause != firstPause || g.inside != 0 {
		t.Errorf("after a hundred calls that pass: %v waits, limit %v, pause %s, %d inside", waited, g.limit, g.pause, g.inside)
	}
}

func TestTheGateHoldsUntilAPlaceIsFree(t *testing.T) {
	g := newGate(1, (&site{}).policy(1))
	if err := g.enter(context.Background()); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.enter(ended); err == nil {
		t.Error("a second call was let in")
	}
	entered := make(chan error)
	go func() { entered <- g.enter(context.Background()) }()
	g.leave(false)
	if err := <-entered; err != nil {
		t.Fatal(err)
	}
	g.leave(false)
	if g.inside != 0 {
		t.Errorf("%d inside", g.inside)
	}
}

func TestTheGateFreesThePlaceOfACancelledPause(t *testing.T) {
	policy := (&site{}).policy(1)
	policy.Sleep = func(context.Context, time.Duration) error { return context.Canceled }
	g := newGate(2, policy)
	g.learn(true)
	g.until = g.now().Add(time.Hour)
	if err := g.enter(context.Background()); err == nil || g.inside != 0 {
		t.Errorf("error %v, %d inside", err, g.inside)
	}
}
