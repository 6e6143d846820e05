package sandbox

import (
	"sync"
	"time"

	"github.com/org/aws-oidc-action/internal/scenario"
)

// faultPlan decides which call meets which fault. It is safe for concurrent
// use.
type faultPlan struct {
	mu     sync.Mutex
	faults []faultState
}

type faultState struct {
	scenario.Fault
	seen int // matching calls so far
	used int // calls that it hit

	tokens float64 // of the bucket of a rate
	filled time.Time
}

func newFaultPlan(faults []scenario.Fault) *faultPlan {
	p := &faultPlan{}
	for _, f := range faults {
		p.faults = append(p.faults, faultState{Fault: f, tokens: float64(f.Rate)})
	}
	return p
}

// next returns the fault that a call meets, or nil, and how much longer it
// takes. If several match, the first that is not used up hits.
func (p *faultPlan) next(kind, role string, now time.Time) (*scenario.Fault, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var hit *scenario.Fault
	var latency time.Duration
	for i := range p.faults {
		f := &p.faults[i]
		if !f.Matches(kind, role) {
			continue
		}
		switch {
		case f.Latency > 0:
			latency += f.Latency
		case hit != nil:
			// A call that another fault hits does not reach this one.
		case f.Rate > 0:
			if !f.take(now) {
				hit = &scenario.Fault{Call: f.Call, Kind: scenario.FaultThrottling}
			}
		case f.strike():
			hit = &f.Fault
		}
	}
	return hit, latency
}

// strike counts a matching call and reports whether the fault hits it.
func (f *faultState) strike() bool {
	f.seen++
	if f.seen <= f.After || f.Times > 0 && f.used >= f.Times {
		return false
	}
	f.used++
	return true
}

// take draws from a bucket that holds one second's worth of calls and is
// refilled as the clock advances.
func (f *faultState) take(now time.Time) bool {
	if !f.filled.IsZero() {
		f.tokens += float64(f.Rate) * max(0, now.Sub(f.filled).Seconds())
	}
	f.filled = now
	f.tokens = min(f.tokens, float64(f.Rate))
	if f.tokens < 1 {
		return false
	}
	f.tokens--
	return true
}
