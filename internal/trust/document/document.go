// Package document finds roles and their trust policies in the files that
// people keep: a bare policy, what the AWS command line prints of a role or
// of a whole account, a CloudFormation template, a state or a plan of Terraform
// or Pulumi, records of AWS Config, Kubernetes manifests. What a file leaves to
// its deployment is unknown in the policies, or a choice between several.
package document

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// Role is a role of a document.
type Role struct {
	Name               string // empty for a bare policy; the logical id in a template without a name
	LogicalID          string // in a template; STACKSET/ID within a stack set's
	ARN                string // empty where the document has none
	MaxSessionDuration int    // seconds, the highest of all alternatives; 0 if the document does not say
	Pos                trust.Pos

	// SessionOpen is set if a template does not determine MaxSessionDuration.
	SessionOpen *trust.Unknown

	// File is where Pos is: of a document that is several files, such as a
	// Terraform module, the file's path below the module's folder; else empty,
	// until the caller of Roles sets the name that it opened.
	File string

	// Document distinguishes the documents of a folder, each of which has its
	// own logical ids: its path there. The caller of Roles sets it.
	Document string

	// Policies are what the trust policy can be. Of the alternatives that
	// cannot be read, Err says why: a *trust.SyntaxError.
	Policies trust.Alternatives
	Err      error

	// Missing are the choices of a template under which the role does not
	// exist.
	Missing [][]trust.Assumption

	names []trust.Text
}

// Unread is a file that could not be read, or not to its end.
type Unread struct {
	File    string `json:"file"`
	Message string `json:"message"`
}

// MayBeNamed reports whether name can be the role's, as far as its template
// determines it: without a name in the template, CloudFormation makes one from the
// stack's name and the logical id.
func (r Role) MayBeNamed(name string) bool {
	_, id, nested := strings.Cut(r.LogicalID, "/")
	if !nested {
		id = r.LogicalID
	}
	if len(r.names) == 0 {
		return id != "" && strings.Contains(strings.ToLower(name), strings.ToLower(id))
	}
	return slices.ContainsFunc(r.names, func(t trust.Text) bool { return t.Pattern(false).MayMatch(name) })
}

// Options say what a document leaves to its deployment.
type Options struct {
	// Parameters are the values of a template's parameters, of pseudo
	// parameters such as AWS::AccountId, and of placeholders, by name.
	Parameters map[string]string

	// Before asks for the roles as they were before the change, of a document
	// that is the plan of one. Of any other the error is ErrNoPlan.
	Before bool

	// Names, if not nil, gets the names that Parameters can have values for.
	Names map[string]bool

	// Note, if not nil, is called with what was left out though it can have
	// roles, in one line.
	Note func(text string)

	// Budget bounds the work, if several documents share one; else each has
	// its own.
	Budget *Budget
}

// Declare says that Parameters can have a value for the name.
func (o Options) Declare(name string) {
	if o.Names != nil {
		o.Names[name] = true
	}
}

// Roles yields the roles of a document in its order. A policy that cannot be
// read is reported in its Role; an error of the iteration, after which nothing
// follows, concerns the document. Of an account's listing only one role is
// held in memory; a template, which CloudFormation limits to 1 MB, is read
// whole and within a budget, whose error names it.
func Roles(ctx context.Context, r io.Reader, o Options) iter.Seq2[Role, error] {
	return func(yield func(Role, error) bool) {
		d := &document{ctx: ctx, options: o, budget: o.Budget}
		if d.budget == nil {
			d.budget = NewBudget(ctx)
		}
		d.yield = func(role Role) error {
			if o.Before && !d.isPlan {
				return ErrNoPlan
			}
			if d.budget.err == nil && !yield(role, nil) {
				return errStopped
			}
			return d.budget.err
		}
		err := d.roles(r)
		if err == nil && o.Before && !d.isPlan {
			err = ErrNoPlan
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Role{}, err)
		}
	}
}

// ErrNoPlan is the error of Roles for a document that has no roles of before a
// change because it is not the plan of one.
var ErrNoPlan = errors.New("not the plan of a change; name two files, or a plan of Terraform (terraform show -json) or Pulumi (pulumi preview --json)")

// errStopped ends the reading because the caller wants no more.
var errStopped = errors.New("stopped")

// document is one that is being read.
type document struct {
	ctx     context.Context
	options Options
	budget  *Budget
	yield   func(Role) error
	size    *bounded // of JSON that is a whole file
	isPlan  bool     // it has roles of before and after a change
	nesting int      // templates and texts around this one
}

// roles distinguishes JSON from YAML by the first character.
func (d *document) roles(r io.Reader) error {
	d.size = &bounded{Reader: UTF8(r), left: -1}
	in := bufio.NewReader(d.size)
	json, err := startsJSON(in)
	if err != nil {
		return err
	}
	if !json {
		return d.readYAML(in)
	}
	lex := trust.Lexer{Lexer: jsonlex.New(in)}
	if err := d.value(lex); err != nil {
		return err
	}
	_, err = lex.Next() // nothing may follow
	return err
}

// set stores the one policy of a role, or why there is none.
func (r *Role) set(p *trust.Policy, err error) {
	if err != nil {
		r.Err = err
		return
	}
	r.Policies = trust.Alternatives{p}
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

// bounded reads no more than left bytes, if left is not negative.
type bounded struct {
	io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return b.Reader.Read(p)
	}
	if b.left == 0 {
		return 0, fmt.Errorf("document is larger than %d bytes, the limit for its form", maxTemplate)
	}
	n, err := b.Reader.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
