package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/org/aws-oidc-action/internal/explain"
	"go.yaml.in/yaml/v4"
)

const (
	maxPolicies     = 10
	maxSessionInput = 2048 // characters of an inline session policy
	maxHops         = 20   // ours: a bound for the loop, far above any chain seen
)

// chain reads role-chain: ARNs, one a line, or a YAML list.
func (b *builder) chain(input string) []Hop {
	text := b.input(input)
	if text == "" {
		return nil
	}
	var hops []Hop
	if arnLines(text) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if role, ok := b.role(input, n, line); ok {
				hops = append(hops, b.hop(role))
			}
		}
	} else {
		d := document{report: b.report, input: input}
		if root := d.parse(text); root != nil {
			hops = b.chainNode(d, input, root)
		}
	}
	if len(hops) > maxHops {
		b.problem(input, "has %d hops, at most %d are walked", len(hops), maxHops)
	}
	return hops
}

// arnLines tells the short form: every line is a text without the blanks, the
// dashes and braces that would make it YAML.
func arnLines(text string) bool {
	all := lines(text)
	return !slices.ContainsFunc(all, func(line string) bool {
		return strings.HasPrefix(line, "- ") || line == "-" || strings.ContainsAny(line, "[{\"'") || strings.Contains(line, ": ") || strings.HasSuffix(line, ":")
	})
}

func (b *builder) chainNode(d document, what string, n *yaml.Node) []Hop {
	if n.Kind != yaml.SequenceNode {
		d.problem(n, "%s is %s, expected a list of roles", what, kind(n))
		return nil
	}
	var hops []Hop
	for i, item := range n.Content {
		if hop, ok := b.hopNode(d, fmt.Sprintf("hop %d", i+1), item); ok {
			hops = append(hops, hop)
		}
	}
	return hops
}

// hopNode reads one hop of a YAML list: an ARN or a mapping.
func (b *builder) hopNode(d document, what string, n *yaml.Node) (Hop, bool) {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		role, ok := b.role(d.input, n.Line, n.Value)
		return b.hop(role), ok
	}
	before := len(b.report.problems)
	hop := b.hop("")
	var managed, transitive *yaml.Node
	d.fields(n, what, map[string]func(string, *yaml.Node){
		"role": func(f string, v *yaml.Node) {
			hop.Role, _ = b.role(d.input, v.Line, d.text(f, v))
		},
		"external-id": func(f string, v *yaml.Node) {
			hop.ExternalID = b.externalID(d.input, v.Line, d.text(f, v))
		},
		"session-name": func(f string, v *yaml.Node) {
			hop.SessionName = b.checkSessionName(d.input, v.Line, d.text(f, v))
		},
		"duration-seconds": func(f string, v *yaml.Node) {
			hop.Duration = b.chainedDuration(d, f, v)
		},
		"inline-session-policy": func(f string, v *yaml.Node) {
			hop.Policy = b.sessionPolicy(d.input, v.Line, d.json(f, v))
		},
		"managed-session-policies": func(_ string, v *yaml.Node) { managed = v },
		"tags":                     func(f string, v *yaml.Node) { hop.Tags = b.tags(d, f, v) },
		"transitive-tag-keys":      func(_ string, v *yaml.Node) { transitive = v },
	})
	if len(b.report.problems) > before {
		return hop, false
	}
	if hop.Role == "" {
		d.problem(n, "%s has no role, write role: arn:aws:iam::<account id>:role/<name>", what)
		return hop, false
	}
	// These two are judged by other fields, which may stand below them.
	if managed != nil {
		hop.ManagedPolicies = b.managedPolicies(d.input, managed.Line, d.texts(what+".managed-session-policies", managed), hop.Role)
	}
	if transitive != nil {
		hop.TransitiveTagKeys = b.transitive(d, transitive, d.texts(what+".transitive-tag-keys", transitive), hop.Tags)
	}
	return hop, len(b.report.problems) == before
}

func (b *builder) externalID(input string, line int, v string) string {
	if v != "" && !isExternalID(v) {
		b.report.add(input, line, "%s is not an external id, write 2 to 1224 of letters, digits and _+=,.@:/-", quote(v))
	}
	return v
}

