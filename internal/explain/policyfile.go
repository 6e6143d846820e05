package explain

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/spelling"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// PolicyFile is a file that holds trust policies, in one of the forms that
// package document reads.
type PolicyFile struct {
	Path    string // in the workspace, with slashes
	Content []byte
}

// rolePolicy is the trust policy of a refused role, or why there is none.
type rolePolicy struct {
	file     string
	policies trust.Alternatives // one, or what a template leaves open
	reason   string             // empty if the input trust-policy-file is not set
	nearest  string             // the role that may be meant instead of one that the files do not have; or ""
}

// How certain it is that a policy belongs to a role. A policy that names no role
// is taken only if there is no other.
const (
	foreign = iota
	nameless
	mentioned
	named
	identified
)

// policyOf finds the policy of the role that the denial is about.
func (e Evidence) policyOf(d *diagnosis.Denial) rolePolicy {
	var best []rolePolicy
	var known []knownRole
	most, all := nameless, 0
	ctx := e.Context
	if ctx == nil {
		ctx = context.Background()
	}
	where := placeOf(ctx, d.Role)
	for _, f := range e.Policies {
		for role, err := range document.Roles(ctx, bytes.NewReader(f.Content), where) {
			if err != nil {
				role.Err = err
			}
			all++
			known = append(known, newKnownRole(f.Path, role))
			switch fit := fits(f.Path, role, d.Role); {
			case fit > most:
				best, most = nil, fit
				fallthrough
			case fit == most:
				best = append(best, newRolePolicy(f.Path, role))
			}
		}
	}
	if len(best) > 1 {
		best = ofAccount(best, arn.Account(d.Role))
	}
	near := ""
	if most == nameless {
		near = nearest(known, d.Role)
	}
	switch {
	case len(e.Policies) == 0:
		return rolePolicy{reason: e.NoPolicies}
	case near != "":
		return rolePolicy{nearest: near, reason: fmt.Sprintf("no policy for role %s in account %s; there is %s; check the ARN", quote(arn.Role(d.Role).Name()), arn.Account(d.Role), near)}
	case len(best) == 0 || most == nameless && (all > 1 || !best[0].mayBeOf(d)):
		return rolePolicy{reason: fmt.Sprintf("trust-policy-file: no policy that was found is certain to be that of role %s; name its file after the role", quote(arn.Role(d.Role).Name()))}
	case len(best) > 1:
		return rolePolicy{reason: fmt.Sprintf("trust-policy-file: %s and %s could both be the policy of role %s; name one file after the role and its account",
			best[0].file, best[1].file, quote(arn.Role(d.Role).Name()))}
	}
	return best[0]
}

// placeOf returns the account and the partition of the role for templates. All
// files share one budget.
func placeOf(ctx context.Context, roleARN string) document.Options {
	return document.Options{
		Parameters: map[string]string{"AWS::AccountId": arn.Account(roleARN), "AWS::Partition": arn.Partition(roleARN)},
		Budget:     document.NewBudget(ctx),
	}
}

// knownRole is a role whose policy a file holds.
type knownRole struct{ name, arn, file string }

func newKnownRole(file string, role document.Role) knownRole {
	k := knownRole{role.Name, role.ARN, file}
	if k.name == "" {
		base := path.Base(file)
		k.name = strings.TrimSuffix(base, path.Ext(base))
	}
	return k
}

// nearest returns the known role that may be meant by an ARN that is not among
// them: one of the same name in another account, or of a similar name; or "".
func nearest(known []knownRole, roleARN string) string {
	name := arn.Role(roleARN).Name()
	least, text := spelling.Most(name)+1, ""
	for _, k := range known {
		d := spelling.Distance(strings.ToLower(name), strings.ToLower(k.name))
		if d >= least {
			continue
		}
		least, text = d, quote(k.name)
		if k.arn != "" {
			text = cut(k.arn)
		}
		text += fmt.Sprintf(" (%s)", cut(k.file))
	}
	return text
}

