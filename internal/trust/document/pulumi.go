package document

import (
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// pulumi reads what pulumi stack export and pulumi preview --json print, and
// the file in which a backend of one's own keeps a stack.
func (d *document) pulumi(o opened) error {
	var c change
	err := o.each(func(key node, value trust.Token) error {
		switch name := key.name(); {
		case name == "deployment" && value.Kind == jsonlex.ObjectStart:
			return d.pulumiResources(o.in, &c.after)
		case name == "checkpoint" && value.Kind == jsonlex.ObjectStart:
			return members(o.in, func(key node, value trust.Token) error {
				if key.name() == "latest" && value.Kind == jsonlex.ObjectStart {
					return d.pulumiResources(o.in, &c.after)
				}
				return o.in.Skip(value.Token)
			})
		case name == "steps" && value.Kind == jsonlex.ListStart:
			c.isPlan = true
			return d.nodes(o.in, func(step node) error {
				for _, side := range []struct {
					state string
					roles *[]Role
				}{{"oldState", &c.before}, {"newState", &c.after}} {
					if role, ok := d.pulumiRole(step.get(side.state)); ok {
						*side.roles = append(*side.roles, role)
					}
				}
				return nil
			})
		}
		return o.in.Skip(value.Token)
	})
	if err != nil {
		return err
	}
	return d.yieldAll(c)
}

func (d *document) pulumiResources(in stream, roles *[]Role) error {
	return members(in, func(key node, value trust.Token) error {
		if key.name() != "resources" || value.Kind != jsonlex.ListStart {
			return in.Skip(value.Token)
		}
		return d.nodes(in, func(resource node) error {
			if role, ok := d.pulumiRole(resource); ok {
				*roles = append(*roles, role)
			}
			return nil
		})
	})
}

// pulumiRole makes a role of a resource that Pulumi manages. Its outputs are
// what it became; before it exists there are inputs only.
func (d *document) pulumiRole(resource node) (Role, bool) {
	names, ok := roleTypes[resource.get("type").name()]
	if !ok || resource.get("external").name() == "true" || resource.get("delete").name() == "true" {
		return Role{}, false
	}
	values := resource.get("outputs")
	if values.get(names.policy).isNull() {
		values = resource.get("inputs")
	}
	id := resource.get("urn").name()
	if _, name, ok := strings.Cut(id, "::"); ok {
		id = name // without the stack, which is the same for all
	}
	if id == "" {
		id = resource.get("type").name()
	}
	return d.roleOf(id, resource.pos, names, values), true
}
