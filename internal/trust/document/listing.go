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
	lex *jsonlex.Lexer
}

// readListing continues after the first key of the document.
func (d *document) readListing(key jsonlex.Token, lex *jsonlex.Lexer) error {
	l := listing{d, lex}
	for {
		if err := l.section(string(key.Text)); err != nil {
			return err
		}
		var err error
		if key, err = lex.Next(); err != nil {
			return err
		}
		if key.Kind == jsonlex.ObjectEnd {
			_, err := lex.Next() // nothing may follow
			return err
		}
	}
}

func (l listing) section(name string) error {
	t, err := l.lex.Next()
	if err != nil {
		return err
	}
	switch {
	case name == "Role" && t.Kind == jsonlex.ObjectStart:
		return l.role(t)
	case (name == "RoleDetailList" || name == "Roles") && t.Kind == jsonlex.ListStart:
		return l.roles()
	}
	return l.lex.Skip(t)
}

func (l listing) roles() error {
	for {
		t, err := l.lex.Next()
		if err != nil || t.Kind == jsonlex.ListEnd {
			return err
		}
		if t.Kind != jsonlex.ObjectStart {
			return t.Pos.Errorf("expected a role, got %s", t.Kind)
		}
		if err := l.role(t); err != nil {
			return err
		}
	}
}

func (l listing) role(start jsonlex.Token) error {
	role := Role{Pos: start.Pos}
	for {
		key, err := l.lex.Next()
		if err != nil {
			return err
		}
		if key.Kind == jsonlex.ObjectEnd {
			break
		}
		if err := l.member(&role, string(key.Text)); err != nil {
			return err
		}
	}
	if role.Policies == nil && role.Err == nil {
		role.Err = start.Pos.Errorf("role %q has no AssumeRolePolicyDocument", role.Name)
	}
	return l.yield(role)
}

func (l listing) member(role *Role, name string) error {
	t, err := l.lex.Next()
	if err != nil {
		return err
	}
	switch name {
	case "RoleName":
		role.Name = string(t.Text)
	case "Arn":
		role.ARN = string(t.Text)
	case "MaxSessionDuration":
		if role.MaxSessionDuration, err = strconv.Atoi(string(t.Text)); err != nil {
			return t.Pos.Errorf("MaxSessionDuration should be a number of seconds")
		}
	case "AssumeRolePolicyDocument":
		return l.trusted(role, t)
	}
	return l.lex.Skip(t)
}

// trusted reads a role's policy and, if it is not to be read, goes on behind it.
func (l listing) trusted(role *Role, t jsonlex.Token) error {
	role.Pos = t.Pos
	if t.Kind == jsonlex.String {
		role.set(l.embedded(trust.Known(string(t.Text)), t.Pos))
		return nil
	}
	around := l.lex.Depth()
	if t.Kind == jsonlex.ObjectStart || t.Kind == jsonlex.ListStart {
		around--
	}
	role.set(trust.Read(trust.Token{Token: t}, l.marked(trust.Lexer{Lexer: l.lex})))
	return l.lex.Leave(around)
}