// KeepPolicies returns the files to keep for explaining later refusals of the
// roles, by their ARNs: all of them if they have at most limit bytes together,
// else those that certainly are of these roles, as far as they fit. Files that may
// hold secrets are not kept. If none is left, reason says why, for
// Evidence.NoPolicies.
func KeepPolicies(files []PolicyFile, roles []string, limit int) (kept []PolicyFile, reason string) {
	given := len(files)
	files = slices.DeleteFunc(slices.Clone(files), func(f PolicyFile) bool { return document.MayHoldSecrets(f.Content) })
	if given > 0 && len(files) == 0 {
		return nil, "trust-policy-file: a state or a plan can hold secrets and is not kept for renewals; use a file with the trust policies alone"
	}
	if size(files) <= limit {
		return files, ""
	}
	for _, f := range files {
		if size(kept)+len(f.Content) <= limit && slices.ContainsFunc(roles, f.isOf) {
			kept = append(kept, f)
		}
	}
	if len(kept) == 0 {
		reason = fmt.Sprintf("trust-policy-file: the files have more than %d bytes, too many to keep for renewals; set a pattern that matches only the policies of the roles", limit)
	}
	return kept, reason
}

func size(files []PolicyFile) (sum int) {
	for _, f := range files {
		sum += len(f.Content)
	}
	return sum
}

// isOf reports whether the file certainly holds the policy of a role.
func (f PolicyFile) isOf(roleARN string) bool {
	// A file that is broken further on may still be the role's.
	for role := range document.Roles(context.Background(), bytes.NewReader(f.Content), placeOf(context.Background(), roleARN)) { //nolint:errcheck // see above
		if fits(f.Path, role, roleARN) > nameless {
			return true
		}
	}
	return false
}

func newRolePolicy(file string, role document.Role) rolePolicy {
	h := rolePolicy{file: file, policies: role.Policies}
	if role.Err != nil {
		h.policies = nil
		h.reason = fmt.Sprintf("trust-policy-file: %s, %s", file, cut(role.Err.Error()))
	}
	return h
}

// mayBeOf reports whether a policy that names no role can be that of the refused
// one: in a chain it must have a statement for the action.
func (h rolePolicy) mayBeOf(d *diagnosis.Denial) bool {
	if len(h.policies) == 0 || d.Hops == 1 {
		return true
	}
	return slices.ContainsFunc(h.policies, func(p *trust.Policy) bool {
		return slices.ContainsFunc(p.Evaluate(trust.Request{Action: d.Action}).Statements, func(s trust.StatementResult) bool {
			return s.Effect == trust.Allow && (s.Action.Matched || len(s.Action.DependsOn) > 0) || s.Effect == ""
		})
	})
}

// ofAccount returns the policy that trusts a provider of the account, if it is
// the only one: a role can trust only the providers of its own account.
func ofAccount(all []rolePolicy, account string) []rolePolicy {
	own := slices.DeleteFunc(slices.Clone(all), func(h rolePolicy) bool {
		return !slices.ContainsFunc(h.policies, func(p *trust.Policy) bool {
			return slices.ContainsFunc(p.Statements, func(s trust.Statement) bool {
				return slices.ContainsFunc(s.Principal.Entries, func(p trust.PrincipalEntry) bool {
					return p.Type == "Federated" && arn.Account(p.ID) == account
				})
			})
		})
	})
	if len(own) == 1 {
		return own
	}
	return all
}

var accountID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?:\A|[^0-9])([0-9]{12})(?:[^0-9]|\z)`) })

// fits decides by the role that the document names, else by the file's path.
func fits(file string, role document.Role, roleARN string) int {
	name := strings.ToLower(arn.Role(roleARN).Name())
	switch {
	case role.ARN == roleARN:
		return identified
	case role.ARN != "":
		return foreign
	case role.Name == arn.Role(roleARN).Name():
		return named
	case role.Name != "" && strings.Contains(name, strings.ToLower(role.Name)), role.LogicalID != "" && role.MayBeNamed(arn.Role(roleARN).Name()):
		return mentioned // CloudFormation derives names from logical ids
	case role.Name != "":
		return foreign
	}
	if m := accountID().FindStringSubmatch(file); m != nil && m[1] != arn.Account(roleARN) {
		return foreign
	}
	file = strings.ToLower(file)
	switch base := path.Base(file); {
	case strings.TrimSuffix(base, path.Ext(base)) == name:
		return named
	case strings.Contains(file, name):
		return mentioned
	}
	return nameless
}
