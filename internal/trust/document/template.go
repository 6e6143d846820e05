package document

import (
	"strconv"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// defaultSession is the MaxSessionDuration of a role that has none, in seconds.
const defaultSession = 3600

// template is what a CloudFormation template says of its references.
type template struct {
	given       map[string]trust.Text // values of parameters
	definitions map[string]node       // of parameters
	mappings    node
	conditions  map[string]member
	resources   map[string]member
	compared    map[string][]string // values of parameters that make a difference
	isRow       map[string]bool     // parameters that name a row of a mapping
	macro       *trust.Unknown      // what can change all of the template, or nil
	outcomes    map[string]outcomes // of parameters that were come upon
	definition  func() string       // identifies all that a choice can be about
}

// sections are the keys of a template that matter here; the others can be
// large.
var sections = map[string]bool{"Parameters": true, "Mappings": true, "Conditions": true, "Resources": true, "Globals": true, "Transform": true}

// template yields the roles of a template, with a prefix to their logical
// ids if it is within another one.
func (d *document) template(root node, given map[string]trust.Text, prefix string) error {
	resources := root.get("Resources")
	if !resources.isObject() {
		return &FormError{root.pos, "a document without Resources"}
	}
	t := &template{
		given: given, mappings: root.get("Mappings"),
		definitions: map[string]node{}, conditions: map[string]member{}, resources: map[string]member{},
		compared: map[string][]string{}, isRow: map[string]bool{}, outcomes: map[string]outcomes{},
	}
	if given == nil {
		t.given = map[string]trust.Text{}
		for name, value := range d.options.Parameters {
			t.given[name] = trust.Known(value)
		}
	}
	parameters := root.get("Parameters")
	for i, key := range parameters.keys {
		t.definitions[key.name()] = parameters.items[i]
		if given == nil {
			d.options.Declare(key.name())
		}
	}
	for _, name := range pseudoParameters {
		d.options.Declare(name)
	}
	r := &resolver{template: t, budget: d.budget, choices: &choices{}}
	if t.macro = macrosOf(r.resolve(root.get("Transform"))); t.macro != nil {
		t.macro.Definition = r.identify(root.get("Transform"))
	}
	t.definition = func() string { return r.identify(root) }
	r.survey(root.get("Conditions"))
	r.survey(resources)
	for _, m := range r.everyMember(root.get("Conditions")) {
		t.conditions[m.key.name()] = m
	}
	all := r.everyMember(resources)
	for _, m := range all {
		t.resources[m.key.name()] = m
	}
	found := false
	outer := d.yield
	d.yield = func(role Role) error {
		found = true
		return outer(role)
	}
	defer func() { d.yield = outer }()
	for _, m := range all {
		if d.budget.err != nil {
			break
		}
		if err := d.resource(r, m, root.get("Globals"), prefix); err != nil {
			return err
		}
	}
	if t.macro != nil && !found {
		return d.opaque(prefix+"Transform", resources.pos, t.macro)
	}
	return d.budget.err
}

// everyMember returns the members that an object has in any alternative.
func (r *resolver) everyMember(n node) []member {
	var all []member
	type place struct {
		name string
		trust.Pos
	}
	seen := map[place]bool{}
	r.alternatives(func(*choices) {
		for _, m := range r.members(n) {
			if here := (place{m.key.name(), m.key.pos}); !seen[here] {
				seen[here] = true
				all = append(all, m)
			}
		}
	})
	return all
}

// resource yields the roles of one resource.
func (d *document) resource(r *resolver, m member, globals node, prefix string) error {
	properties := m.value.get("Properties")
	logicalID := prefix + m.key.name()
	var err error
	r.within(m.loops, func() {
		kind := m.value.get("Type").name()
		if u := r.elsewhere(m, kind, properties); u != nil {
			err = d.opaque(logicalID, m.value.pos, u)
			return
		}
		switch kind {
		case "AWS::IAM::Role":
			err = d.yieldExisting(d.role(r, logicalID, m.value, properties, properties.get("AssumeRolePolicyDocument")))
		case "AWS::Serverless::Function": // SAM makes a role for it, unless it is given one
			trusted := properties.get("AssumeRolePolicyDocument")
			if trusted.isNull() {
				trusted = globals.get("Function").get("AssumeRolePolicyDocument")
			}
			if !trusted.isNull() && properties.get("Role").isNull() {
				err = d.yieldExisting(d.role(r, logicalID+"Role", m.value, nullNode(m.value.pos), trusted))
			}
		case "AWS::CloudFormation::StackSet":
			err = d.stackSet(r, properties, logicalID)
		}
	})
	return err
}

// yieldExisting yields a role unless it exists in no alternative.
func (d *document) yieldExisting(role Role) error {
	if len(role.Policies) == 0 && role.Err == nil {
		return nil
	}
	return d.yield(role)
}

// stackSet yields the roles of the template that a stack set holds.
func (d *document) stackSet(r *resolver, properties node, logicalID string) error {
	body := r.resolve(properties.get("TemplateBody"))
	if !body.isScalar() {
		return nil
	}
	if d.nesting++; d.nesting > maxNesting {
		return body.pos.Errorf("more than %d templates within templates", maxNesting)
	}
	defer func() { d.nesting-- }()
	root, err := parseText(body.text, body.pos, d.budget)
	switch u := body.text.Unknown(); {
	case body.unknown() != nil, err != nil && u != nil:
		return d.opaque(logicalID, body.pos, u)
	case err != nil:
		return d.yield(Role{Name: logicalID, LogicalID: logicalID, Pos: body.pos, Err: body.pos.Errorf("TemplateBody: %v", err)})
	}
	given := map[string]trust.Text{}
	for _, p := range r.resolve(properties.get("Parameters")).items {
		given[p.get("ParameterKey").name()] = p.get("ParameterValue").text
	}
	return d.template(root, given, logicalID+"/")
}

// role reads a role of a template, in all of its alternatives.
func (d *document) role(r *resolver, logicalID string, resource, properties, trusted node) Role {
	role := Role{Name: logicalID, LogicalID: logicalID, Pos: trusted.pos}
	if trusted.isNull() {
		role.Pos = resource.pos
	}
	r.alternatives(func(c *choices) {
		if name := r.resolve(properties.get("RoleName")); name.isScalar() {
			if len(role.names) == 0 {
				role.Name = name.name()
			}
			role.names = append(role.names, name.text)
		}
		session := r.resolve(properties.get("MaxSessionDuration"))
		seconds, err := strconv.Atoi(session.name())
		if err != nil {
			seconds = defaultSession
		}
		if u := session.text.Unknown(); u != nil {
			role.SessionOpen = u
		}
		role.MaxSessionDuration = max(role.MaxSessionDuration, seconds)
	})
	condition := resource.get("Condition")
	r.policies(&role, func() (*trust.Policy, error) {
		if !condition.isNull() && !r.decide(condition.name(), condition.pos) {
			return nil, nil
		}
		policy, err := d.policy(r.resolve(trusted))
		if err == nil && r.macro != nil {
			policy.Statements = append(policy.Statements, trust.Statement{Pos: role.Pos, Unknown: r.macro})
		}
		return policy, err
	})
	return role
}

// policies reads a role's policy in each alternative. A read that returns
// neither a policy nor an error says that the role does not exist in this one.
func (r *resolver) policies(role *Role, read func() (*trust.Policy, error)) {
	open := r.alternatives(func(c *choices) {
		policy, err := read()
		switch {
		case err != nil && role.Err == nil:
			role.Err = err
		case policy != nil:
			policy.Given = c.assumptions()
			role.Policies = append(role.Policies, policy)
		case err == nil:
			role.Missing = append(role.Missing, c.assumptions())
		}
	})
	if open != nil {
		role.Policies = append(role.Policies, trust.Opaque(open, role.Pos)...)
	}
}

func (d *document) policy(n node) (*trust.Policy, error) {
	if n.kind == jsonlex.String && n.unknown() == nil {
		return d.embedded(n.text, n.pos)
	}
	return d.read(n)
}

// read reads the policy that a node is.
func (d *document) read(n node) (*trust.Policy, error) {
	in := d.marked(newTokens(&n))
	first, err := in.Next()
	if err != nil {
		return nil, err
	}
	return trust.Read(first, in)
}
