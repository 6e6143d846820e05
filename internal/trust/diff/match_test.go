package diff

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

// listed is a role in an account's listing, which trusts the service.
func listed(arn, service string) string {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	return fmt.Sprintf(`{"RoleName": %q, "Arn": %q, "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": %q}}}}`, name, arn, service)
}

func listing(roles ...string) string {
	return `{"RoleDetailList": [` + strings.Join(roles, ", ") + "]}"
}

// resource is a role of a template, with a name if that is not empty.
func resource(id, name, service string) string {
	named := ""
	if name != "" {
		named = fmt.Sprintf(`"RoleName": %q, `, name)
	}
	return fmt.Sprintf(`%q: {"Type": "AWS::IAM::Role", "Properties": {%s"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": %q}}}}}`, id, named, service)
}

func resources(roles ...string) string {
	return `{"Resources": {` + strings.Join(roles, ", ") + "}}"
}

// Which role of the old document each of the new one is compared with, and
// what is said of those that have no counterpart.
func TestMatch(t *testing.T) {
	const (
		a     = "arn:aws:iam::111122223333:role/a"
		b     = "arn:aws:iam::111122223333:role/b"
		c     = "arn:aws:iam::111122223333:role/c"
		pathA = "arn:aws:iam::111122223333:role/path/a"
		other = "arn:aws:iam::444455556666:role/a"
	)
	bare := `{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x"}}}`
	tests := []struct {
		name, before, after string
		want                []string // kind role: …, with a * where it is a note
	}{
		{name: "same", before: listing(listed(a, "x"), listed(b, "y")), after: listing(listed(b, "y"), listed(a, "x"))},
		{name: "new", before: listing(listed(a, "x")), after: listing(listed(a, "x"), listed(b, "y")),
			want: []string{"role b: new role; it trusts Service y"}},
		{name: "gone", before: listing(listed(a, "x"), listed(b, "y")), after: listing(listed(a, "x")),
			want: []string{"role-gone b: missing from the new document"}},
		{name: "all gone", before: listing(listed(a, "x")), after: listing(),
			want: []string{"role-gone a: missing from the new document"}},
		{name: "another path", before: listing(listed(a, "x"), listed(b, "y")),
			after: listing(listed(pathA, "z"), listed(b, "y")),
			want:  []string{"principal a: Service z is newly trusted"}},
		{name: "another account", before: listing(listed(a, "x"), listed(b, "y")),
			after: listing(listed(other, "x"), listed(b, "y")),
			want:  []string{"role a: new role; it trusts Service x", "role-gone a: missing from the new document"}},
		{name: "renamed, same policy", before: listing(listed(a, "x"), listed(b, "y")),
			after: listing(listed(c, "x"), listed(b, "y")),
			want:  []string{"role-renamed* c: compared with role a of the old document (the same trust policy)"}},
		{name: "renamed and changed", before: listing(listed(a, "x"), listed(b, "y")),
			after: listing(listed(c, "z"), listed(b, "y")),
			want:  []string{"role c: new role; it trusts Service z", "role-gone a: missing from the new document"}},
		{name: "two with the policy", before: listing(listed(a, "x"), listed(b, "x")),
			after: listing(listed(c, "x"), listed(b, "x")),
			want:  []string{"role-renamed* c: compared with role a of the old document (the same trust policy)"}},
		{name: "which of two", before: listing(listed(a, "x"), listed(b, "x")), after: listing(listed(c, "x")),
			want: []string{"role c: new role; it trusts Service x", "role-gone a: missing from the new document", "role-gone b: missing from the new document"}},
		{name: "one name twice",
			before: listing(strings.Replace(listed(a, "x"), a, "", 1), strings.Replace(listed(a, "y"), a, "", 1)),
			after:  listing(strings.Replace(listed(a, "x"), a, "", 1), strings.Replace(listed(a, "x"), a, "", 1)),
			want:   []string{"principal a: Service x is newly trusted"}},
		{name: "one role each", before: listing(listed(a, "x")), after: listing(listed(other, "y")),
			want: []string{"principal a: Service y is newly trusted"}},
		{name: "one role each, renamed", before: listing(listed(a, "x")), after: listing(listed(c, "y")),
			want: []string{"role-renamed* c: compared with role a of the old document (no other role to compare)", "principal c: Service y is newly trusted"}},
		{name: "bare and listed", before: bare, after: listing(listed(a, "y")),
			want: []string{"principal a: Service y is newly trusted"}},
		{name: "another logical id", before: resources(resource("A", "n", "x"), resource("B", "", "y")),
			after: resources(resource("C", "n", "z"), resource("B", "", "y")),
			want:  []string{"role-renamed* n: compared with role A of the old document (the same name)", "principal n: Service z is newly trusted"}},
		{name: "another logical id, same policy", before: resources(resource("A", "", "x"), resource("B", "", "y")),
			after: resources(resource("C", "", "x"), resource("B", "", "y")),
			want:  []string{"role-renamed* C: compared with role A of the old document (the same trust policy)"}},
		{name: "a name like another's id", before: resources(resource("A", "", "x"), resource("B", "", "y")),
			after: resources(resource("C", "A", "z"), resource("B", "", "y")),
			want:  []string{"role A: new role; it trusts Service z", "role-gone A: missing from the new document"}},
		{name: "template and listing", before: resources(resource("A", "a", "x"), resource("B", "b", "y")),
			after: listing(listed(b, "y"), listed(a, "z")), want: []string{"principal a: Service z is newly trusted"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range compare(t, tt.before, tt.after) {
				message, _, _ := strings.Cut(c.Message, "; check")
				got = append(got, fmt.Sprintf("%s%s %s: %s", c.Kind, map[bool]string{true: "*"}[c.Note], c.Role, message))
				if c.Widens() != (!c.Note && c.Kind != RoleGone) || c.InOld != (c.Kind == RoleGone) {
					t.Errorf("%+v", c)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A role that no principal can assume is reported as new, but opens nothing.
func TestNewRoleForNobody(t *testing.T) {
	denied := strings.Replace(listed("arn:aws:iam::111122223333:role/a", "x"), "Allow", "Deny", 1)
	changes := compare(t, listing(), listing(denied))
	if len(changes) != 1 || !changes[0].Note || changes[0].Widens() || changes[0].Message != "new role; it trusts nobody" {
		t.Errorf("%+v", changes)
	}
}

// Listings are compared in the order of their length, not of its square: all
// roles renamed, all with one policy.
func TestMatchOfManyRoles(t *testing.T) {
	many := func(prefix string) string {
		var all []string
		for i := range 2000 {
			all = append(all, listed(fmt.Sprintf("arn:aws:iam::111122223333:role/%s%d", prefix, i), "x"))
		}
		return listing(all...)
	}
	changes := compare(t, many("a"), many("b"))
	gone := slices.IndexFunc(changes, func(c Change) bool { return c.Kind == RoleGone })
	if len(changes) != 4000 || gone != 2000 {
		t.Errorf("%d changes, the first role that is gone at %d", len(changes), gone)
	}
}

// In a folder each document has its own logical ids, and a role that is found
// in another document is said to be.
func TestMatchInFolders(t *testing.T) {
	in := func(file, src string) iter.Seq2[document.Role, error] {
		return func(yield func(document.Role, error) bool) {
			for role, err := range document.Roles(t.Context(), strings.NewReader(src), document.Options{}) {
				role.File, role.Document = "old/"+file, file
				if !yield(role, err) {
					return
				}
			}
		}
	}
	one := resources(resource("Role", "", "x"))
	changes, err := Compare(in("a.json", one), in("a.json", one))
	if err != nil || len(changes) > 0 {
		t.Errorf("%+v, %v", changes, err)
	}
	changes, err = Compare(in("a.json", one), in("b.json", one))
	if err != nil || len(changes) != 1 || !changes[0].Note || changes[0].Message != "compared with role Role of old/a.json (the same logical ID)" {
		t.Errorf("%+v, %v", changes, err)
	}
}
