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

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"go.yaml.in/yaml/v4"
)

const (
	maxPolicies     = 10
	maxSessionInput = 2048 // characters of an inline session policy
	maxHops         = 20   // ours: a bound for the loop, far above any chain seen
)

// chain reads role-chain: ARNs, one a line, or a YAML list.
func (b *builder) chain() []draft {
	const input = "role-chain"
	text := b.input(input)
	if text == "" {
		return nil
	}
	var hops []draft
	if arnLines(text) {
		hops = b.arnChain(input, b.values.raw[input])
	} else {
		d := document{newSource(text), b.report, input}
		if root := d.parse(); root != nil {
			hops = b.chainNode(d, input, 2, root) // after role-to-assume
		}
	}
	if len(hops) > maxHops {
		b.problem(input, "has %d hops; use at most %d", len(hops), maxHops)
	}
	return hops
}

// arnChain reads ARNs, one a line. An empty line between them is skipped, but
// one below the last is an error: that is what an expression for the last hop
// leaves if it comes out empty, and the session before it would be exported.
func (b *builder) arnChain(input, text string) []draft {
	var hops []draft
	number := 2 // of the next hop, after role-to-assume
	all := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range all {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if hop, ok := b.hop(input, i+1, line); ok {
			hops = append(hops, hop)
		}
		number++
	}
	switch {
	case number == 2:
		b.problem(input, "%s lists no role; give it one or remove it", quote(strings.TrimSpace(text)))
	case strings.TrimSpace(all[len(all)-1]) == "":
		b.report.saysNothing(input, len(all), fmt.Sprintf("hop %d", number))
	}
	return hops
}

// arnLines reports whether a chain has the short form: every line is a text without the blanks, the
// dashes and braces that would make it YAML.
func arnLines(text string) bool {
	all := lines(text)
	return !slices.ContainsFunc(all, func(line string) bool {
		return strings.HasPrefix(line, "- ") || line == "-" || strings.ContainsAny(line, "[{\"'") || strings.Contains(line, ": ") || strings.HasSuffix(line, ":")
	})
}

// chainNode reads the hops of a YAML list. In messages they have the numbers
// that the log gives them, from first on.
func (b *builder) chainNode(d document, what string, first int, n *yaml.Node) []draft {
	if n.Kind != yaml.SequenceNode {
		d.problem(n, "%s is %s; expected a list of roles", what, kind(n))
		return nil
	}
	var hops []draft
	d.items(n, "hop %d", first, func(what string, item *yaml.Node) {
		if hop, ok := b.hopNode(d, what, item); ok {
			hops = append(hops, hop)
		}
	})
	return hops
}

// hop is a hop that says nothing but its role.
func (b *builder) hop(input string, line int, role string) (draft, bool) {
	arn, ok := b.role(input, line, role)
	return draft{Hop: Hop{Role: arn}, input: input, line: line}, ok
}

// hopNode reads one hop of a YAML list: an ARN or a mapping.
func (b *builder) hopNode(d document, what string, n *yaml.Node) (draft, bool) {
	if n.Kind == yaml.ScalarNode {
		return b.hop(d.input, n.Line, n.Value)
	}
	before := len(b.report.problems)
	hop := draft{input: d.input, line: n.Line}
	var managed, transitive *yaml.Node
	d.fields(n, what, map[string]func(string, *yaml.Node){
		"role": d.scalar(func(_, s string, v *yaml.Node) {
			hop.Role, _ = b.role(d.input, v.Line, s)
			hop.line = v.Line
		}),
		"external-id":  d.scalar(func(_, s string, v *yaml.Node) { hop.ExternalID = b.externalID(d.input, v.Line, s) }),
		"session-name": d.scalar(func(_, s string, v *yaml.Node) { hop.SessionName = b.checkSessionName(d.input, v.Line, s) }),
		"duration-seconds": d.scalar(func(f, s string, v *yaml.Node) {
			hop.Duration = b.chainedDuration(d, f, s, v)
		}),
		"inline-session-policy":    func(f string, v *yaml.Node) { hop.Policy = b.sessionPolicy(d.input, v.Line, d.json(f, v)) },
		"managed-session-policies": func(_ string, v *yaml.Node) { managed = v },
		"tags":                     func(f string, v *yaml.Node) { hop.Tags = b.tags(d, f, v) },
		"transitive-tag-keys":      func(_ string, v *yaml.Node) { transitive = v },
	})
	if len(b.report.problems) > before {
		return hop, false
	}
	if hop.Role == "" {
		d.problem(n, "%s has no role; write role: arn:aws:iam::<account id>:role/<name>", what)
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
		b.report.add(input, line, "%s is not an external id; use 2 to 1224 letters, digits and _+=,.@:/-", quote(v))
	}
	return v
}

