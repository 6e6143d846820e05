package document

import (
	"strconv"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// listing reads what `aws iam get-role`, `list-roles` and
// `get-account-authorization-details` print.
type listing struct {
	*document
	in stream
}

func (d *document) listing(o opened) error {
	l := listing{d, o.in}
	return o.each(func(key node, t trust.Token) error {
		switch name := key.name(); {
		case name == "Role" && t.Kind == jsonlex.ObjectStart:
			return l.role(Role{Pos: t.Pos})
		case (name == "RoleDetailList" || name == "Roles") && t.Kind == jsonlex.ListStart:
			return l.roles()
		}
		return l.in.Skip(t.Token)
	})
}

// listedRole reads one role, as --query Role and --query 'Roles[]' leave it of
// the answer.
func (d *document) listedRole(o opened) error {
	l, role := listing{d, o.in}, Role{Pos: o.head.pos}
	for i, key := range o.head.keys {
		if err := role.attribute(key.name(), o.head.items[i]); err != nil {
			return err
		}
	}
	if err := l.member(&role, o.key.name(), o.value); err != nil {
		return err
	}
	return l.role(role)
}

func (l listing) roles() error {
	for {
		t, err := l.in.Next()
		if err != nil || t.Kind == jsonlex.ListEnd {
			return err
		}
		if t.Kind != jsonlex.ObjectStart {
			return t.Pos.Errorf("expected a role, got %s", t.Kind)
		}
		if err := l.role(Role{Pos: t.Pos}); err != nil {
			return err
		}
	}
}

// role reads the members of a role up to its end.
func (l listing) role(role Role) error {
	start := role.Pos
	for {
		key, err := l.in.Next()
		if err != nil {
			return err
		}
		if key.Kind == jsonlex.ObjectEnd {
			break
		}
		name := string(key.Text)
		t, err := l.in.Next()
		if err != nil {
			return err
		}
		if err := l.member(&role, name, t); err != nil {
			return err
		}
	}
	if role.Policies == nil && role.Err == nil {
		if role.Name == "" && role.ARN == "" { // of another kind than IAM's
			return &FormError{start, "a role without RoleName and AssumeRolePolicyDocument"}
		}
		role.Err = start.Errorf("role %q has no AssumeRolePolicyDocument", role.Name)
	}
	return l.yield(role)
}

func (l listing) member(role *Role, name string, t trust.Token) error {
	if name == "AssumeRolePolicyDocument" {
		return l.trusted(role, t)
	}
	switch name {
	case "RoleName", "Arn", "MaxSessionDuration":
		if err := role.attribute(name, stringNode(textOf(t), t.Pos)); err != nil {
			return err
		}
	}
	return l.in.Skip(t.Token)
}

// attribute stores a member that is a text or a number.
func (r *Role) attribute(name string, value node) (err error) {
	switch name {
	case "RoleName":
		r.Name = value.name()
	case "Arn":
		r.ARN = value.name()
	case "MaxSessionDuration":
		if r.MaxSessionDuration, err = strconv.Atoi(value.name()); err != nil {
			return value.pos.Errorf("MaxSessionDuration should be a number of seconds")
		}
	}
	return nil
}

// trusted reads a role's policy and, if it is not to be read, goes on behind it.
func (l listing) trusted(role *Role, t trust.Token) error {
	role.Pos = t.Pos
	if t.Kind == jsonlex.String {
		role.set(l.embedded(textOf(t), t.Pos))
		return nil
	}
	around := l.in.Depth()
	if t.Kind == jsonlex.ObjectStart || t.Kind == jsonlex.ListStart {
		around--
	}
	role.set(trust.Read(t, l.marked(l.in)))
	return l.in.Leave(around)
}
