package generate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// Permission is one template with the resource that it is about.
type Permission struct {
	text     string // as it was given
	template *template
	values   map[string][]string // of the template's placeholders
}

// environmentMark is replaced in a permission by the environment or the spoke
// that the role is for.
const environmentMark = "{environment}"

// ParsePermission reads TEMPLATE:NAME[,OPTION=VALUE]…, such as
// s3-deploy:bucket,kms=KEY-ID. Names and values can have {environment} in them.
func ParsePermission(s string) (Permission, error) {
	p, err := parsePermission(strings.ReplaceAll(s, environmentMark, "environment"))
	if err == nil {
		p.text = s
	}
	return p, err
}

// in returns the permission of the role of an environment or spoke.
func (p Permission) in(environment string) (Permission, error) {
	if !strings.Contains(p.text, environmentMark) {
		return p, nil
	}
	if environment == "" {
		return p, fmt.Errorf("permission %q cannot have %s: the role is not for one environment or spoke", p.text, environmentMark)
	}
	return parsePermission(strings.ReplaceAll(p.text, environmentMark, environment))
}

func parsePermission(s string) (Permission, error) {
	kind, rest, _ := strings.Cut(s, ":")
	i := slices.IndexFunc(templates, func(t template) bool { return t.name == kind })
	if i < 0 {
		return Permission{}, fmt.Errorf("permission %q has the unknown template %q; use one of %s", s, kind, strings.Join(TemplateNames(), ", "))
	}
	p := Permission{s, &templates[i], map[string][]string{}}
	name, options, hasOptions := strings.Cut(rest, ",")
	if name == "" {
		name = p.template.fallback
	}
	m := p.template.form().FindStringSubmatch(name)
	if m == nil {
		return Permission{}, fmt.Errorf("permission %q is invalid: %q is not %s; use %s", s, name, p.template.what, p.template.usage())
	}
	for i, group := range p.template.form().SubexpNames() {
		if group != "" && m[i] != "" {
			p.values[group] = []string{m[i]}
		}
	}
	if hasOptions {
		for option := range strings.SplitSeq(options, ",") {
			if err := p.set(option); err != nil {
				return Permission{}, err
			}
		}
	}
	for _, o := range p.template.options {
		switch given := p.values[o.name] != nil; {
		case o.required && !given:
			return Permission{}, fmt.Errorf("permission %q lacks %s=%s, %s; use %s", s, o.name, o.value, o.what, p.template.usage())
		case given && o.of != "" && p.values[o.of] == nil:
			return Permission{}, fmt.Errorf("permission %q has %s, which is for what is in its %s; add %s", s, o.name, o.of, o.of)
		}
	}
	return p, nil
}

// set reads OPTION=VALUE.
func (p Permission) set(text string) error {
	name, value, _ := strings.Cut(text, "=")
	i := slices.IndexFunc(p.template.options, func(o option) bool { return o.name == name })
	if i < 0 {
		return fmt.Errorf("permission %q has the unknown option %q; use %s", p.text, name, p.template.usage())
	}
	o := p.template.options[i]
	switch {
	case !o.form.MatchString(value):
		return fmt.Errorf("permission %q is invalid: %s %q is not %s", p.text, name, value, o.what)
	case !o.many && p.values[name] != nil:
		return fmt.Errorf("permission %q has a duplicate option %q", p.text, name)
	}
	p.values[name] = append(p.values[name], value)
	return nil
}

// expand returns text with the values of its placeholders in it: several
// texts where a placeholder has several values.
func (p Permission) expand(text reference) []reference {
	all := []reference{text}
	for name, values := range p.values {
		mark := "{" + name + "}"
		var expanded []reference
		for _, t := range all {
			if !strings.Contains(string(t), mark) {
				expanded = append(expanded, t)
				continue
			}
			for _, v := range values {
				expanded = append(expanded, reference(strings.ReplaceAll(string(t), mark, v)))
			}
		}
		all = expanded
	}
	return all
}

// applies reports whether the rule is one for the options that were given.
func (p Permission) applies(r rule, tagged bool) bool {
	return (r.with == "" || p.values[r.with] != nil) && (r.without == "" || p.values[r.without] == nil) && (tagged || !r.ifTagged)
}

// permissionsPolicy returns the statements of all permissions for the role of
// an environment or spoke; nil without any. What check refuses is left out.
func (s Spec) permissionsPolicy(environment string) object {
	var statements list
	for i, p := range s.Allow {
		p, err := p.in(environment)
		if err != nil {
			continue
		}
		for _, r := range p.template.rules {
			if !p.applies(r, s.ResourceTag != "") {
				continue
			}
			sid := r.sid
			if len(s.Allow) > 1 {
				sid += fmt.Sprint(i + 1) // unique, also with one template twice
			}
			statements = append(statements, s.statement(sid, r, p))
		}
	}
	if len(statements) == 0 {
		return nil
	}
	return object{{"Version", trust.Version2012}, {"Statement", statements}}
}

func (s Spec) statement(sid string, r rule, p Permission) object {
	statement := object{
		{"Sid", sid},
		{"Effect", "Allow"},
		{"Action", oneOrMore(texts(r.actions))},
		{"Resource", oneOrMore(p.references(r.resources))},
	}
	var equals, like object
	if !r.global {
		equals = append(equals, field{"aws:RequestedRegion", reference("{region}")})
	}
	if key, value, ok := strings.Cut(s.ResourceTag, "="); ok && r.tag != "" {
		equals = append(equals, field{r.tag + key, literal(value, false)})
	}
	for _, c := range r.conditions {
		f := field{c.key, oneOrMore(p.references(c.values))}
		if c.like {
			like = append(like, f)
		} else {
			equals = append(equals, f)
		}
	}
	var conditions object
	if len(equals) > 0 {
		conditions = append(conditions, field{"StringEquals", equals})
	}
	if len(like) > 0 {
		conditions = append(conditions, field{"StringLike", like})
	}
	if len(conditions) > 0 {
		statement = append(statement, field{"Condition", conditions})
	}
	return statement
}

func (p Permission) references(values []reference) list {
	var l list
	for _, v := range values {
		for _, text := range p.expand(v) {
			l = append(l, text)
		}
	}
	return l
}
