package explain

import (
	"strings"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// gap is the difference between a value of the request and one that a policy
// expects, and its width: of several expected values, the nearest one was
// probably meant. The zero gap is none; some gaps have no code.
type gap struct {
	code  diagnosis.Code
	width int
}

// The widths, relative to each other.
const (
	slip       = 1  // a character or an operator
	otherForm  = 2  // the same run in another form
	sameKind   = 3  // another branch, another environment
	nearKind   = 4  // a tag for a branch, a branch for a pull request
	otherKinds = 5  // an environment for a branch
	noForm     = 6  // what no token has
	otherParts = 7  // a subject with other parts
	otherName  = 10 // another repository
	otherParty = 20 // another principal, another action
)

// then joins the gaps of two parts: the first one names the whole.
func (g gap) then(next gap) gap {
	if g.width == 0 {
		return next
	}
	return gap{g.code, g.width + next.width}
}

// writing returns the gap of an expected value that is wrong in its form, under
// any key: a policy variable, white space, a wildcard that is none.
func writing(expected, got string, wildcards bool) gap {
	like := trust.NewPattern(expected)
	switch {
	case strings.Contains(expected, "${"), strings.TrimSpace(expected) != expected:
		return gap{"", slip}
	case !wildcards && like.HasWildcards() && like.Match(got):
		return gap{diagnosis.WildcardInStringEquals, slip}
	}
	return gap{}
}

// matches compares as IAM does, where wildcards count.
func matches(expected, got string) bool { return trust.NewPattern(expected).Match(got) }

// differInCase reports whether the values differ in upper and lower case only.
func differInCase(expected, got string) bool {
	return !matches(expected, got) && matches(strings.ToLower(expected), strings.ToLower(got))
}

// gap returns why the subject is not one that a policy expects.
func (s subject) gap(expected string, wildcards bool) gap {
	if g := writing(expected, s.text, wildcards); g.width > 0 {
		return g
	}
	if differInCase(expected, s.text) {
		return gap{diagnosis.SubjectCase, slip}
	}
	parts := readSubject(expected)
	if s.customized() || parts.customized() {
		return s.customGap(parts)
	}
	named := grant.ParseSubject(trust.NewPattern(expected))
	if named.Malformed || !parts.prefixed() {
		return gap{"", noForm}
	}
	return s.repositoryGap(named).then(contextGap(named.Context, s.context()))
}

// repositoryGap compares owner, repository and their ids.
func (s subject) repositoryGap(expected grant.Subject) gap {
	got := s.named()
	return nameGap(expected.Owner, expected.OwnerID, got.Owner, got.OwnerID).
		then(nameGap(expected.Repository, expected.RepositoryID, got.Repository, got.RepositoryID))
}

// nameGap compares a name and its id with those that a policy expects; an empty
// expected name is one that a wildcard left open.
func nameGap(expectedName, expectedID, name, id string) gap {
	if expectedName == "" && expectedID == "" {
		return gap{}
	}
	switch {
	case matches(withID(expectedName, expectedID), withID(name, id)):
		return gap{}
	case differInCase(expectedName, name):
		return gap{diagnosis.SubjectCase, slip}
	case matches(expectedName, name) && (expectedID == "") != (id == ""):
		return gap{diagnosis.SubjectImmutable, otherForm}
	}
	return gap{diagnosis.SubjectRepository, otherName}
}

func withID(name, id string) string {
	if id == "" {
		return name
	}
	return name + "@" + id
}

// contextGap compares what follows the repository.
func contextGap(expected trust.Pattern, got pair) gap {
	if len(expected) == 0 || expected.Match(got.String()) { // a wildcard before it has swallowed an empty one
		return gap{}
	}
	theirs, ours := readSubject(expected.String()).pairs[0].kind(), got.kind()
	either := func(k kind) bool { return theirs == k || ours == k }
	width := nearKind
	if theirs == ours {
		width = sameKind
	}
	switch {
	case either(environmentKind) && theirs != ours:
		return gap{diagnosis.SubjectEnvironment, otherKinds}
	case either(environmentKind):
		return gap{diagnosis.SubjectEnvironment, width}
	case either(pullRequestKind):
		return gap{diagnosis.SubjectPullRequest, width}
	}
	return gap{diagnosis.SubjectBranchOrTag, width}
}

// customGap compares subjects of which at least one is customized, part by
// part if they have the same ones.
func (s subject) customGap(expected subject) gap {
	if len(expected.pairs) != len(s.pairs) {
		return gap{diagnosis.SubjectCustomized, otherParts}
	}
	var all gap
	for i, w := range expected.pairs {
		got := s.pairs[i]
		switch {
		case w.key != got.key:
			return gap{diagnosis.SubjectCustomized, otherParts}
		case w.key == "repo":
			all = all.then(s.repositoryGap(grant.ParseRepository(trust.NewPattern(w.value))))
		case !matches(w.value, got.value):
			all = all.then(gap{partCode(w.key), sameKind})
		}
	}
	return all
}

// partCode is the code of a customized subject's part that differs.
func partCode(key string) diagnosis.Code {
	if code, ok := claimCodes[key]; ok {
		return code
	}
	if key == "repository_owner" {
		return diagnosis.SubjectRepository
	}
	return diagnosis.SubjectCustomized
}

// claimCodes are the codes of conditions on claims other than the subject;
// the rest has no code of its own.
var claimCodes = map[string]diagnosis.Code{
	"aud":                 diagnosis.AudienceMismatch,
	"environment":         diagnosis.SubjectEnvironment,
	"ref":                 diagnosis.SubjectBranchOrTag,
	"repository":          diagnosis.SubjectRepository,
	"repository_id":       diagnosis.SubjectRepository,
	"repository_owner_id": diagnosis.SubjectRepository,
}

// claimGap returns why a claim other than the subject is not one that a policy
// expects.
func (t token) claimGap(claim, expected string, wildcards bool) gap {
	got := t.claim(claim)
	if g := writing(expected, got, wildcards); g.width > 0 {
		return g
	}
	code := claimCodes[claim]
	switch {
	case claim != "aud" && code != "" && differInCase(expected, got):
		return gap{diagnosis.SubjectCase, slip}
	case claim == "ref" && t.subject.context().kind() == pullRequestKind:
		return gap{diagnosis.SubjectPullRequest, nearKind}
	case code == diagnosis.SubjectRepository:
		return gap{code, otherName}
	}
	return gap{code, nearKind}
}

func (t token) claim(name string) string {
	if name == "aud" {
		return strings.Join(t.Audiences(), ", ")
	}
	return t.Get(name)
}
