package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// pair is a role of the new document and the one of the old document that it
// is compared with, nil if there is none. Same says what the two have in
// common if it is not what identifies a role.
type pair struct {
	old, fresh *document.Role
	same       string
}

// identity is one way to recognize a role. Roles with the same key, and only
// those, can be the same; a role without a key cannot be recognized that way.
type identity struct {
	key    func(*document.Role) string
	fits   func(e *trust.Effort, old, fresh *document.Role) bool // nil if the key is enough
	same   string                                                // what a renamed role has kept
	unique bool                                                  // a key that several roles have says nothing
}

// identities are in the order in which they are tried.
var identities = []identity{
	{key: func(r *document.Role) string { return r.ARN }},
	{key: placeInFolder},
	{key: func(r *document.Role) string { return r.LogicalID }, same: "the same logical ID"},
	{key: nameIfAny, fits: nameIdentifies, same: "the same name"},
	{key: policyText, fits: samePolicy, same: "the same trust policy", unique: true},
}

// match pairs each role of the new document, in its order, with at most one
// of the old document, and returns those of the old document that are left.
func match(e *trust.Effort, old, fresh []document.Role) (pairs []pair, gone []*document.Role) {
	left := make([]*document.Role, len(old))
	for i := range old {
		left[i] = &old[i]
	}
	pairs = make([]pair, len(fresh))
	for i := range fresh {
		pairs[i].fresh = &fresh[i]
	}
	for _, by := range identities {
		left = by.match(e, pairs, left)
	}
	if len(old) == 1 && len(fresh) == 1 && len(left) == 1 {
		pairs[0].old, pairs[0].same, left = left[0], "no other role to compare", nil
	}
	for i := range pairs {
		if p := &pairs[i]; p.old != nil && !renamed(p.old, p.fresh) {
			p.same = ""
		}
	}
	return pairs, left
}

// match completes the pairs that it can and returns the old roles that are
// left.
func (by identity) match(e *trust.Effort, pairs []pair, old []*document.Role) (left []*document.Role) {
	byKey := map[string][]*document.Role{}
	for _, r := range old {
		if key := by.key(r); key != "" {
			byKey[key] = append(byKey[key], r)
		}
	}
	wanted := map[string]int{}
	for _, p := range pairs {
		if p.old == nil {
			wanted[by.key(p.fresh)]++
		}
	}
	taken := map[*document.Role]bool{}
	for i := range pairs {
		p := &pairs[i]
		if p.old != nil {
			continue
		}
		key := by.key(p.fresh)
		candidates := byKey[key]
		if by.unique && (wanted[key] > 1 || len(candidates) > 1) {
			continue
		}
		for _, r := range candidates {
			if !taken[r] && (by.fits == nil || by.fits(e, r, p.fresh)) {
				taken[r] = true
				p.old = r
				p.same = by.same
				break
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(old), func(r *document.Role) bool { return taken[r] })
}

// placeInFolder distinguishes the roles of a folder, whose documents each have
// their own logical ids.
func placeInFolder(r *document.Role) string {
	if r.Document == "" {
		return ""
	}
	return strings.Join([]string{r.Document, r.LogicalID, r.Name}, "\x00")
}

// nameIfAny is the same for all roles without a name, but for those of a
// folder, which has many.
func nameIfAny(r *document.Role) string {
	if r.Name == "" && r.Document != "" {
		return ""
	}
	return "=" + r.Name
}

// renamed reports whether both documents call the role by something, and not
// by the same, or have it in different files.
func renamed(old, fresh *document.Role) bool {
	if moved(old, fresh) {
		return true
	}
	if old.LogicalID != "" && fresh.LogicalID != "" {
		return old.LogicalID != fresh.LogicalID
	}
	return old.Name != "" && fresh.Name != "" && old.Name != fresh.Name
}

func moved(old, fresh *document.Role) bool {
	return old.Document != "" && fresh.Document != "" && old.Document != fresh.Document
}

// label is what a renamed role is called by.
func label(r *document.Role) string {
	if r.LogicalID != "" {
		return r.LogicalID
	}
	return r.Name
}

// nameIdentifies reports whether two roles of one name can be the same: an
// account has no two roles of one name, and a template's role without a name
// has its logical ID in place of one.
func nameIdentifies(_ *trust.Effort, old, fresh *document.Role) bool {
	named := func(r *document.Role) bool { return r.Name != r.LogicalID }
	return sameAccount(old, fresh) && (old.LogicalID == "" || fresh.LogicalID == "" || named(old) && named(fresh))
}

func sameAccount(old, fresh *document.Role) bool {
	return old.ARN == "" || fresh.ARN == "" || arn.Account(old.ARN) == arn.Account(fresh.ARN)
}

func samePolicy(e *trust.Effort, old, fresh *document.Role) bool {
	return sameAccount(old, fresh) && len(compareRoles(e, *old, *fresh)) == 0 && len(compareRoles(e, *fresh, *old)) == 0
}

// policyText returns the same text for roles with the same trust policy, but
// for the order of its statements; empty if it cannot be read or is long.
func policyText(r *document.Role) string {
	if r.Err != nil {
		return ""
	}
	var all []string
	for _, p := range r.Policies {
		if p.Length > trust.MaxLength {
			return ""
		}
		var statements []string
		for _, s := range p.Statements {
			a := whole(s)
			statements = append(statements, fmt.Sprint(s.Effect, s.Unknown, a.principal(), a.action(), a.terms()))
		}
		slices.Sort(statements)
		all = append(all, trust.Given(p.Given)+strings.Join(statements, "\n"))
	}
	return strings.Join(all, "\n\n")
}
