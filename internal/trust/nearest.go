package trust

// Deciding returns the statement that decided: the Deny that denied, the
// Allow that admitted, or, of a request that nothing matched, the Allow that
// came nearest to admitting it; false if there is no Allow at all. Nearest is
// the one with the fewest parts that did not match, where a principal or
// action that did not match weighs more than any condition.
func (r Result) Deciding() (StatementResult, bool) {
	wanted := Allow
	if r.Decision == ExplicitDeny {
		wanted = Deny
	}
	var best StatementResult
	found := false
	for _, s := range r.Statements {
		if s.Effect == wanted && (!found || s.distance() < best.distance()) {
			best, found = s, true
		}
	}
	return best, found
}

func (s StatementResult) distance() int {
	const beyondConditions = 1 << 16
	d := len(s.Failing())
	if !s.Principal.Matched {
		d += 2 * beyondConditions
	}
	if !s.Action.Matched {
		d += beyondConditions
	}
	return d
}

// Failing returns the conditions that did not hold.
func (s StatementResult) Failing() []ConditionResult {
	var failing []ConditionResult
	for _, c := range s.Conditions {
		if !c.Matched {
			failing = append(failing, c)
		}
	}
	return failing
}
