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
	"github.com/org/aws-oidc-action/internal/strictyaml"
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
		if root, ok := d.parse(); ok {
			hops = b.chainNode(d, root.Named(input), 2) // after role-to-assume
		}
	}
	if len(hops) > maxHops {
		b.problem(input, "has %d hops; use at most %d", len(hops), maxHops)
	}
	return hops
}

// arnChain reads ARNs, one a line. An empty line between them is skipped, but
// one after the last is an error: an expression for the last hop leaves it if it
// comes out empty, and then the session before it would be exported.
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
		b.problem(input, "%s lists no role; add one or remove it", quote(strings.TrimSpace(text)))
	case strings.TrimSpace(all[len(all)-1]) == "":
		b.report.emptyEntry(input, len(all), fmt.Sprintf("hop %d", number))
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

// chainNode reads the hops of a YAML list. In messages they have their numbers of
// the log, from first on.
func (b *builder) chainNode(d document, v strictyaml.Value, first int) []draft {
	var hops []draft
	d.items(v, "hop %d", first, func(item strictyaml.Value) {
		if hop, ok := b.hopNode(d, item); ok {
			hops = append(hops, hop)
		}
	})
	return hops
}

// hop returns a hop that has only a role.
func (b *builder) hop(input string, line int, role string) (draft, bool) {
	full, ok := b.role(input, line, role)
	return draft{Hop: Hop{Role: full}, input: input, line: line}, ok
}

// hopNode reads one hop of a YAML list: an ARN or a mapping.
func (b *builder) hopNode(d document, v strictyaml.Value) (draft, bool) {
	if v.IsScalar() {
		return b.hop(d.input, v.Line(), v.Node.Value)
	}
	before := len(b.report.problems)
	hop := draft{input: d.input, line: v.Line()}
	var managed, transitive *strictyaml.Value
	d.fields(v, map[string]func(strictyaml.Value){
		"role": d.scalar(func(s string, v strictyaml.Value) {
			hop.Role, _ = b.role(d.input, v.Line(), s)
			hop.line = v.Line()
		}),
		"external-id": d.scalar(func(s string, v strictyaml.Value) { hop.ExternalID = b.externalID(d.input, v.Line(), s) }),
		"session-name": d.scalar(func(s string, v strictyaml.Value) {
			hop.SessionName = b.checkSessionName(d.input, v.Line(), s)
		}),
		"duration-seconds":         d.scalar(func(s string, v strictyaml.Value) { hop.Duration = b.chainedDuration(d, s, v) }),
		"inline-session-policy":    func(v strictyaml.Value) { hop.Policy = b.sessionPolicy(d.input, v.Line(), d.json(v)) },
		"managed-session-policies": func(v strictyaml.Value) { managed = &v },
		"tags":                     func(v strictyaml.Value) { hop.Tags = b.tags(d, v) },
		"transitive-tag-keys":      func(v strictyaml.Value) { transitive = &v },
	})
	if len(b.report.problems) > before {
		return hop, false
	}
	if hop.Role == "" {
		d.problem(v, "%s has no role; add role: arn:aws:iam::<account id>:role/<name>", v.Path)
		return hop, false
	}
	// These two depend on other fields, which may follow them.
	if managed != nil {
		hop.ManagedPolicies = b.managedPolicies(d.input, managed.Line(), d.texts(*managed), hop.Role)
	}
	if transitive != nil {
		hop.TransitiveTagKeys = b.transitive(d, *transitive, hop.Tags)
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

func (b *builder) chainedDuration(d document, text string, v strictyaml.Value) time.Duration {
	seconds, err := strconv.Atoi(text)
	duration := time.Duration(seconds) * time.Second
	switch {
	case err != nil || seconds < int(MinDuration/time.Second) || seconds > int(MaxDuration/time.Second):
		d.problem(v, "%s %s is invalid; use a whole number of seconds from 900 to 3600", v.Path, quote(text))
		return 0
	case duration > MaxChained:
		b.report.addCode(diagnosis.DurationOverChainingHour, d.input, v.Line(), "%s %s is more than the hour (3600) after which AWS ends a chained session; use at most 3600", v.Path, quote(text))
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
		b.report.add(input, line, "%s has no managed policy; use arn:aws:iam::<account id or aws>:policy/<name>", quote(strings.Join(texts, " ")))
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

// splitARNs splits a text at commas. A name may have commas too (IAM user guide,
// "IAM identifiers"): after a comma, only a text that begins like an ARN is one.
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

func (b *builder) tags(d document, v strictyaml.Value) []Tag {
	var tags []Tag
	for entry, err := range v.Entries() { // AWS allows empty values, but no empty keys
		if d.fails(err) {
			continue
		}
		text, ok := d.text(entry)
		if !ok || d.hasEmptyKey(v, entry) {
			continue
		}
		tag := Tag{Key: entry.Key, Value: text}
		b.checkTag(d.input, entry.KeyLine(), tag)
		if hasKey(tags, tag.Key) {
			d.report.add(d.input, entry.KeyLine(), "duplicate tag key %s (AWS compares tag keys without regard to case); keep one", quote(tag.Key))
		}
		tags = append(tags, tag)
	}
	if len(tags) > maxTags {
		d.problem(v, "%s has %d tags; use at most %d", v.Path, len(tags), maxTags)
	}
	return tags
}

func (b *builder) transitive(d document, v strictyaml.Value, tags []Tag) []string {
	keys := d.texts(v)
	for _, key := range keys {
		if !hasKey(tags, key) {
			d.problem(v, "transitive tag key %s is not among the hop's tags; add it there", quote(key))
		}
	}
	return keys
}
