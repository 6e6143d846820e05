package trust

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func secondOpinion(p somePolicy, q Request) Decision {
	decision := ImplicitDeny
	for _, s := range p.Statement {
		if !secondStatement(p.Version, s, q) {
			continue
		}
		if s["Effect"] == "Deny" {
			return ExplicitDeny
		}
		decision = Allowed
	}
	return decision
}

func secondStatement(version string, s map[string]any, q Request) bool {
	if action, ok := s["Action"]; ok && !secondGlob(action.(string), q.Action) {
		return false
	}
	if action, ok := s["NotAction"]; ok && secondGlob(action.(string), q.Action) {
		return false
	}
	if who, ok := s["Principal"]; ok && !secondPrincipal(who, q.Principal) {
		return false
	}
	if who, ok := s["NotPrincipal"]; ok && secondPrincipal(who, q.Principal) {
		return false
	}
	for operator, keys := range s["Condition"].(map[string]map[string]any) {
		for key, values := range keys {
			if !secondCondition(version, operator, values.([]string), q.Context[key], q.Context) {
				return false
			}
		}
	}
	return true
}

func secondPrincipal(element any, who Principal) bool {
	if element == "*" {
		return true
	}
	for kind, ids := range element.(map[string]any) {
		list, ok := ids.([]string)
		if !ok {
			list = []string{ids.(string)}
		}
		for _, id := range list {
			if kind == who.Type && (id == "*" || id == who.ID || kind == "AWS" && id == who.Account) {
				return true
			}
		}
	}
	return false
}

func secondCondition(version, operator string, wants, gots []string, ctx Context) bool {
	if operator == "Null" {
		for _, w := range wants {
			if w == strconv.FormatBool(len(gots) == 0) {
				return true
			}
		}
		return false
	}
	some, isSome := strings.CutPrefix(operator, "ForAnyValue:")
	every, isEvery := strings.CutPrefix(some, "ForAllValues:")
	base, ifExists := strings.CutSuffix(every, "IfExists")
	positive := strings.Replace(base, "Not", "", 1)
	negative := positive != base
	if len(gots) == 0 {
		return isEvery || !isSome && (negative || ifExists)
	}
	matching := 0
	for _, got := range gots {
		for _, want := range wants {
			if secondValue(version, positive, want, got, ctx) {
				matching++
				break
			}
		}
	}
	switch {
	case isEvery && negative:
		return matching == 0
	case isEvery:
		return matching == len(gots)
	case isSome && negative:
		return matching < len(gots)
	case negative:
		return matching == 0
	}
	return matching > 0
}

// secondTyped are the operators whose values take no policy variables.
var secondTyped = regexp.MustCompile(`^(Numeric|Date|Binary|Ip)`)

func secondValue(version, operator, want, got string, ctx Context) bool {
	if strings.Contains(want, "${") && version == Version2012 && !secondTyped.MatchString(operator) {
		switch aud := ctx["g:aud"]; {
		case want == "${none, 'a'}":
			want = "a"
		case want == "${g:aud}" && len(aud) == 1:
			want = aud[0]
		default:
			return false
		}
	}
	switch {
	case operator == "StringEquals":
		return want == got
	case operator == "StringEqualsIgnoreCase" || operator == "Bool":
		return strings.EqualFold(want, got)
	case operator == "StringLike":
		return secondGlob(want, got)
	case strings.HasPrefix(operator, "Arn"):
		w, g := strings.SplitN(want, ":", 6), strings.SplitN(got, ":", 6)
		if len(w) != 6 || len(g) != 6 {
			return false
		}
		for i := range w {
			if !secondGlob(w[i], g[i]) {
				return false
			}
		}
		return true
	case operator == "IpAddress":
		if !strings.Contains(want, "/") {
			want += "/32"
		}
		block, err := netip.ParsePrefix(want)
		addr, err2 := netip.ParseAddr(got)
		return err == nil && err2 == nil && block.Contains(addr)
	case strings.HasPrefix(operator, "Numeric"):
		w, err := strconv.ParseFloat(want, 64)
		g, err2 := strconv.ParseFloat(got, 64)
		return err == nil && err2 == nil && secondOrder(strings.TrimPrefix(operator, "Numeric"), g-w)
	case strings.HasPrefix(operator, "Date"):
		w, ok := secondTime(want)
		g, ok2 := secondTime(got)
		return ok && ok2 && secondOrder(strings.TrimPrefix(operator, "Date"), g-w)
	}
	return operator == "BinaryEquals" && want == got && want == "true" // the one value of this world that is base64
}

func secondTime(s string) (float64, bool) {
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return n, true
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.Unix()), true
		}
	}
	return 0, false
}

func secondOrder(relation string, difference float64) bool {
	switch relation {
	case "Equals":
		return difference == 0
	case "LessThan":
		return difference < 0
	case "LessThanEquals":
		return difference <= 0
	case "GreaterThan":
		return difference > 0
	}
	return relation == "GreaterThanEquals" && difference >= 0
}

// secondGlobs are the few patterns of this world, compiled.
var secondGlobs = map[string]*regexp.Regexp{}

func secondGlob(pattern, text string) bool {
	compiled := secondGlobs[pattern]
	if compiled == nil {
		quoted := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		compiled = regexp.MustCompile(`(?s)^` + quoted + `$`)
		secondGlobs[pattern] = compiled
	}
	return compiled.MatchString(text)
}
