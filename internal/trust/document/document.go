// Package document finds roles and their trust policies in the files that
// people keep: a bare policy, what the AWS command line prints of a role or
// of a whole account, a CloudFormation template.
package document

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"net/url"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// Role is a role of a document.
type Role struct {
	Name               string // empty for a bare policy; the logical id in a template without a name
	ARN                string // empty where the document has none
	MaxSessionDuration int    // seconds; 0 if the document does not tell
	Pos                trust.Pos
	Policy             *trust.Policy
	Err                error // why there is no Policy: a *trust.SyntaxError
}

// Roles yields the roles of a document in its order. A policy that cannot be
// read is told in its Role; an error of the iteration, after which nothing
// follows, concerns the document. Of an account's listing only one role is
// held in memory; a template, which CloudFormation limits to 1 MB, is read
// whole.
func Roles(r io.Reader) iter.Seq2[Role, error] {
	return func(yield func(Role, error) bool) {
		err := read(r, func(role Role) error {
			if !yield(role, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(Role{}, err)
		}
	}
}

// errStopped ends the reading because nobody wants more.
var errStopped = errors.New("stopped")

// read tells JSON from YAML by the first character, and one JSON document
// from another by its first key.
func read(r io.Reader, yield func(Role) error) error {
	in := bufio.NewReader(r)
	if bom, _ := in.Peek(3); string(bom) == "\ufeff" {
		_, _ = in.Discard(3)
	}
	json, err := startsJSON(in)
	if err != nil {
		return err
	}
	if !json {
		return readYAMLTemplate(in, yield)
	}
	lex := jsonlex.New(in)
	first, err := lex.Next()
	if err != nil {
		return err
	}
	key, err := lex.Next()
	if err != nil {
		return err
	}
	key.Text = []byte(string(key.Text)) // the lexer will overwrite its own
	rest := &replay{[]jsonlex.Token{key}, lex}
	switch string(key.Text) {
	case "Role", "Roles", "UserDetailList", "GroupDetailList", "RoleDetailList", "Policies", "IsTruncated", "Marker":
		return readListing(key, lex, yield)
	case "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions",
		"Transform", "Globals", "Resources", "Outputs", "Hooks":
		return readJSONTemplate(first, rest, yield)
	}
	role := Role{Pos: first.Pos}
	role.Policy, role.Err = trust.Read(first, rest)
	if role.Err == nil {
		_, role.Err = lex.Next() // nothing may follow
	}
	return yield(role)
}

// startsJSON looks at the first character that is not white space.
func startsJSON(in *bufio.Reader) (bool, error) {
	for n := 1; n <= in.Size(); n++ {
		head, err := in.Peek(n)
		if err == io.EOF {
			return true, nil // let the JSON reader complain of an empty document
		}
		if err != nil {
			return false, err
		}
		if c := head[n-1]; !strings.ContainsRune(" \t\r\n", rune(c)) {
			return c == '{' || c == '[', nil
		}
	}
	return false, nil
}

// replay gives back tokens that were read ahead.
type replay struct {
	ahead []jsonlex.Token
	rest  trust.Tokens
}

func (r *replay) Next() (jsonlex.Token, error) {
	if len(r.ahead) == 0 {
		return r.rest.Next()
	}
	t := r.ahead[0]
	r.ahead = r.ahead[1:]
	return t, nil
}

// embedded reads a policy that stands in a string, as it is or URL-encoded,
// which is how the IAM API returns it. All of its positions are the string's.
func embedded(text string, at trust.Pos) (*trust.Policy, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		decoded, err := url.PathUnescape(text)
		if err != nil {
			return nil, at.Errorf("trust policy is neither JSON nor URL-encoded JSON")
		}
		text = decoded
	}
	inside := pinned{jsonlex.FromBytes([]byte(text)), at}
	first, err := inside.Next()
	if err != nil {
		return nil, err
	}
	p, err := trust.Read(first, inside)
	if err == nil {
		_, err = inside.Next()
	}
	return p, err
}

// pinned moves all tokens and errors to one place.
type pinned struct {
	in *jsonlex.Lexer
	at trust.Pos
}

func (p pinned) Next() (jsonlex.Token, error) {
	t, err := p.in.Next()
	t.Pos = p.at
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) {
		err = &trust.SyntaxError{Line: p.at.Line, Column: p.at.Column, Msg: syntax.Msg}
	}
	return t, err
}
