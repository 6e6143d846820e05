package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// nothing are the ways in which YAML says nothing: a variable that is not set
// leaves one of them behind.
var nothing = map[string]string{
	"no text": "", "single quotes": "''", "double quotes": `""`, "blanks": "'  '", "line ends": `"\n \n"`,
	"null": "null", "tilde": "~", "empty list": "[]", "empty mapping": "{}",
}

// nothingIn are the ways in which a list says nothing in one of its entries.
var nothingIn = map[string]string{
	"list of one": "['']", "list of null": "[~]", "list with a gap": "[%s, '']", "gap before": "['', %s]", "nested": "[%s, []]",
}

// fields are those of a hop and of a profile, each with a value that is valid.
var (
	hopFields = map[string]string{
		"external-id": "gate-7", "session-name": "mine", "duration-seconds": "900",
		"inline-session-policy": `'{"Statement": []}'`, "managed-session-policies": "arn:aws:iam::aws:policy/ReadOnlyAccess",
		"tags": "{team: blue}", "transitive-tag-keys": "team",
	}
	profileFields = map[string]string{"region": "eu-west-1", "audience": "mine", "allowed-account-ids": "'222222222222'"}
	listFields    = []string{"managed-session-policies", "transitive-tag-keys", "allowed-account-ids"}
)

// TestNothingIsNotTakenForNotGiven puts nothing into each field and each hop
// that YAML can name: it is always one problem, with its line and its path, and
// never a plan without the field or the hop.
func TestNothingIsNotTakenForNotGiven(t *testing.T) {
	n := 0
	refused := func(name, input, text, path string, line int) {
		t.Run(name, func(t *testing.T) {
			n++
			with := map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, input: text}
			_, problems := Build(sources(with, nil))
			if len(problems) != 1 {
				t.Fatalf("%q: want one problem, got %v", text, problems)
			}
			p := problems[0]
			if p.Input != input || p.Line != line || !strings.Contains(p.Message, path) || !strings.Contains(p.Message, "is empty") || !p.Empty {
				t.Errorf("%q:\n  got  %s (line %d, empty %t)\n  want line %d, %s", text, p, p.Line, p.Empty, line, path)
			}
		})
	}
	for way, value := range nothing {
		refused("hop: "+way, "role-chain", "- "+gate+"\n- "+value, "hop 3", 2)
		if value != "" {
			refused("hop of a flow list: "+way, "role-chain", "["+gate+", "+value+"]", "hop 3", 1)
			refused("first hop of a flow list: "+way, "role-chain", "["+value+", "+gate+"]", "hop 2", 1)
			if strings.ContainsAny(value, "'[{") { // others are read as ARNs
				refused("the whole chain: "+way, "role-chain", value+" # nothing", "the value", 1)
			}
		}
		refused("role of a hop: "+way, "role-chain", "- role: "+value, "hop 2.role", 1)
		refused("profile: "+way, "profiles", "dev: "+spoke+"\nprod: "+value, "profiles.prod", 2)
		for _, field := range []string{"role", "role-to-assume", "role-chain"} {
			refused(field+" of a profile: "+way, "profiles", "prod:\n  "+field+": "+value, `profile "prod".`+field, 2)
		}
		refused("hop of a profile: "+way, "profiles", "prod:\n  role-chain:\n    - "+gate+"\n    - "+value, "hop 3", 4)
		for field := range hopFields {
			refused("hop's "+field+": "+way, "role-chain", "- role: "+gate+"\n  "+field+": "+value, "hop 2."+field, 2)
			refused("hop's "+field+" in a profile: "+way, "profiles", "prod:\n  role-chain:\n    - role: "+gate+"\n      "+field+": "+value, "hop 2."+field, 4)
			refused("profile's "+field+": "+way, "profiles", "prod:\n  role: "+spoke+"\n  "+field+": "+value, `profile "prod".`+field, 3)
		}
		for field := range profileFields {
			refused("profile's "+field+": "+way, "profiles", "prod:\n  role: "+spoke+"\n  "+field+": "+value, `profile "prod".`+field, 3)
		}
	}
	for way, list := range nothingIn {
		for _, field := range listFields {
			value := list
			if strings.Contains(list, "%s") {
				value = fmt.Sprintf(list, hopFields[field]+profileFields[field])
			}
			path := "." + field + "["
			refused("profile's "+field+": "+way, "profiles", "prod:\n  role: "+spoke+"\n  tags: {team: blue}\n  "+field+": "+value, path, 4)
			if _, ok := hopFields[field]; ok {
				refused("hop's "+field+": "+way, "role-chain", "- role: "+gate+"\n  tags: {team: blue}\n  "+field+": "+value, path, 3)
			}
		}
	}
	for way, gap := range map[string]string{"bare": "[%s, ]", "over lines": "[\n %s,\n]", "with a comment": "[%s, # ]\n ]", "behind quotes": "['%s' , ]"} {
		list := func(entry string) string { return fmt.Sprintf(gap, entry) }
		refused("gap at the end of a chain: "+way, "role-chain", list(gate), "hop 3", 1)
		refused("gap at the end of a profile's chain: "+way, "profiles", "a: {role: '"+spoke+"'}\nprod: {role-chain: "+list(gate)+"}", "hop 3", 2)
		for _, field := range listFields {
			refused("gap at the end of "+field+": "+way, "profiles", "prod: {role: "+spoke+", tags: {team: blue}, "+field+": "+list(hopFields[field]+strings.Trim(profileFields[field], "'"))+"}", "."+field+"[2]", 1)
		}
	}
	for way, text := range map[string]string{"below the last": gate + "\n\n", "of blanks": gate + "\n  \n", "open": gate + "\n ", "behind a comment": gate + "\n# more\n\n"} {
		refused("line "+way, "role-chain", text, "hop 3", strings.Count(strings.TrimSuffix(text, "\n"), "\n")+1)
	}
	for _, style := range []string{"|", ">", "|-", ">+"} {
		refused("line of a profile's chain, "+style, "profiles", "prod:\n  role-chain: "+style+"\n    "+gate+"\n    \n", ".role-chain: a line", 4)
		refused("first line of a profile's chain, "+style, "profiles", "prod:\n  role-chain: "+style+"\n    \n    "+gate+"\ndev: "+spoke, ".role-chain: a line", 3)
	}
	for _, key := range []string{"''", "~", "' '"} {
		refused("key of a profile: "+key, "profiles", "dev: "+spoke+"\n"+key+": "+spoke, "profiles: a key", 2)
		refused("key of a field: "+key, "profiles", "dev:\n  role: "+spoke+"\n  "+key+": x", `profile "dev": a key`, 3)
		refused("key of a hop's field: "+key, "role-chain", "- role: "+gate+"\n  "+key+": x", "hop 2: a key", 2)
		refused("key of a tag: "+key, "role-chain", "- role: "+gate+"\n  tags: {"+key+": x}", "hop 2.tags: a key", 2)
	}
	if n < 300 {
		t.Errorf("only %d cases", n)
	}
}

