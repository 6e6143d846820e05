package document

import (
	"fmt"
	"strconv"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// change is what a plan says of roles.
type change struct {
	isPlan        bool
	before, after []Role
}

// yieldAll yields the roles of one side. Of several mentions of a role the
// first counts.
func (d *document) yieldAll(c change) error {
	d.isPlan = c.isPlan
	side := c.after
	if d.options.Before {
		side = c.before
	}
	seen := map[string]bool{}
	for _, role := range side {
		if seen[role.LogicalID] {
			continue
		}
		seen[role.LogicalID] = true
		if err := d.yield(role); err != nil {
			return err
		}
	}
	return nil
}

// terraformShow reads what terraform show -json prints of a plan or of a
// state (Terraform, JSON output format). The values after the change are
// those that are planned; an attribute that is missing is known after apply.
func (d *document) terraformShow(o opened) error {
	var c, changed change
	collect := func(roles *[]Role) func(node) error {
		return func(resource node) error {
			if role, ok := d.terraformRole(resource, resource.get("values")); ok {
				*roles = append(*roles, role)
			}
			return nil
		}
	}
	err := o.each(func(key node, value trust.Token) error {
		isObject := value.Kind == jsonlex.ObjectStart
		switch name := key.name(); {
		case name == "planned_values" && isObject:
			c.isPlan = true
			return d.stateValues(o.in, collect(&c.after))
		case name == "values" && isObject:
			return d.stateValues(o.in, collect(&c.after))
		case name == "prior_state" && isObject:
			return members(o.in, func(key node, value trust.Token) error {
				if key.name() == "values" && value.Kind == jsonlex.ObjectStart {
					return d.stateValues(o.in, collect(&c.before))
				}
				return o.in.Skip(value.Token)
			})
		case name == "resource_changes" && value.Kind == jsonlex.ListStart:
			c.isPlan = true
			return d.nodes(o.in, func(n node) error {
				both := n.get("change")
				if role, ok := d.terraformRole(n, both.get("before")); ok {
					if former := n.get("previous_address").name(); former != "" {
						role.LogicalID = former
					}
					changed.before = append(changed.before, role)
				}
				if role, ok := d.terraformRole(n, both.get("after")); ok {
					changed.after = append(changed.after, role)
				}
				return nil
			})
		}
		return o.in.Skip(value.Token)
	})
	if err != nil {
		return err
	}
	c.before, c.after = append(c.before, changed.before...), append(c.after, changed.after...)
	return d.yieldAll(c)
}

// nodes calls visit with each element of a list, which it reads one by one,
// each within a budget of its own.
func (d *document) nodes(in stream, visit func(node) error) error {
	return elements(in, func(first trust.Token) error {
		if err := d.item(); err != nil {
			return err
		}
		n, err := fromStream(first, in, d.budget)
		if err == nil {
			err = visit(n)
		}
		if err == nil {
			err = d.budget.err
		}
		return err
	})
}

// stateValues visits all resources of a representation of values.
func (d *document) stateValues(in stream, visit func(node) error) error {
	return members(in, func(key node, value trust.Token) error {
		if key.name() == "root_module" && value.Kind == jsonlex.ObjectStart {
			return d.moduleValues(in, visit)
		}
		return in.Skip(value.Token)
	})
}

func (d *document) moduleValues(in stream, visit func(node) error) error {
	return members(in, func(key node, value trust.Token) error {
		switch name := key.name(); {
		case name == "resources" && value.Kind == jsonlex.ListStart:
			return d.nodes(in, visit)
		case name == "child_modules" && value.Kind == jsonlex.ListStart:
			return elements(in, func(first trust.Token) error {
				if first.Kind != jsonlex.ObjectStart {
					return in.Skip(first.Token)
				}
				return d.moduleValues(in, visit)
			})
		}
		return in.Skip(value.Token)
	})
}

// terraformRole makes a role of a resource, if it is one and exists.
func (d *document) terraformRole(resource, values node) (Role, bool) {
	names, ok := roleTypes[resource.get("type").name()]
	if mode := resource.get("mode").name(); !ok || !values.isObject() || mode != "" && mode != "managed" {
		return Role{}, false
	}
	return d.roleOf(resource.get("address").name(), resource.pos, names, values), true
}

// stateVersion is that of the state files that are read: what Terraform has
// written since 0.12, and OpenTofu always.
const stateVersion = "4"

// terraformState reads a state file, terraform.tfstate.
func (d *document) terraformState(o opened) error {
	var c change
	version, at := o.head.get("version").name(), o.head.pos
	err := o.each(func(key node, value trust.Token) error {
		switch {
		case key.name() == "version":
			version = string(value.Text)
		case key.name() == "resources" && value.Kind == jsonlex.ListStart:
			return d.nodes(o.in, func(resource node) error {
				d.stateInstances(resource, func(role Role) { c.after = append(c.after, role) })
				return nil
			})
		}
		return o.in.Skip(value.Token)
	})
	switch {
	case err != nil:
		return err
	case version != stateVersion:
		return &FormError{at, fmt.Sprintf("a Terraform state of version %.10q; version %s is read", version, stateVersion)}
	}
	return d.yieldAll(c)
}

// stateInstances visits the roles among the instances of a resource.
func (d *document) stateInstances(resource node, visit func(Role)) {
	names, ok := roleTypes[resource.get("type").name()]
	if !ok || resource.get("mode").name() != "managed" {
		return
	}
	address := resource.get("type").name() + "." + resource.get("name").name()
	if module := resource.get("module").name(); module != "" {
		address = module + "." + address
	}
	for _, instance := range resource.get("instances").items {
		id := address
		switch index := instance.get("index_key"); index.kind {
		case jsonlex.String:
			id += "[" + strconv.Quote(index.name()) + "]"
		case jsonlex.Number:
			id += "[" + index.name() + "]"
		}
		visit(d.roleOf(id, instance.pos, names, instance.get("attributes")))
	}
}
