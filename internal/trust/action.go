package trust

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/spelling"
)

// roleActions are the actions that a trust policy can allow: those that STS
// asks it about (service authorization reference, AWS STS).
var roleActions = []string{
	"sts:AssumeRole", "sts:AssumeRoleWithSAML", WebIdentityAction,
	"sts:SetContext", "sts:SetSourceIdentity", "sts:TagSession",
}

// RoleActions returns the actions that a trust policy can allow.
func RoleActions() []string { return slices.Clone(roleActions) }

// checkAction refuses what is no action by IAM's grammar: SERVICE:ACTION, of
// letters, digits and wildcards, or a single *. Parts that are unknown may
// hold anything.
func checkAction(v Value) error {
	colons, first := 0, rune(0)
	open := v.Unknown() != nil
	v.text.Each(func(known string) {
		for _, r := range known {
			switch {
			case r == ':':
				if colons++; colons > 1 && first == 0 {
					first = r
				}
			case !actionCharacter(r) && first == 0:
				first = r
			}
		}
	}, func(*Unknown) {})
	switch {
	case first != 0:
		return v.Pos.Errorf("action %q is invalid: unexpected %s; use SERVICE:ACTION, such as %s", v.Text, spelling.Character(first), WebIdentityAction)
	case open || v.Text == "*":
		return nil
	case colons == 0:
		if near := nearestAction("sts:" + v.Text); near != "" {
			return v.Pos.Errorf("action %q has no service; use %s", v.Text, near)
		}
		return v.Pos.Errorf("action %q has no service; use SERVICE:ACTION, such as %s", v.Text, WebIdentityAction)
	case strings.HasPrefix(v.Text, ":") || strings.HasSuffix(v.Text, ":"):
		return v.Pos.Errorf("action %q is incomplete; use SERVICE:ACTION, such as %s", v.Text, WebIdentityAction)
	}
	return nil
}

func actionCharacter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("*?-_", r)
}

// RefusedAction is an action that IAM does not store in a trust policy.
type RefusedAction struct {
	Value
	Statement Pos
	Reason    string
	Nearest   string // the action that may be meant, or ""
}

// RefusedActions returns the actions of a policy that no trust policy can
// have, in Allow and Deny, in Action and NotAction. IAM answers them with
// "AssumeRole policy may only specify STS AssumeRole actions".
func (p *Policy) RefusedActions() []RefusedAction {
	var refused []RefusedAction
	for _, s := range p.Statements {
		for _, v := range s.Action.Values {
			if reason := refusal(v); reason != "" {
				refused = append(refused, RefusedAction{v, s.Pos, reason, nearestAction(v.Text)})
			}
		}
	}
	return refused
}

func refusal(v Value) string {
	if slices.ContainsFunc(roleActions, func(a string) bool { return strings.EqualFold(a, v.Text) }) {
		return ""
	}
	like := v.ActionPattern()
	if slices.ContainsFunc(roleActions, func(a string) bool { return like.MayMatch(strings.ToLower(a)) }) {
		return ""
	}
	service, _, _ := strings.Cut(strings.ToLower(v.Text), ":")
	switch {
	case v.Unknown() == nil && !NewPattern(service).Match("sts"):
		return "belongs to another service; a trust policy takes only actions of STS that assume a role"
	case like.HasWildcards():
		return "matches no action of STS that assumes a role"
	}
	return "is not an action of STS that assumes a role"
}

// nearestAction returns the action of a trust policy that a misspelled one may
// mean, or "".
func nearestAction(text string) string {
	best, least := "", min(spelling.Most(text), 3)+1
	for _, known := range roleActions {
		if d := spelling.Distance(strings.ToLower(text), strings.ToLower(known)); d < least {
			best, least = known, d
		}
	}
	return best
}