func TestEndsInComma(t *testing.T) {
	for text, want := range map[string]bool{
		"[a,]": true, "[a , ]": true, "['a',\n# ]\n]": true, "['it''s',]": true, `["\"",]`: true, "[[a], ]": true, "[it's, ]": true, "[{a: ']'},]": true,
		"[a]": false, "[a, b] , ]": false, "['a,']": false, "['it''s, ]', b]": false, `["\",]"]`: false, "[a # ,\n]": false, "[[a, ], b]": false, "[{a: b,}]": false,
		"[a#,b]": false, "[": false, "": false, "[']": false, `["\`: false,
	} {
		if got := endsInComma(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

// TestEveryFieldIsTried fails where a field is added that the test above does
// not know.
func TestEveryFieldIsTried(t *testing.T) {
	for what, tt := range map[string]struct {
		input, text string
		known       []map[string]string
		more        []string
	}{
		"hop": {input: "role-chain", text: "- {unknown: x}", known: []map[string]string{hopFields},
			more: []string{"role"}},
		"profile": {input: "profiles", text: "a: {unknown: x}", known: []map[string]string{hopFields, profileFields},
			more: []string{"role", "role-to-assume", "role-chain"}},
	} {
		want := tt.more
		for _, fields := range tt.known {
			for field := range fields {
				want = append(want, field)
			}
		}
		slices.Sort(want)
		_, problems := Build(sources(map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, tt.input: tt.text}, nil))
		if got := fmt.Sprint(problems); !strings.Contains(got, "expected "+strings.Join(want, ", ")+"]") {
			t.Errorf("%s: the test knows %v, but %s", what, want, got)
		}
	}
}

// TestWhatLooksLikeNothing: texts that name nothing without being empty.
func TestWhatLooksLikeNothing(t *testing.T) {
	for name, with := range map[string]map[string]string{
		"chain of a comment":         {"role-chain": "# later"},
		"profiles of a comment":      {"profiles": "# later"},
		"policies of a comment":      {"managed-session-policies": "# later"},
		"accounts of commas":         {"allowed-account-ids": ", ,"},
		"selection of commas":        {"profiles": "a: " + spoke, "profiles-select": ", ,"},
		"a hop's keys of a comment":  {"role-chain": "- role: " + gate + "\n  tags: {team: blue}\n  transitive-tag-keys: '# later'"},
		"a profile's account commas": {"profiles": "a:\n  role: " + spoke + "\n  allowed-account-ids: ', ,'"},
		"a profile's chain":          {"profiles": "a:\n  role-chain: '# later'"},
	} {
		with["aws-region"], with["role-to-assume"] = "eu-central-1", hub
		if _, problems := Build(sources(with, nil)); len(problems) != 1 {
			t.Errorf("%s: want one problem, got %v", name, problems)
		}
	}
}

// TestWhatMayBeEmpty: AWS takes tags without a value, and a policy is JSON,
// where empty texts have their meaning.
func TestWhatMayBeEmpty(t *testing.T) {
	p := build(t, map[string]string{"aws-region": "eu-central-1", "role-to-assume": hub, "role-chain": `
- role: ` + gate + `
  tags: {team: ''}
  inline-session-policy: {Statement: {Effect: Deny, Action: "*", Resource: "*", Condition: {StringEquals: {"aws:PrincipalTag/team": ['', null], x: {}, y: []}}}}`}, nil)
	hop := p.Profiles[0].Chain[1]
	if len(hop.Tags) != 1 || hop.Tags[0].Value != "" {
		t.Errorf("tags %v", hop.Tags)
	}
	if want := `{"aws:PrincipalTag/team":["",null],"x":{},"y":[]}`; !strings.Contains(hop.Policy, want) {
		t.Errorf("policy %s lacks %s", hop.Policy, want)
	}
}
