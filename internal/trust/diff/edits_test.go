package diff

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// policyEdits change statements.
var policyEdits = []edit{
	{"drop a statement", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool {
			return p.in.kind == yaml.SequenceNode && len(p.in.items) > 1 && isStatement(p.item())
		}))
		if ok {
			e.narrower = allows(p.item())
			p.in.remove(p.at)
		}
		return ok
	}},
	{"repeat a statement", func(e *editor) bool {
		p, ok := e.pick(e.statements())
		if ok {
			copied := p.item().clone()
			if i := copied.index("Sid"); i >= 0 {
				copied.remove(i)
			}
			p.put(list(p.item(), copied))
			if p.in.kind == yaml.SequenceNode {
				p.put(p.item().items[0])
				p.in.items = slices.Insert(p.in.items, e.IntN(len(p.in.items)+1), copied)
			}
			e.narrower = true
		}
		return ok
	}},
	{"turn the effect", func(e *editor) bool {
		s, ok := e.statement()
		if ok {
			e.narrower = allows(s)
			s.set("Effect", text(map[bool]string{true: "Deny", false: "Allow"}[allows(s)]))
		}
		return ok
	}},
	{"add a denial", func(e *editor) bool {
		p, ok := e.pick(e.statements())
		if ok && p.in.kind == yaml.SequenceNode {
			denial := p.item().clone()
			denial.set("Effect", text("Deny"))
			if i := denial.index("Sid"); i >= 0 {
				denial.remove(i)
			}
			p.in.items = append(p.in.items, denial)
			e.narrower = true
		}
		return e.narrower
	}},
	{"change an operator", func(e *editor) bool {
		c, ok := e.condition()
		if ok {
			name, v, key := e.operator(c.name()), c.item(), c.key()
			if name == "Null" || strings.HasPrefix(name, "Bool") {
				v = text([]string{"true", "false"}[e.IntN(2)])
			}
			c.drop()
			return addCondition(c.statement, name, key, v)
		}
		return ok
	}},
	{"drop a condition", func(e *editor) bool {
		c, ok := e.condition()
		if ok {
			e.narrower = !allows(c.statement)
			c.drop()
		}
		return ok
	}},
	{"add a condition", func(e *editor) bool {
		s, ok := e.statement()
		c, found := e.condition()
		if ok && found {
			e.narrower = allows(s)
			return addCondition(s, e.operator(c.name()), e.keys[e.IntN(len(e.keys))], c.item().clone())
		}
		return false
	}},
	{"change the key", func(e *editor) bool {
		c, ok := e.condition()
		if ok {
			key := e.keys[e.IntN(len(e.keys))]
			if e.narrower = e.IntN(3) == 0; e.narrower {
				key = strings.ToUpper(c.key())
			}
			if slices.ContainsFunc(c.in.keys, func(k string) bool { return strings.EqualFold(k, key) }) && !e.narrower {
				return false
			}
			c.in.keys[c.at] = key
		}
		return ok
	}},
	{"change a value", func(e *editor) bool {
		p, _, ok := e.value()
		if ok {
			p.put(text(e.near(p.item().text)))
		}
		return ok
	}},
	{"change a value again", func(e *editor) bool {
		p, _, ok := e.value()
		if ok {
			p.put(text(e.neighbor(p.item().text)))
		}
		return ok
	}},
	{"add a value", func(e *editor) bool {
		p, c, ok := e.value()
		if ok && c.item().kind != yaml.MappingNode && (p.in == c.item() || p == c.place) {
			more := text(e.near(p.item().text))
			if e.IntN(4) == 0 {
				more, e.narrower = text(p.item().text), !strings.Contains(c.name(), "Null")
			}
			values := c.asList()
			values.items = slices.Insert(values.items, e.IntN(len(values.items)+1), more)
		}
		return ok
	}},
	{"drop a value", func(e *editor) bool {
		c, ok := e.condition()
		if !ok || c.item().kind != yaml.SequenceNode || len(c.item().items) < 2 {
			return false
		}
		e.narrower = allows(c.statement) && !strings.Contains(c.name(), "Not")
		c.item().remove(e.IntN(len(c.item().items)))
		return true
	}},
	{"reorder values", func(e *editor) bool {
		c, ok := e.condition()
		if ok && c.item().kind == yaml.SequenceNode {
			slices.Reverse(c.item().items)
			e.narrower = true
		}
		return e.narrower
	}},
	{"change a principal", func(e *editor) bool {
		s, ok := e.statement()
		if !ok || s.get("Principal") == nil {
			return false
		}
		whom := []*tree{text("*"), mapping("AWS", text("*")), mapping("Federated", text("arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com")),
			mapping("AWS", text("444455556666")), mapping("AWS", text("arn:aws:iam::444455556666:role/hub")), mapping("Service", text("lambda.amazonaws.com"))}
		s.set("Principal", whom[e.IntN(len(whom))])
		return true
	}},
	{"add a principal", func(e *editor) bool {
		s, ok := e.statement()
		if !ok || s.get("Principal") == nil || s.get("Principal").kind != yaml.MappingNode {
			return false
		}
		more := []string{"*", "444455556666", "arn:aws:iam::777788889999:root", "arn:aws:iam::444455556666:role/hub", "arn:aws:iam::111122223333:oidc-provider/gitlab.com", "ec2.amazonaws.com"}
		types := []string{"AWS", "Federated", "Service"}
		whom := s.get("Principal")
		name := types[e.IntN(len(types))]
		if whom.get(name) == nil {
			whom.set(name, list())
		}
		entries := place{whom, whom.index(name)}.asList()
		entries.items = append(entries.items, text(more[e.IntN(len(more))]))
		e.narrower = !allows(s)
		return true
	}},
	{"change who is meant", func(e *editor) bool {
		p, ok := e.scalar(func(p place) bool {
			return strings.HasPrefix(p.item().text, "arn:aws:") || p.item().text == "444455556666"
		})
		if ok {
			was := p.item().text
			is := e.near(was)
			if account, found := strings.CutPrefix(was, "arn:aws:iam::"); found && strings.HasSuffix(account, ":root") {
				is, e.narrower = strings.TrimSuffix(account, ":root"), true
			} else if was == "444455556666" && p.key() != "Default" {
				is, e.narrower = "arn:aws:iam::444455556666:root", len(was) == len(e.root.text)
			}
			p.put(text(is))
		}
		return ok
	}},
	{"exempt principals", func(e *editor) bool {
		s, ok := e.statement()
		if ok && s.get("Principal") != nil {
			s.keys[s.index("Principal")] = "NotPrincipal"
		} else if ok && s.get("NotPrincipal") != nil {
			s.keys[s.index("NotPrincipal")] = "Principal"
		}
		return ok
	}},
	{"change actions", func(e *editor) bool {
		s, ok := e.statement()
		if !ok || s.get("Action") == nil {
			return false
		}
		all := []string{"sts:*", "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole*", "sts:TagSession", "*", "STS:assumerole", "sts:Assume*Identity"}
		if e.IntN(2) == 0 {
			s.set("Action", text(all[e.IntN(len(all))]))
			return true
		}
		actions := place{s, s.index("Action")}.asList()
		actions.items = append(actions.items, text(all[e.IntN(len(all))]))
		e.narrower = !allows(s)
		return true
	}},
	{"exempt actions", func(e *editor) bool {
		s, ok := e.statement()
		if ok && s.get("Action") != nil {
			s.keys[s.index("Action")] = "NotAction"
		} else if ok && s.get("NotAction") != nil {
			s.keys[s.index("NotAction")] = "Action"
		}
		return ok
	}},
	{"change the version", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool { return p.key() == "Version" }))
		if ok {
			p.put(text(map[bool]string{true: "2008-10-17", false: "2012-10-17"}[p.item().text == "2012-10-17"]))
		}
		return ok
	}},
}