func (b *builder) checkSourceIdentity() {
	if v := b.input("source-identity"); v != "" && (!isSessionName(v) || strings.HasPrefix(strings.ToLower(v), "aws:")) {
		b.problem("source-identity", "%s is not a source identity; use 2 to 64 letters, digits and _+=,.@-, not beginning with aws:", quote(v))
	}
}

func (b *builder) chainedDuration(d document, field, text string, n *yaml.Node) time.Duration {
	seconds, err := strconv.Atoi(text)
	duration := time.Duration(seconds) * time.Second
	switch {
	case err != nil || seconds < int(MinDuration/time.Second) || seconds > int(MaxDuration/time.Second):
		d.problem(n, "%s %s is invalid; use a whole number of seconds from 900 to 3600", field, quote(text))
		return 0
	case duration > MaxChained:
		b.report.addCode(diagnosis.DurationOverChainingHour, d.input, n.Line, "%s %s is more than the hour (3600) after which AWS ends a chained session; use at most 3600", field, quote(text))
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
		b.report.add(input, line, "is not a policy in JSON: %s", why)
		return ""
	}
	if _, ok := object["Statement"]; !ok {
		b.report.add(input, line, "the policy has no Statement; add one that allows what the session may do")
		return ""
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil {
		b.report.add(input, line, "is not a policy in JSON: %s", err)
		return ""
	}
	policy := compact.String()
	if n := utf8.RuneCountInString(policy); n > maxSessionInput {
		b.report.addCode(diagnosis.SessionPolicyTooLarge, input, line, "the policy has %d characters without blanks; use at most %d, or managed-session-policies", n, maxSessionInput)
	}
	for _, c := range policy {
		if c > 0xff || c < 0x20 {
			b.report.add(input, line, "the policy has the character %q; use only U+0020 to U+00FF", c)
			break
		}
	}
	return policy
}

// managedPolicies reads ARNs, several in a text where commas separate them.
func (b *builder) managedPolicies(input string, line int, texts []string, role arn.Role) []string {
	var arns []string
	for _, text := range texts {
		arns = append(arns, splitARNs(text)...)
	}
	if len(arns) == 0 && len(texts) > 0 {
		b.report.add(input, line, "%s names no managed policy; use arn:aws:iam::<account id or aws>:policy/<name>", quote(strings.Join(texts, " ")))
	}
	if len(arns) > maxPolicies {
		b.report.add(input, line, "has %d policies; use at most %d", len(arns), maxPolicies)
	}
	for _, policy := range arns {
		account, ok := arn.ManagedPolicyAccount(policy)
		switch {
		case !ok:
			b.report.add(input, line, "%s is not the ARN of a managed policy; use arn:aws:iam::<account id or aws>:policy/<name>", quote(policy))
		case account != "aws" && role.Account() != "" && account != role.Account():
			b.report.add(input, line, "%s is not in account %s of the role that it narrows; use a policy of that account or of AWS", quote(policy), role.Account())
		}
	}
	return arns
}

// splitARNs splits a text at commas. A name may hold commas too (IAM user guide,
// "IAM identifiers"): what follows one is another ARN only if it begins as one.
func splitARNs(text string) []string {
	var arns []string
	for part := range strings.SplitSeq(text, ",") {
		switch begin := strings.TrimSpace(part); {
		case begin == "":
		case len(arns) == 0 || strings.HasPrefix(begin, "arn:"):
			arns = append(arns, begin)
		default:
			arns[len(arns)-1] += "," + strings.TrimRight(part, " \t")
		}
	}
	return arns
}

func (b *builder) tags(d document, field string, n *yaml.Node) []Tag {
	if n.Kind != yaml.MappingNode {
		d.problem(n, "%s is %s; expected a mapping of tag keys to values", field, kind(n))
		return nil
	}
	var tags []Tag
	d.rawPairs(n, field, func(key, value *yaml.Node) { // AWS allows empty values, but no empty keys
		text, ok := d.text(member(field, key.Value), value)
		if !ok || !d.says(key, field+": a key") {
			return
		}
		tag := Tag{Key: key.Value, Value: text}
		b.checkTag(d.input, key.Line, tag)
		if hasKey(tags, tag.Key) {
			d.problem(key, "duplicate tag key %s (AWS compares tag keys without regard to case); keep one", quote(tag.Key))
		}
		tags = append(tags, tag)
	})
	if len(tags) > maxTags {
		d.problem(n, "%s has %d tags; use at most %d", field, len(tags), maxTags)
	}
	return tags
}

func (b *builder) transitive(d document, n *yaml.Node, keys []string, tags []Tag) []string {
	for _, key := range keys {
		if !hasKey(tags, key) {
			d.problem(n, "transitive tag key %s is not among the hop's tags; add it there", quote(key))
		}
	}
	return keys
}