func (b *builder) checkSourceIdentity(v string) {
	if !isSessionName(v) || strings.HasPrefix(strings.ToLower(v), "aws:") {
		b.problem("source-identity", "%s is not a source identity, write 2 to 64 of letters, digits and _+=,.@- that do not begin with aws:", quote(v))
	}
}

func (b *builder) chainedDuration(d document, field string, n *yaml.Node) time.Duration {
	text := d.text(field, n)
	seconds, err := strconv.Atoi(text)
	duration := time.Duration(seconds) * time.Second
	switch {
	case text == "": // which is reported
		return 0
	case err != nil || seconds < int(MinDuration/time.Second) || seconds > int(MaxDuration/time.Second):
		d.problem(n, "%s %s is not a whole number of seconds from 900 to 3600", field, quote(text))
		return 0
	case duration > MaxChained:
		b.report.addCode(explain.DurationOverChainingHour, d.input, n.Line, "%s %s is more than the hour (3600) after which AWS ends a chained session", field, quote(text))
		return 0
	}
	return duration
}

// sessionPolicy checks an inline session policy and returns it compact, since
// blanks count against its limit.
func (b *builder) sessionPolicy(input string, line int, text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil || object == nil {
		why := "it is not an object"
		if err != nil {
			why = strings.TrimPrefix(err.Error(), "json: ")
		}
		b.report.add(input, line, "not a policy in JSON: %s", why)
		return ""
	}
	if _, ok := object["Statement"]; !ok {
		b.report.add(input, line, "the policy has no Statement, write one that allows what the session may do")
		return ""
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil {
		b.report.add(input, line, "not a policy in JSON: %s", err)
		return ""
	}
	policy := compact.String()
	if n := utf8.RuneCountInString(policy); n > maxSessionInput {
		b.report.addCode(explain.SessionPolicyTooLarge, input, line, "the policy has %d characters without blanks, AWS takes at most %d: shorten it, or use managed-session-policies", n, maxSessionInput)
	}
	for _, c := range policy {
		if c > 0xff || c < 0x20 {
			b.report.add(input, line, "the policy has the character %q, AWS takes only U+0020 to U+00FF", c)
			break
		}
	}
	return policy
}

func (b *builder) managedPolicies(input string, line int, arns []string, role RoleARN) []string {
	if len(arns) > maxPolicies {
		b.report.add(input, line, "has %d policies, AWS takes at most %d", len(arns), maxPolicies)
	}
	for _, arn := range arns {
		account, ok := policyAccount(arn)
		switch {
		case !ok:
			b.report.add(input, line, "%s is not the ARN of a managed policy, write arn:aws:iam::<account id or aws>:policy/<name>", quote(arn))
		case account != "aws" && role.Account() != "" && account != role.Account():
			b.report.add(input, line, "%s is not in account %s, which owns the role that it is to narrow", quote(arn), role.Account())
		}
	}
	return arns
}

func (b *builder) tags(d document, field string, n *yaml.Node) []Tag {
	if n.Kind != yaml.MappingNode {
		d.problem(n, "%s is %s, expected a mapping of tag keys to values", field, kind(n))
		return nil
	}
	var tags []Tag
	d.pairs(n, field, func(key, value *yaml.Node) {
		tag := Tag{Key: key.Value}
		if value.Kind != yaml.ScalarNode || value.Value != "" || value.Tag == "!!null" { // AWS allows empty values
			tag.Value = d.text(field+"."+key.Value, value)
		}
		b.checkTag(d.input, key.Line, tag)
		if hasKey(tags, tag.Key) {
			d.problem(key, "tag key %s comes twice: AWS compares them without regard to case", quote(tag.Key))
		}
		tags = append(tags, tag)
	})
	if len(tags) > maxTags {
		d.problem(n, "%s has %d tags, AWS takes at most %d", field, len(tags), maxTags)
	}
	return tags
}

func (b *builder) transitive(d document, n *yaml.Node, keys []string, tags []Tag) []string {
	for _, key := range keys {
		if !hasKey(tags, key) {
			d.problem(n, "transitive tag key %s is not among the hop's tags, add it there", quote(key))
		}
	}
	return keys
}
