package explain

import (
	"strings"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// gap is what lies between a value of the request and one that a policy wants,
// and how wide it is: of several wanted values, the nearest was meant. The
// zero gap is none; a gap without a code has no name of its own.
type gap struct {
	code  diagnosis.Code
	width int
}

// The widths, which only count against each other.
const (
	slip       = 1  // a character or an operator
	otherForm  = 2  // the same run, written otherwise
	sameKind   = 3  // another branch, another environment
	nearKind   = 4  // a tag for a branch, a branch for a pull request
	otherKinds = 5  // an environment for a branch
	noForm     = 6  // what no token has
	otherParts = 7  // a subject made of other parts
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

// writing finds what is wrong with how a wanted value is written rather than
// with what it says, of whichever key.
func writing(want, got string, wildcards bool) gap {
	like := trust.NewPattern(want)
	switch {
	case strings.Contains(want, "${"), strings.TrimSpace(want) != want:
		return gap{"", slip}
	case !wildcards && like.HasWildcards() && like.Match(got):
		return gap{diagnosis.WildcardInStringEquals, slip}
	}
	return gap{}
}

// matches compares as IAM does, where wildcards count.
func matches(want, got string) bool { return trust.NewPattern(want).Match(got) }

// differInCase tells values that would match if case did not count.
func differInCase(want, got string) bool {
	return !matches(want, got) && matches(strings.ToLower(want), strings.ToLower(got))
}

// gap says why the subject is not what a policy wants.
func (s subject) gap(want string, wildcards bool) gap {
	if g := writing(want, s.text, wildcards); g.width > 0 {
		return g
	}
	if differInCase(want, s.text) {
		return gap{diagnosis.SubjectCase, slip}
	}
	wanted := readSubject(want)
	if s.customized() || wanted.customized() {
		return s.customGap(wanted)
	}
	named := grant.ParseSubject(trust.NewPattern(want))
	if named.Malformed || !wanted.prefixed() {
		return gap{"", noForm}
	}
	return s.repositoryGap(named).then(contextGap(named.Context, s.context()))
}

// repositoryGap compares owner, repository and their ids.
func (s subject) repositoryGap(want grant.Subject) gap {
	got := s.named()
	return nameGap(want.Owner, want.OwnerID, got.Owner, got.OwnerID).
		then(nameGap(want.Repository, want.RepositoryID, got.Repository, got.RepositoryID))
}

// nameGap compares a name and its id with what a policy wants of them; an
// empty wanted name is one that a wildcard left open.
func nameGap(wantName, wantID, name, id string) gap {
	if wantName == "" && wantID == "" {
		return gap{}
	}
	switch {
	case matches(withID(wantName, wantID), withID(name, id)):
		return gap{}
	case differInCase(wantName, name):
		return gap{diagnosis.SubjectCase, slip}
	case matches(wantName, name) && (wantID == "") != (id == ""):
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
func contextGap(want trust.Pattern, got pair) gap {
	if len(want) == 0 || want.Match(got.String()) { // a wildcard before it has swallowed an empty one
		return gap{}
	}
	wanted, have := readSubject(want.String()).pairs[0].kind(), got.kind()
	either := func(k kind) bool { return wanted == k || have == k }
	width := nearKind
	if wanted == have {
		width = sameKind
	}
	switch {
	case either(environmentKind) && wanted != have:
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
func (s subject) customGap(want subject) gap {
	if len(want.pairs) != len(s.pairs) {
		return gap{diagnosis.SubjectCustomized, otherParts}
	}
	var all gap
	for i, w := range want.pairs {
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

// claimGap says why a claim other than the subject is not what a policy wants.
func (t token) claimGap(claim, want string, wildcards bool) gap {
	got := t.claim(claim)
	if g := writing(want, got, wildcards); g.width > 0 {
		return g
	}
	code := claimCodes[claim]
	switch {
	case claim != "aud" && code != "" && differInCase(want, got):
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
