package trust

// answer is yes, no or, where it depends on what is unknown, maybe. Of
// several answers, min is what all of them say together, and max any of them.
type answer int8

const (
	no answer = iota
	maybe
	yes
)

// not turns yes into no and the other way round.
func (a answer) not() answer { return yes - a }

// certain returns yes or no.
func certain(b bool) answer {
	if b {
		return yes
	}
	return no
}

// some returns the best answer of any value, and every the worst; without
// values the one is no, the other yes.
func some[T any](values []T, test func(T) answer) answer {
	best := no
	for _, v := range values {
		best = max(best, test(v))
	}
	return best
}

func every[T any](values []T, test func(T) answer) answer {
	worst := yes
	for _, v := range values {
		worst = min(worst, test(v))
	}
	return worst
}

// answerOf returns the answer that a result states.
func answerOf(matched bool, dependsOn []string) answer {
	if len(dependsOn) > 0 {
		return maybe
	}
	return certain(matched)
}
