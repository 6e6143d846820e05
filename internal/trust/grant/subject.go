package grant

import (
	"cmp"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// Reach says whose runs a value admits, from the widest to the narrowest.
type Reach int

// The reaches. Undetermined has its place where it is neither taken for wide,
// nor for what pins an owner.
const (
	Anyone            Reach = iota // every repository of the provider
	Choosable                      // names that anyone can choose in a repository of their own
	Callers                        // every repository that calls a certain workflow
	OwnerPattern                   // every owner whose name matches
	Undetermined                   // it is unknown
	Enterprise                     // every repository of one enterprise
	Owner                          // every repository of one owner
	RepositoryPattern              // every repository of one owner whose name matches
	Repository                     // one repository
)

// Subject is what a pattern for the claim sub demands, part by part. Parts
// are pattern text; what the pattern leaves open is empty.
type Subject struct {
	Reach        Reach
	Owner        string
	OwnerID      string
	Repository   string
	RepositoryID string
	Context      trust.Pattern // what follows the repository: ref:refs/heads/main, environment:prod, pull_request
	Customized   bool          // key:value pairs that are not GitHub's default
	Spanned      bool          // a star before the context may hold its beginning, for which Context has another
	Malformed    bool          // no subject that GitHub makes can match
	Open         Openness      // what of it is unknown

	judged bool // fault is what Fault returns
	fault  string
}

// OneName reports whether owner and repository are one unknown name, as in
// repo:${Repository}:*, which is Owner.
func (s Subject) OneName() bool {
	return s.Open == OpenOwner && s.Owner != "" && s.Repository == "" && s.Reach > Owner
}

// Openness is how much of a value is unknown, from no part to the owner of the
// runs that get in. Of several parts the later one counts.
type Openness int

// The parts that can be unknown.
const (
	Determined     Openness = iota
	OpenContext             // branch, tag, environment and the like
	OpenRepository          // which of an owner's repositories
	OpenOwner               // whose
)

// Immutable reports whether the subject pins both ids.
func (s Subject) Immutable() bool { return isID(s.OwnerID) && isID(s.RepositoryID) }

func isID(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// ParseSubject reads a pattern for the claim sub:
// repo:OWNER[@ID]/REPOSITORY[@ID]:CONTEXT, or a customized form.
func ParseSubject(p trust.Pattern) Subject {
	s := scanner{p}
	if !s.skip("repo:") {
		return parseOther(p)
	}
	sub := s.repository()
	sub.Malformed = sub.Malformed || len(sub.Context) == 0 && p.IsLiteral()
	return sub
}

// ParseRepository reads a pattern for the claim repository: OWNER/REPOSITORY.
func ParseRepository(p trust.Pattern) Subject {
	s := scanner{p}
	return s.repository()
}

// scanner reads a pattern from left to right.
type scanner struct{ rest trust.Pattern }

func (s *scanner) skip(text string) bool {
	r := []rune(text)
	if len(s.rest) < len(r) || !slices.Equal(s.rest[:len(r)], r) {
		return false
	}
	s.rest = s.rest[len(r):]
	return true
}

// take consumes what is before the first of the runes in stop.
func (s *scanner) take(stop ...rune) trust.Pattern {
	n := slices.IndexFunc(s.rest, func(r rune) bool { return slices.Contains(stop, r) })
	if n < 0 {
		n = len(s.rest)
	}
	taken := s.rest[:n]
	s.rest = s.rest[n:]
	return taken
}

func (s *scanner) until(stop ...rune) string { return s.take(stop...).String() }

// next returns the coming rune, or 0 at the end.
func (s *scanner) next() rune {
	if len(s.rest) == 0 {
		return 0
	}
	return s.rest[0]
}

func (s *scanner) repository() Subject {
	var sub Subject
	owner := s.take('/', '@', ':', trust.AnyRun, trust.AnyOne)
	sub.Owner = owner.String()
	if owner.HasUnknown() {
		sub.Open = OpenOwner
	}
	switch {
	case trust.IsWildcard(s.next()) && sub.Owner == "":
		sub.Context = s.context(&sub)
		return sub
	case trust.IsWildcard(s.next()):
		sub.Reach = OwnerPattern
		if sub.Open == OpenOwner { // the slash can be within what is unknown
			sub.Reach = RepositoryPattern
		}
		sub.Owner += s.until('/', ':')
		if s.skip("/") {
			sub.Repository = s.until(':', '@')
		}
		sub.Context = s.context(&sub)
		return sub
	case s.skip("@"):
		sub.OwnerID = s.id(&sub, '/', ':')
	}
	if s.skip("/") {
		return s.name(sub)
	}
	if sub.Open == OpenOwner { // as in repo:${Repository}:*
		sub.Reach = Repository
		sub.Context = s.contextAfter(owner, &sub)
		return sub
	}
	sub.Reach = Owner
	sub.Malformed = !hasWildcard(sub.OwnerID)
	return sub
}

// name reads what follows the owner's slash.
func (s *scanner) name(sub Subject) Subject {
	name := s.take('@', ':', trust.AnyRun, trust.AnyOne)
	sub.Repository = name.String()
	if name.HasUnknown() {
		sub.Open = max(sub.Open, OpenRepository)
	}
	switch {
	case trust.IsWildcard(s.next()) && sub.Repository == "":
		sub.Reach = Owner
	case trust.IsWildcard(s.next()):
		sub.Reach = RepositoryPattern
		sub.Repository += s.until(':', '@')
	default:
		sub.Reach = Repository
		sub.Malformed = sub.Repository == ""
	}
	if s.skip("@") {
		sub.RepositoryID = s.id(&sub, ':')
	}
	sub.Context = s.contextAfter(name, &sub)
	return sub
}

// id reads an id, which does not open what the name beside it pins.
func (s *scanner) id(sub *Subject, stop ...rune) string {
	id := s.take(stop...)
	if id.HasUnknown() {
		sub.Open = max(sub.Open, OpenContext)
	}
	return id.String()
}

// contextAfter is context where name may hold all that follows.
func (s *scanner) contextAfter(name trust.Pattern, sub *Subject) trust.Pattern {
	if len(s.rest) == 0 && name.HasUnknown() {
		sub.Open = max(sub.Open, OpenContext)
		return name
	}
	return s.context(sub)
}

// context reads what follows the next colon, which a wildcard or an unknown
// part before it may have swallowed. A star may hold the beginning of the
// context too, as in repo:octo/*:prod; it is part of a context then that would
// make no sense without.
func (s *scanner) context(sub *Subject) trust.Pattern {
	before := s.take(':')
	colon := s.skip(":")
	last := cmp.Or(before.String(), sub.RepositoryID, sub.Repository, sub.OwnerID, sub.Owner)
	if colon && mayHoldContext(last) && !slices.Contains(s.rest, ':') && !everything(s.rest) && contextFault(s.rest) != "" {
		s.rest, sub.Spanned = append(trust.Pattern{trust.AnyRun, ':'}, s.rest...), true
	}
	if before.HasUnknown() || s.rest.HasUnknown() {
		sub.Open = max(sub.Open, OpenContext)
	}
	return s.rest
}

// mayHoldContext reports whether what is before a colon can end with the word
// that a context begins with.
func mayHoldContext(text string) bool {
	p := trust.NewPattern(text)
	return strings.Contains(text, "*") && (p.Overlaps(trust.NewPattern("*environment")) || p.Overlaps(trust.NewPattern("*ref")))
}

func hasWildcard(text string) bool { return strings.ContainsAny(text, "*?") }

// subjectKeys are the claims that a customized subject can have, as far
// as they say whose run it is.
var subjectKeys = map[string]Reach{
	"repo": Repository, "repository": Repository, "repository_id": Repository, "repository_owner": Owner, "repository_owner_id": Owner,
	"job_workflow_ref": Callers,
	"actor":            Choosable, "actor_id": Choosable, "base_ref": Choosable, "context": Choosable, "enterprise": Enterprise,
	"enterprise_id": Enterprise, "environment": Choosable, "event_name": Choosable, "head_ref": Choosable, "ref": Choosable,
	"ref_type": Choosable, "repository_visibility": Choosable, "runner_environment": Choosable, "sha": Choosable,
	"workflow": Choosable, "workflow_ref": Choosable, "job_workflow_sha": Choosable, "workflow_sha": Choosable,
}

// IsSubjectKey reports whether a customized subject can have the part.
func IsSubjectKey(name string) bool {
	_, known := subjectKeys[name]
	return known || strings.HasPrefix(name, "repo_property_")
}

// parseOther reads a pattern that does not begin with the default's prefix.
func parseOther(p trust.Pattern) Subject {
	sub := Subject{Reach: Anyone, Context: p}
	fields := p.Split(':', len(p)+1)
	switch first := fields[0]; {
	case first.HasUnknown():
		sub.Reach, sub.Open = Undetermined, OpenOwner
		return sub
	case first.HasWildcards():
		return sub
	case !IsSubjectKey(first.String()):
		sub.Malformed = true
		return sub
	}
	sub.Customized = true
	for i := 0; i+1 < len(fields); i++ {
		reach, known := subjectKeys[fields[i].String()]
		if !known {
			continue
		}
		value := fields[i+1]
		name := fields[i].String()
		if name == "repository" || name == "repo" {
			named := ParseRepository(value)
			reach, sub.Owner, sub.Repository, sub.Open = named.Reach, named.Owner, named.Repository, max(sub.Open, named.Open)
		} else if value.HasWildcards() {
			reach = Anyone
		} else if value.HasUnknown() {
			sub.Open = max(sub.Open, openness(reach))
		}
		switch name {
		case "repository_id":
			sub.RepositoryID = value.String()
		case "repository_owner_id":
			sub.OwnerID = value.String()
		}
		sub.Reach = max(sub.Reach, reach)
	}
	return sub
}

// openness is what is open where the value that reaches so far is unknown.
func openness(reach Reach) Openness {
	if reach <= Choosable {
		return OpenContext
	}
	return OpenOwner
}
