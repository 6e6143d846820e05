package explain

import (
	"strings"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// subject is the sub claim of a token, or a value that a policy expects, split
// at its colons: GitHub writes colons inside values as %3A.
type subject struct {
	text  string
	pairs []pair
}

// pair is a part of a subject, such as environment:production, or the lone
// pull_request.
type pair struct {
	key, value string
	lone       bool // no colon follows the key
}

func (p pair) String() string {
	if p.lone {
		return p.key
	}
	return p.key + ":" + p.value
}

func readSubject(text string) subject {
	s := subject{text: text}
	pieces := strings.Split(text, ":")
	for i := 0; i < len(pieces); i++ {
		p := pair{key: pieces[i], lone: pieces[i] == "pull_request" || i+1 == len(pieces)}
		if !p.lone {
			i++
			p.value = pieces[i]
		}
		s.pairs = append(s.pairs, p)
	}
	return s
}

// prefixed reports whether the subject begins with repo:OWNER/REPOSITORY.
func (s subject) prefixed() bool { return s.pairs[0].key == "repo" }

// context is what follows the repository in the default form, or nothing.
func (s subject) context() pair {
	if s.prefixed() && len(s.pairs) > 1 {
		return s.pairs[1]
	}
	return pair{}
}

// customized reports whether the subject is one of GitHub's with other parts
// than the default.
func (s subject) customized() bool {
	if !s.prefixed() {
		return grant.IsSubjectKey(s.pairs[0].key)
	}
	for i, p := range s.pairs[1:] {
		usual := i == 0 && (p.key == "ref" || p.key == "environment")
		if grant.IsSubjectKey(p.key) && !usual {
			return true
		}
	}
	return false
}

// named reads owner, repository and their ids.
func (s subject) named() grant.Subject {
	return grant.ParseSubject(trust.Pattern([]rune(s.text)))
}

// kind is what the last part of a default subject depends on.
type kind string

const (
	environmentKind kind = "environment"
	pullRequestKind kind = "pull request"
	branchKind      kind = "branch"
	tagKind         kind = "tag"
	otherKind       kind = "ref" // of another kind, or unknown
)

func (p pair) kind() kind {
	switch {
	case p.key == "environment":
		return environmentKind
	case p.key == "pull_request":
		return pullRequestKind
	case p.key == "ref" && strings.HasPrefix(p.value, "refs/heads/"):
		return branchKind
	case p.key == "ref" && strings.HasPrefix(p.value, "refs/tags/"):
		return tagKind
	}
	return otherKind
}

// code returns the diagnosis of a run that is kept out because of its kind.
func (k kind) code() diagnosis.Code {
	switch k {
	case environmentKind:
		return diagnosis.SubjectEnvironment
	case pullRequestKind:
		return diagnosis.SubjectPullRequest
	}
	return diagnosis.SubjectBranchOrTag
}
