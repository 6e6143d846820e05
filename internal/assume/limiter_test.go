package assume

import (
	"context"
	"testing"
	"time"
)

// TestTheLimiterNarrowsAndWidens moves a clock by hand.
func TestTheLimiterNarrowsAndWidens(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var waited []time.Duration
	sleep := func(_ context.Context, d time.Duration) error {
		waited = append(waited, d)
		now = now.Add(d)
		return nil
	}
	l := newLimiter(8, sleep, func() time.Time { return now })
	for i, want := range []int{4, 2, 1, 1} {
		if err := l.acquire(context.Background()); err != nil {
			t.Fatal(err)
		}
		l.release(true)
		if int(l.limit) != want {
			t.Errorf("after %d throttled calls %v may be under way, want %d", i+1, l.limit, want)
		}
	}
	if l.pause != 4*time.Second {
		t.Errorf("the pause is %s", l.pause)
	}
	for range 10 {
		l.learn(true)
	}
	if l.pause != maxPause || l.until.Sub(now) > maxPause {
		t.Errorf("the pause is %s, until %s", l.pause, l.until.Sub(now))
	}
	waited = nil
	for range 100 {
		if err := l.acquire(context.Background()); err != nil {
			t.Fatal(err)
		}
		l.release(false)
	}
	if len(waited) > 1 || int(l.limit) != 8 || l.pause != firstPause || l.active != 0 {
		t.Errorf("after a hundred calls that pass: %v waits, limit %v, pause %s, %d under way", waited, l.limit, l.pause, l.active)
	}
}

func TestTheLimiterHoldsUntilACallEnds(t *testing.T) {
	l := newLimiter(1, (&site{}).policy(1).Sleep, time.Now)
	if err := l.acquire(context.Background()); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.acquire(ended); err == nil {
		t.Error("a second call was let in")
	}
	acquired := make(chan error)
	go func() { acquired <- l.acquire(context.Background()) }()
	l.release(false)
	if err := <-acquired; err != nil {
		t.Fatal(err)
	}
	l.release(false)
	if l.active != 0 {
		t.Errorf("%d under way", l.active)
	}
}

func TestTheLimiterForgetsACallWhosePauseIsCancelled(t *testing.T) {
	cancelled := func(context.Context, time.Duration) error { return context.Canceled }
	l := newLimiter(2, cancelled, time.Now)
	l.learn(true)
	l.until = l.now().Add(time.Hour)
	if err := l.acquire(context.Background()); err == nil || l.active != 0 {
		t.Errorf("error %v, %d under way", err, l.active)
	}
}
