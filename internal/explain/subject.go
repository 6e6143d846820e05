package explain

import (
	"strings"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// subject is the sub claim of a token, or a value that a policy wants of it,
// taken apart at its colons: GitHub writes those inside of values as %3A.
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

// prefixed tells subjects that begin with repo:OWNER/REPOSITORY.
func (s subject) prefixed() bool { return s.pairs[0].key == "repo" }

// context is what follows the repository in the default form, or nothing.
func (s subject) context() pair {
	if s.prefixed() && len(s.pairs) > 1 {
		return s.pairs[1]
	}
	return pair{}
}

// customized tells a subject that is made of other parts than GitHub's
// default, from the default and from what is no subject of GitHub's at all.
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

// kind is what decides about the last part of a default subject.
type kind string

const (
	environmentKind kind = "environment"
	pullRequestKind kind = "pull request"
	branchKind      kind = "branch"
	tagKind         kind = "tag"
	otherKind       kind = "ref" // of another kind, or not told
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

// code is the diagnosis where a run of the kind is kept out because of what
// it is.
func (k kind) code() diagnosis.Code {
	switch k {
	case environmentKind:
		return diagnosis.SubjectEnvironment
	case pullRequestKind:
		return diagnosis.SubjectPullRequest
	}
	return diagnosis.SubjectBranchOrTag
}
