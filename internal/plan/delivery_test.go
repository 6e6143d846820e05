package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// deliveryText shows a delivery on a few lines: variables as NAME=value or
// NAME=<content>, a question mark for those that change only where they are set.
func deliveryText(d Delivery) string {
	variables := func(all []Variable) string {
		var words []string
		for _, v := range all {
			word := v.Name + "=" + v.Value
			if v.Content != ContentText {
				word = v.Name + "=<" + [...]string{"", "id", "secret", "token"}[v.Content] + ">"
			}
			if v.OnlyIfSet {
				word += "?"
			}
			words = append(words, word)
		}
		return strings.Join(words, " ")
	}
	var entries, more []string
	for _, e := range d.Entries {
		entries = append(entries, fmt.Sprintf("%s:%d", e.Name, e.Of))
	}
	for _, o := range d.Overriding {
		more = append(more, o.Name)
	}
	for _, f := range []struct {
		name string
		is   bool
	}{
		{"take over", d.TakeOver}, {"process", d.Process}, {"profile outputs", d.ProfileOutputs}, {"key outputs", d.KeyOutputs}, {"hands out keys", d.HandsOutKeys()},
	} {
		if f.is {
			more = append(more, f.name)
		}
	}
	return strings.TrimSpace(fmt.Sprintf("primary %d\nset %s\nelse %s\nregion %s\nfiles %s\n%s\n%s", d.Primary,
		variables(d.Variables), variables(d.Without), variables(d.Region), strings.Join(entries, " "), strings.Join(more, ", "), strings.Join(d.Notes, "\n")))
}

// TestDelivery: what later steps get follows from the inputs alone.
func TestDelivery(t *testing.T) {
	const (
		keys      = "AWS_ACCESS_KEY_ID=<id> AWS_SECRET_ACCESS_KEY=<secret> AWS_SESSION_TOKEN=<token>"
		emptied   = "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_SESSION_TOKEN="
		blanked   = "AWS_ACCESS_KEY_ID=? AWS_SECRET_ACCESS_KEY=? AWS_SESSION_TOKEN=?"
		noToken   = " AWS_WEB_IDENTITY_TOKEN_FILE= AWS_ROLE_ARN=?"
		region    = "AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1"
		twoSpokes = "a: {role-to-assume: " + spoke + ", region: eu-west-1}\nb: " + spoke
	)
	type inputs = map[string]string
	for name, tt := range map[string]struct {
		with inputs // over aws-region and role-to-assume
		env  map[string]string
		want []string // deliveryText
	}{
		"plain":              {nil, nil, []string{"primary 0", "set " + keys, "else ", "region " + region, "files ", "take over, hands out keys"}},
		"plain, AWS_PROFILE": {nil, inputs{"AWS_PROFILE": "x"}, []string{"primary 0", "set " + keys, "else ", "region " + region, "files ", "AWS_PROFILE, take over, hands out keys"}},
		"only outputs": {inputs{"output-env-credentials": "false", "output-credentials": "true"}, nil,
			[]string{"primary 0", "set ", "else ", "region ", "files ", "key outputs, hands out keys"}},
		"profile": {inputs{"aws-profile": "p"}, inputs{"AWS_ACCESS_KEY_ID": "x", "AWS_WEB_IDENTITY_TOKEN_FILE": "f", "AWS_ROLE_ARN": "r"},
			[]string{"primary 0", "set ", "else ", "region ", "files p:0", "AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, hands out keys"}},
		"profile, keys unset": {inputs{"aws-profile": "p", "unset-current-credentials": "true"}, inputs{"AWS_ACCESS_KEY_ID": "x"},
			[]string{"primary 0", "set " + blanked, "else " + blanked, "region ", "files p:0", "hands out keys"}},
		"profile and environment": {inputs{"aws-profile": "p", "output-env-credentials": "true"}, inputs{"AWS_PROFILE": "other"},
			[]string{"primary 0", "set " + keys + " AWS_PROFILE=p", "else ", "region " + region, "files p:0", "take over, hands out keys"}},
		"default profile and environment": {inputs{"aws-profile": "default", "output-env-credentials": "true"}, nil,
			[]string{"primary 0", "set " + keys + " AWS_PROFILE=default", "else ", "region " + region, "files default:0", "hands out keys"}},
		"refresh": {inputs{"refresh": "true"}, inputs{"AWS_PROFILE": "x"},
			[]string{"primary 0", "set " + emptied + noToken, "else " + emptied + noToken, "region " + region, "files default:0", "AWS_PROFILE, process"}},
		"refresh of a profile": {inputs{"refresh": "true", "aws-profile": "p"}, nil,
			[]string{"primary 0", "set " + emptied + noToken, "else " + emptied + noToken, "region " + region, "files p:0 default:0", "process"}},
		"profiles": {inputs{"profiles": twoSpokes}, inputs{"AWS_ACCESS_KEY_ID": "x", "AWS_PROFILE": "x"},
			[]string{"primary -1", "set " + emptied + noToken, "else " + emptied + noToken, "region ", "files a:0 b:1", "profile outputs, hands out keys"}},
		"profiles with a default": {inputs{"profiles": twoSpokes, "default-profile": "b"}, inputs{"AWS_PROFILE": "x"},
			[]string{"primary 1", "set " + emptied + noToken, "else " + emptied + noToken, "region " + region, "files a:0 b:1 default:1", "AWS_PROFILE, profile outputs, hands out keys"}},
		"profiles with a default in the environment": {inputs{"profiles": twoSpokes, "default-profile": "b", "output-env-credentials": "true"}, nil,
			[]string{"primary 1", "set " + keys + noToken, "else " + emptied + noToken, "region " + region, "files a:0 b:1 default:1", "profile outputs, hands out keys"}},
		"profiles that refresh": {inputs{"profiles": twoSpokes, "refresh": "true"}, nil,
			[]string{"primary -1", "set " + emptied + noToken, "else " + emptied + noToken, "region ", "files a:0 b:1", "process, profile outputs"}},
		"the machine's": {inputs{"role-to-assume": NotGiven}, inputs{"AWS_ACCESS_KEY_ID": "x"},
			[]string{"primary 0", "set ", "else ", "region " + region, "files ", "", "later steps get these credentials from the same source; to export them, set output-env-credentials: true"}},
	} {
		t.Run(name, func(t *testing.T) {
			with := inputs{"aws-region": "eu-central-1", "role-to-assume": hub}
			for input, value := range tt.with {
				with[input] = value
			}
			p, problems := Build(sources(with, tt.env))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(strings.Join(tt.want, "\n"), deliveryText(p.Delivery)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDeliveryOfAPlanWithProblems has no profile to speak of.
func TestDeliveryOfAPlanWithProblems(t *testing.T) {
	_, problems := Build(sources(map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "profiles": "- a"}, nil))
	if len(problems) == 0 {
		t.Error("a list of profiles is accepted")
	}
}
