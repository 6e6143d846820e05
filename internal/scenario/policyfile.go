package scenario

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/spelling"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

func (p *parser) inlinePolicy(role *Role, v value) error {
	policy, err := policyJSON(v)
	if err != nil {
		return err
	}
	role.Policy, role.PolicyFile = policy, p.s.Name
	parsed, err := trust.Parse(policy)
	if syntax, ok := errors.AsType[*trust.SyntaxError](err); ok {
		// policyJSON keeps the scenario's lines.
		return inFile(p.s.Name, syntax.Line, v.Path+": "+syntax.Msg)
	}
	role.Trust = trust.Alternatives{parsed}
	return err
}

// policyFile is a file that holds the trust policy of a role: in one of the
// forms that the input trust-policy-file takes.
type policyFile struct {
	name       string // relative to the scenario
	place      value
	parameters map[string]string // of a template; nil if the scenario has none
}

func (f *policyFile) readParameters(v value) error {
	f.parameters = map[string]string{}
	return each(v, func(name string, entry value) (err error) {
		f.parameters[name], err = entry.Text()
		return err
	})
}

// readPolicyFile sets a role's policy from a file, and its maximum session duration
// unless the scenario has one.
func (p *parser) readPolicyFile(a *Account, role *Role, f policyFile) error {
	if !filepath.IsLocal(f.name) {
		return f.place.Errorf("is %q; expected a path inside the scenario's directory", f.name)
	}
	var err error
	role.Policy, err = p.read(filepath.Clean(f.name))
	if err != nil {
		return f.place.Errorf("names %q, which cannot be read: %v", f.name, err)
	}
	role.PolicyFile = filepath.Join(filepath.Dir(p.s.Name), f.name)
	parameters := map[string]string{"AWS::AccountId": a.ID, "AWS::Partition": a.Partition}
	maps.Copy(parameters, f.parameters)
	var found []document.Role
	names := map[string]bool{}
	for r, err := range document.Roles(context.Background(), bytes.NewReader(role.Policy), document.Options{Parameters: parameters, Names: names}) {
		if err != nil {
			return f.errorOf(role, err)
		}
		found = append(found, r)
	}
	for _, name := range slices.Sorted(maps.Keys(f.parameters)) {
		if !names[name] {
			hint := ""
			if near := spelling.Nearest(name, slices.Collect(maps.Keys(names)), 1); len(near) > 0 {
				hint = "; did you mean " + near[0] + "?"
			}
			return f.place.Errorf("names %q, which has no parameter %q%s", f.name, name, hint)
		}
	}
	of, err := f.choose(found, role)
	switch {
	case err != nil:
		return err
	case of.Err != nil:
		return f.errorOf(role, of.Err)
	}
	role.Trust = of.Policies
	if role.MaxSession == 0 {
		role.MaxSession = time.Duration(of.MaxSessionDuration) * time.Second
	}
	return nil
}

// errorOf says what is wrong in the file, with its line.
func (f policyFile) errorOf(role *Role, err error) error {
	if syntax, ok := errors.AsType[*trust.SyntaxError](err); ok {
		return inFile(role.PolicyFile, syntax.Line, syntax.Msg)
	}
	return f.place.Errorf("names %q, which cannot be read: %s", f.name, strings.Join(strings.Fields(err.Error()), " "))
}

// choose returns the role of a file that is the scenario's role: the only one,
// unless it has another ARN; else by ARN or name.
func (f policyFile) choose(found []document.Role, role *Role) (document.Role, error) {
	switch {
	case len(found) == 0:
		return document.Role{}, f.place.Errorf("names %q, which has no role", f.name)
	case len(found) == 1 && found[0].ARN != "" && found[0].ARN != role.ARN:
		return document.Role{}, f.place.Errorf("names %q, which has the trust policy of another role; expected %s, got %s", f.name, role.ARN, found[0].ARN)
	case len(found) == 1:
		return found[0], nil
	}
	for _, is := range []func(document.Role) bool{
		func(r document.Role) bool { return r.ARN == role.ARN },
		func(r document.Role) bool { return r.ARN == "" && (r.Name == role.Name || r.LogicalID == role.Name) },
		func(r document.Role) bool { return r.ARN == "" && r.MayBeNamed(role.Name) },
	} {
		if i := slices.IndexFunc(found, is); i >= 0 {
			if slices.ContainsFunc(found[i+1:], is) {
				return document.Role{}, f.place.Errorf("names %q, which has several roles that can be %q; use a file with one of them", f.name, role.Name)
			}
			return found[i], nil
		}
	}
	return document.Role{}, f.place.Errorf("names %q, which has %d roles, none of them %q; correct the role's name", f.name, len(found), role.Name)
}
