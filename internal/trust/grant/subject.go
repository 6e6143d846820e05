package grant

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// Reach says whose runs a value admits, from the widest to the narrowest.
type Reach int

// The reaches.
const (
	Anyone            Reach = iota // every repository of the provider
	Choosable                      // names that anyone can choose in a repository of their own
	Callers                        // every repository that calls a certain workflow
	OwnerPattern                   // every owner whose name matches
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
	Customized   bool          // made of key:value pairs that are not GitHub's default
	Malformed    bool          // no subject that GitHub makes can match
}

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
	sub.Malformed = sub.Malformed || len(sub.Context) == 0 && !p.HasWildcards()
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

// until consumes what stands before the first of the runes in stop.
func (s *scanner) until(stop ...rune) string {
	n := slices.IndexFunc(s.rest, func(r rune) bool { return slices.Contains(stop, r) })
	if n < 0 {
		n = len(s.rest)
	}
	text := s.rest[:n].String()
	s.rest = s.rest[n:]
	return text
}

// next returns the coming rune, or 0 at the end.
func (s *scanner) next() rune {
	if len(s.rest) == 0 {
		return 0
	}
	return s.rest[0]
}

func (s *scanner) repository() Subject {
	var sub Subject
	sub.Owner = s.until('/', '@', ':', trust.AnyRun, trust.AnyOne)
	switch {
	case trust.IsWildcard(s.next()) && sub.Owner == "":
		sub.Context = s.context()
		return sub
	case trust.IsWildcard(s.next()):
		sub.Reach = OwnerPattern
		sub.Owner += s.until('/', ':')
		if s.skip("/") {
			sub.Repository = s.until(':', '@')
		}
		sub.Context = s.context()
		return sub
	case s.skip("@"):
		sub.OwnerID = s.until('/', ':')
	}
	if !s.skip("/") {
		sub.Reach = Owner
		sub.Malformed = !hasWildcard(sub.OwnerID)
		return sub
	}
	return s.name(sub)
}

// name reads what follows the owner's slash.
func (s *scanner) name(sub Subject) Subject {
	sub.Repository = s.until('@', ':', trust.AnyRun, trust.AnyOne)
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
		sub.RepositoryID = s.until(':')
	}
	sub.Context = s.context()
	return sub
}

// context reads what follows the next colon, which a wildcard before it may
// have swallowed.
func (s *scanner) context() trust.Pattern {
	s.until(':')
	s.skip(":")
	return s.rest
}

func hasWildcard(text string) bool { return strings.ContainsAny(text, "*?") }

// subjectKeys are the claims that a customized subject can be made of, as
// far as they say whose run it is.
var subjectKeys = map[string]Reach{
	"repository": Repository, "repository_id": Repository, "repository_owner": Owner, "repository_owner_id": Owner,
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
	fields := strings.Split(p.String(), ":")
	first := fields[0]
	if hasWildcard(first) {
		return sub
	}
	if !IsSubjectKey(first) {
		sub.Malformed = true
		return sub
	}
	sub.Customized = true
	for i := 0; i+1 < len(fields); i++ {
		reach, known := subjectKeys[fields[i]]
		if !known {
			continue
		}
		value := trust.NewPattern(fields[i+1])
		if fields[i] == "repository" {
			named := ParseRepository(value)
			reach, sub.Owner, sub.Repository = named.Reach, named.Owner, named.Repository
		} else if value.HasWildcards() {
			reach = Anyone
		}
		switch fields[i] {
		case "repository_id":
			sub.RepositoryID = fields[i+1]
		case "repository_owner_id":
			sub.OwnerID = fields[i+1]
		}
		sub.Reach = max(sub.Reach, reach)
	}
	return sub
}