// templateEdits change the parts of a policy.
var templateEdits = []edit{
	{"change any text", func(e *editor) bool {
		p, ok := e.scalar(func(place) bool { return true })
		if ok {
			p.put(text(e.near(p.item().text)))
		}
		return ok
	}},
	{"change a default", func(e *editor) bool {
		p, ok := e.scalar(func(p place) bool { return p.key() == "Default" })
		if ok {
			p.put(text(e.near(p.item().text)))
		}
		return ok
	}},
	{"drop or add a default", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool {
			return p.item().get("Type") != nil && strings.Contains(p.item().get("Type").text, "String")
		}))
		if !ok {
			p, ok = e.pick(e.root.places(func(p place) bool { return p.item().get("Default") != nil }))
		}
		if ok {
			if i := p.item().index("Default"); i >= 0 {
				p.item().remove(i)
			} else {
				p.item().set("Default", text(e.texts[e.IntN(len(e.texts))]))
			}
		}
		return ok
	}},
	{"change allowed values", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool { return p.key() == "AllowedValues" && len(p.item().items) > 0 }))
		if ok {
			values := p.item()
			if e.IntN(2) == 0 && len(values.items) > 1 {
				values.remove(e.IntN(len(values.items)))
			} else {
				values.items = append(values.items, text(e.neighbor(values.items[0].text)))
			}
		}
		return ok
	}},
	{"change a mapping", func(e *editor) bool {
		mappings := e.root.get("Mappings")
		if mappings == nil {
			return false
		}
		p, ok := e.pick(mappings.places(func(p place) bool { return p.item().kind == yaml.ScalarNode }))
		if ok {
			p.put(text(e.near(p.item().text)))
		}
		return ok
	}},
	{"negate a condition", func(e *editor) bool {
		conditions := e.root.get("Conditions")
		if conditions == nil {
			return false
		}
		i := e.IntN(len(conditions.items))
		conditions.items[i] = mapping("Fn::Not", list(conditions.items[i]))
		return true
	}},
	{"compare with something else", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool { return p.key() == "Fn::Equals" }))
		if ok {
			compared := p.item()
			if i := e.IntN(len(compared.items)); compared.items[i].kind == yaml.ScalarNode {
				compared.items[i] = text(e.neighbor(compared.items[i].text))
			} else {
				compared.items[i] = e.parameter()
			}
		}
		return ok
	}},
	{"swap branches", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool { return p.key() == "Fn::If" }))
		if ok {
			branches := p.item().items
			branches[1], branches[2] = branches[2], branches[1]
		}
		return ok
	}},
	{"take one branch", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool { return p.item().get("Fn::If") != nil }))
		if ok {
			p.put(p.item().get("Fn::If").items[1+e.IntN(2)])
		}
		return ok
	}},
	{"make it depend", func(e *editor) bool {
		p, _, ok := e.value()
		conditions := e.root.get("Conditions")
		if ok && conditions != nil {
			other := text(e.neighbor(p.item().text))
			p.put(mapping("Fn::If", list(text(conditions.keys[e.IntN(len(conditions.keys))]), p.item(), other)))
		}
		return ok && conditions != nil
	}},
	{"refer to a parameter", func(e *editor) bool {
		p, _, ok := e.value()
		if ok {
			p.put(e.parameter())
		}
		return ok
	}},
	{"refer to another parameter", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool { return p.item().get("Ref") != nil }))
		if ok {
			p.put(e.parameter())
		}
		return ok
	}},
	{"select another", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool { return p.key() == "Fn::Select" }))
		if ok {
			p.item().items[0] = text([]string{"0", "1", "2"}[e.IntN(3)])
		}
		return ok
	}},
	{"look up another row", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool { return p.key() == "Fn::FindInMap" }))
		if ok {
			rows := []*tree{text("dev"), text("prod"), text("eu-west-1"), mapping("Ref", text("AWS::Region")), e.parameter()}
			p.item().items[1] = rows[e.IntN(len(rows))]
		}
		return ok
	}},
	{"loop over others", func(e *editor) bool {
		p, ok := e.pick(e.root.places(func(p place) bool { return strings.HasPrefix(p.key(), "Fn::ForEach::") }))
		if ok {
			over := []*tree{list(text("dev")), list(text("dev"), text("prod"), text("*")), list(text("Flight"), text("Ground"), text("Sea")), e.parameter()}
			p.item().items[1] = over[e.IntN(len(over))]
		}
		return ok
	}},
	{"make it exist sometimes", func(e *editor) bool {
		resources, conditions := e.root.get("Resources"), e.root.get("Conditions")
		if resources == nil || conditions == nil {
			return false
		}
		one := resources.items[e.IntN(len(resources.items))]
		if i := one.index("Condition"); i >= 0 && e.IntN(2) == 0 {
			one.remove(i)
		} else if one.get("Type") != nil {
			one.set("Condition", text(conditions.keys[e.IntN(len(conditions.keys))]))
		}
		return true
	}},
	{"rename a resource", func(e *editor) bool {
		resources := e.root.get("Resources")
		if resources == nil {
			return false
		}
		i := e.IntN(len(resources.keys))
		if resources.items[i].get("Type") != nil {
			resources.keys[i] += "Anew"
		}
		return true
	}},
	{"repeat a resource", func(e *editor) bool {
		resources := e.root.get("Resources")
		if resources == nil {
			return false
		}
		i := e.IntN(len(resources.keys))
		resources.set(resources.keys[i]+"Again", resources.items[i].clone())
		return true
	}},
	{"drop a resource", func(e *editor) bool {
		resources := e.root.get("Resources")
		if resources == nil || len(resources.keys) < 2 {
			return false
		}
		resources.remove(e.IntN(len(resources.keys)))
		return true
	}},
}

