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

// atHand is the trust policy of a refused role, or why there is none.
type atHand struct {
	file     string
	policies trust.Alternatives // one, or what a template leaves open
	reason   string             // empty if nobody gave a file
	nearest  string             // the role that may be meant in place of one that the files do not know; or ""
}

// How surely a policy belongs to a role. A policy that names no role is the
// last resort, and only where no other is there.
const (
	foreign = iota
	nameless
	mentioned
	named
	identified
)

// policyOf finds the policy of the role that the denial is about.
func (e Evidence) policyOf(d *diagnosis.Denial) atHand {
	var best []atHand
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
				best = append(best, newAtHand(f.Path, role))
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
		return atHand{reason: e.NoPolicies}
	case near != "":
		return atHand{nearest: near, reason: fmt.Sprintf("no policy for role %s in account %s; there is %s: is the ARN right?", quote(arn.Role(d.Role).Name()), arn.Account(d.Role), near)}
	case len(best) == 0 || most == nameless && (all > 1 || !best[0].mayBeOf(d)):
		return atHand{reason: fmt.Sprintf("trust-policy-file: none of the policies found is known to be that of role %s: name its file after the role", quote(arn.Role(d.Role).Name()))}
	case len(best) > 1:
		return atHand{reason: fmt.Sprintf("trust-policy-file: %s and %s could both be the policy of role %s: name one file after the role and its account",
			best[0].file, best[1].file, quote(arn.Role(d.Role).Name()))}
	}
	return best[0]
}

// placeOf says where a template's role is that has the ARN. All files share
// one budget.
func placeOf(ctx context.Context, roleARN string) document.Options {
	return document.Options{
		Parameters: map[string]string{"AWS::AccountId": arn.Account(roleARN), "AWS::Partition": arn.Partition(roleARN)},
		Budget:     document.NewBudget(ctx),
	}
}

// knownRole is a role of which a file holds the policy.
type knownRole struct{ name, arn, file string }

func newKnownRole(file string, role document.Role) knownRole {
	k := knownRole{role.Name, role.ARN, file}
	if k.name == "" {
		base := path.Base(file)
		k.name = strings.TrimSuffix(base, path.Ext(base))
	}
	return k
}

// nearest names the role that may be meant by the ARN of one that is not among
// the known ones: the same name in another account, or a name that is spelled
// almost alike; or "".
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

// KeepPolicies returns what of the files is to be kept for explaining later
// refusals of the roles, whose ARNs are given: all of them if they have no more
// than limit bytes, else those that are known to be of these roles, as far as
// they fit. Files that may hold secrets are not kept. The reason is that of
// Evidence.NoPolicies if none is left.
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
		reason = fmt.Sprintf("trust-policy-file: the files have more than %d bytes, too many to be kept for renewals; set a pattern that matches only the policies of the roles", limit)
	}
	return kept, reason
}

func size(files []PolicyFile) (sum int) {
	for _, f := range files {
		sum += len(f.Content)
	}
	return sum
}

// isOf reports whether the file holds the policy of a role for sure.
func (f PolicyFile) isOf(roleARN string) bool {
	for role := range document.Roles(context.Background(), bytes.NewReader(f.Content), placeOf(context.Background(), roleARN)) {
		if fits(f.Path, role, roleARN) > nameless {
			return true
		}
	}
	return false
}

func newAtHand(file string, role document.Role) atHand {
	h := atHand{file: file, policies: role.Policies}
	if role.Err != nil {
		h.policies = nil
		h.reason = fmt.Sprintf("trust-policy-file: %s, %s", file, cut(role.Err.Error()))
	}
	return h
}

// mayBeOf keeps the policy of one role of a chain from being taken for
// another's: it has to speak of the action.
func (h atHand) mayBeOf(d *diagnosis.Denial) bool {
	if len(h.policies) == 0 || d.Hops == 1 {
		return true
	}
	return slices.ContainsFunc(h.policies, func(p *trust.Policy) bool {
		return slices.ContainsFunc(p.Evaluate(trust.Request{Action: d.Action}).Statements, func(s trust.StatementResult) bool {
			return s.Effect == trust.Allow && (s.Action.Matched || len(s.Action.DependsOn) > 0) || s.Effect == ""
		})
	})
}

// ofAccount tells the policies of equally named roles apart, if it can: one
// that trusts a provider trusts that of its role's own account.
func ofAccount(all []atHand, account string) []atHand {
	own := slices.DeleteFunc(slices.Clone(all), func(h atHand) bool {
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

// fits judges by what the document says of its role, else by the file's path.
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
		return mentioned // CloudFormation makes names out of logical ids
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
