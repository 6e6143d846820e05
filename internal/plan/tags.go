package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// STS's limits for session tags; its keys compare without regard to case.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// defaultTags are the facts of the run that configure-aws-credentials sends as
// session tags, by the variable that holds them: the droppable ones since
// v6.2.0 (its pull requests 1775 and 1808), the others since v1.
var defaultTags = []struct {
	key, variable string
	droppable     bool
}{
	{"Repository", "GITHUB_REPOSITORY", false},
	{"Workflow", "GITHUB_WORKFLOW", false},
	{"Action", "GITHUB_ACTION", false},
	{"Actor", "GITHUB_ACTOR", false},
	{"Commit", "GITHUB_SHA", false},
	{"Branch", "GITHUB_REF", false},
	{"EventName", "GITHUB_EVENT_NAME", true},
	{"BaseRef", "GITHUB_BASE_REF", true},
	{"HeadRef", "GITHUB_HEAD_REF", true},
	{"RunId", "GITHUB_RUN_ID", true},
	{"Job", "GITHUB_JOB", true},
	{"TriggeringActor", "GITHUB_TRIGGERING_ACTOR", true},
}

// completeTags sets the default and custom tags of an AssumeRole that is the step's
// first hop. Hops of a chain have only their own tags: a trust policy without
// sts:TagSession would refuse others.
func (b *builder) completeTags(p Profile, first *Hop) {
	custom := b.customTags()
	skip := b.boolean("role-skip-session-tagging", false)
	switch {
	case p.Source.WebIdentity():
		if len(custom) > 0 {
			b.warn("custom-tags have no effect: a role that is assumed with a token takes its tags from the token, and GitHub's has none")
		}
		return
	case skip:
		if len(custom) > 0 {
			b.warn("custom-tags have no effect: role-skip-session-tagging is true")
		}
		return
	}
	if first.Tags != nil {
		return // a profile's own
	}
	first.Tags = []Tag{{Key: "GitHub", Value: "Actions"}}
	for _, t := range defaultTags {
		if v := cleanTag(b.env(t.variable)); v != "" {
			first.Tags = append(first.Tags, Tag{t.key, v, t.droppable})
		}
	}
	first.Tags = fitting(append(first.Tags, custom...))
	for _, key := range lines(b.input("transitive-tag-keys")) {
		if hasKey(first.Tags, key) {
			first.TransitiveTagKeys = append(first.TransitiveTagKeys, key)
		} else {
			b.notice("transitive-tag-keys names " + quote(key) + ", which is not among the tags that are sent")
		}
	}
}

// fitting leaves out droppable tags, the last ones first, until AWS accepts their
// number.
func fitting(tags []Tag) []Tag {
	for i := len(tags) - 1; i >= 0 && len(tags) > maxTags; i-- {
		if tags[i].Droppable {
			tags = slices.Delete(tags, i, i+1)
		}
	}
	return tags
}

// customTags reads custom-tags in the order of the JSON text.
func (b *builder) customTags() []Tag {
	const input = "custom-tags"
	text := b.input(input)
	if text == "" {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		b.problem(input, `%s is not a JSON object; use {"key": "value"}`, quote(text))
		return nil
	}
	var tags []Tag
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			break
		}
		value, err := dec.Token()
		if err != nil {
			break
		}
		tag := Tag{Key: key.(string)} // an object's keys are always texts
		switch v := value.(type) {
		case string:
			tag.Value = v
		case json.Number, bool:
			tag.Value = fmt.Sprint(v)
		default:
			b.problem(input, "the value of %s is invalid; use a text, a number or a boolean (tags cannot be nested)", quote(tag.Key))
			return nil
		}
		b.checkTag(input, 0, tag)
		switch {
		case protectedKey(tag.Key):
			b.problem(input, "%s is a tag that the action sets itself; use another key", quote(tag.Key))
		case hasKey(tags, tag.Key):
			b.problem(input, "duplicate tag key %s (AWS compares tag keys without regard to case); keep one", quote(tag.Key))
		}
		tags = append(tags, tag)
	}
	if end, err := dec.Token(); err != nil || end != json.Delim('}') || dec.More() {
		b.problem(input, `%s is not a JSON object; use {"key": "value"}`, quote(text))
	}
	const own = 7 // of the action's, which cannot be left out
	if most := maxTags - own; len(tags) > most {
		b.problem(input, "has %d tags; use at most %d in addition to the action's own", len(tags), most)
	}
	return tags
}

// protectedKey reports whether a tag is one that identifies the run to a role:
// GitHub and the default tags, thirteen in all, as in configure-aws-credentials
// since v6.2.0 (its pull request 1808 removed the replacing of default tags, and
// tests that 37 custom tags fill up the 50). The droppable ones count even in a
// run that does not send them: a custom tag in the place of one that is empty or
// was dropped would pass for the run's own. AWS compares tag keys without regard
// to case.
func protectedKey(key string) bool {
	if strings.EqualFold(key, "GitHub") {
		return true
	}
	for _, t := range defaultTags {
		if strings.EqualFold(t.key, key) {
			return true
		}
	}
	return false
}

func hasKey(tags []Tag, key string) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool { return strings.EqualFold(t.Key, key) })
}

// cleanTag replaces the characters of a fact of the run that a tag's value cannot
// have.
func cleanTag(s string) string {
	s = strings.Map(func(c rune) rune {
		if isTag(c) {
			return c
		}
		return '_'
	}, s)
	if r := []rune(s); len(r) > maxTagValue {
		return string(r[:maxTagValue])
	}
	return s
}

func (b *builder) checkTag(input string, line int, tag Tag) {
	switch {
	case !consists(tag.Key, 1, maxTagKey, isTag):
		b.report.add(input, line, "%s is not a tag key; use 1 to %d letters, digits, blanks and _.:/=+-@", quote(tag.Key), maxTagKey)
	case strings.HasPrefix(strings.ToLower(tag.Key), "aws:"):
		b.report.add(input, line, "tag key %s begins with aws:, which AWS reserves; use another key", quote(tag.Key))
	case !consists(tag.Value, 0, maxTagValue, isTag):
		b.report.add(input, line, "%s is not a value for tag %s; use at most %d letters, digits, blanks and _.:/=+-@", quote(tag.Value), quote(tag.Key), maxTagValue)
	}
}