// parameter returns a reference to a parameter, or to something that nobody
// knows before the deployment.
func (e *editor) parameter() *tree {
	names := []string{"AWS::Region", "AWS::StackName", "AWS::AccountId"}
	if parameters := e.root.get("Parameters"); parameters != nil {
		names = append(names, parameters.keys...)
		names = append(names, parameters.keys...)
	}
	switch e.IntN(6) {
	case 0:
		return mapping("Fn::ImportValue", text([]string{"a", "b"}[e.IntN(2)]))
	case 1:
		return mapping("Fn::Sub", text("repo:${"+names[e.IntN(len(names))]+"}:*"))
	}
	return mapping("Ref", text(names[e.IntN(len(names))]))
}

// edit makes one to three random edits, and returns their names, or none if
// nothing was changed. It reports whether each of them is certain to make
// nothing possible.
func (e *editor) edit() (names []string, narrower bool) {
	edits := policyEdits
	if e.root.get("Resources") != nil {
		edits = slices.Concat(policyEdits, templateEdits, templateEdits)
	}
	narrower = true
	for range 1 + e.IntN(5)/2 {
		one := edits[e.IntN(len(edits))]
		e.narrower = false
		before := e.root.clone()
		if !one.change(e) {
			*e.root = *before
			continue
		}
		names = append(names, one.name)
		narrower = narrower && e.narrower
	}
	return names, narrower
}
