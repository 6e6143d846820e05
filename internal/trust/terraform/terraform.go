// Package terraform finds roles and their trust policies in the sources of
// Terraform and OpenTofu. It reads the files of a module, and of those that it
// calls, as far as they are within the folder that it is given; it never runs
// anything, fetches anything or reads a state. What a source leaves to its
// deployment is unknown in the policies, or a choice between several, as in
// the other documents (package document).
package terraform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// Roles yields the roles of the module whose files are in dir itself; see
// Module.
func Roles(ctx context.Context, dir fs.FS, o document.Options) iter.Seq2[document.Role, error] {
	return Module(ctx, dir, ".", "", o)
}

// Module yields the roles of the module in a folder of a file system, or, if
// file is not empty, only those that this file of it declares, calls, or has
// the policy of, in the order of its files and of what is in them, and those of the modules that it
// calls in the place of the call. File names are those of the file system,
// beyond which nothing is read. The parameters of the options are values of
// the module's variables.
//
// A module that is not within the file system, but may well make a role that
// trusts GitHub, is yielded as a role of which nothing is known; the others
// are passed to the options' Note. Errors come last: files that cannot be read, or what ended the work.
func Module(ctx context.Context, fsys fs.FS, dir, file string, o document.Options) iter.Seq2[document.Role, error] {
	return func(yield func(document.Role, error) bool) {
		e := newEvaluator(ctx, fsys, o)
		if e.only = file; file != "" {
			e.only = path.Join(dir, file)
		}
		if err := e.start(dir, yield); err != nil {
			yield(document.Role{}, err)
			return
		}
		if !e.walk(e.root, 0) {
			return
		}
		e.noteSkipped()
		problems := []error{e.err()}
		for _, name := range e.loaded {
			problems = append(problems, e.modules[name].problems...)
		}
		if err := errors.Join(append(problems, e.root.problems...)...); err != nil {
			yield(document.Role{}, err)
		}
	}
}

// evaluator evaluates the modules of one folder.
type evaluator struct {
	*document.Source
	options  document.Options
	reader   *reader
	only     string // the file of the root module whose roles are wanted; empty for all
	yield    func(document.Role, error) bool
	modules  map[string]*module // by folder; nil for one that has none
	loaded   []string           // their folders, but for the root's
	manifest map[string]string  // folders of modules that Terraform has installed, by the path of the call
	children map[memo]*instance
	texts    map[string]content // files that expressions read
	root     *instance
	opened   *instance // the root, with those defaults of its variables open that switch something off

	memory map[memo]remembered
	active map[memo]bool // what is being found, to detect cycles
	chosen []memo        // what to forget with the next alternative

	indexed *value            // the last expansion that was looked up in
	byKey   map[string]*value // its instances

	depth int
	work  int    // values looked at
	ended string // file in which the work ended

	skipped []string // modules that were not followed
}

func newEvaluator(ctx context.Context, fsys fs.FS, o document.Options) *evaluator {
	return &evaluator{
		Source: document.NewSource(ctx, o), options: o, reader: &reader{ctx: ctx, fsys: fsys}, modules: map[string]*module{},
		children: map[memo]*instance{}, texts: map[string]content{}, memory: map[memo]remembered{}, active: map[memo]bool{},
	}
}

// start reads the root module.
func (e *evaluator) start(dir string, yield func(document.Role, error) bool) error {
	root, err := e.reader.module(dir)
	if err != nil {
		return err
	}
	e.modules[dir], e.yield = root, yield
	e.root, e.opened = &instance{module: root}, &instance{module: root, opened: true}
	for name := range root.variables {
		e.options.Declare(name)
	}
	for _, name := range []string{"AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"} {
		e.options.Declare(name)
	}
	e.readManifest(dir)
	e.DefineChoices(e.definition)
	return nil
}

// walk yields the roles of an instance. It reports whether more are wanted.
func (e *evaluator) walk(i *instance, depth int) bool {
	if depth > maxModules {
		e.fail(placeOf(i.blocks[i.order[0]].TypeRange), "more than %d modules within modules", maxModules)
	}
	for _, name := range i.order {
		b := i.blocks[name]
		isRole := b.Type == "resource" && (b.Labels[0] == "aws_iam_role" || b.Labels[0] == "awscc_iam_role")
		if !isRole && b.Type != "module" {
			continue
		}
		in, keys := e.everyKey(i, b)
		for _, key := range keys {
			if e.Err() != nil {
				return true
			}
			r := &reference{in: in, name: name, key: key, block: b}
			wanted := e.only == "" || depth > 0 || b.TypeRange.Filename == e.only
			switch {
			case isRole:
				role := e.role(r)
				if (wanted || role.File == e.only) && !e.yield(role, nil) {
					return false
				}
			case wanted && !e.called(r, depth):
				return false
			}
		}
	}
	return true
}

// everyKey returns the keys of all instances that a block has in any
// alternative; one that is nil for a block that has no more than one. Where
// there are none only because a variable's default switches them off, the
// instance of the module in which that is open has them.
func (e *evaluator) everyKey(i *instance, b *hclsyntax.Block) (*instance, []*value) {
	if !repeated(b) {
		return i, []*value{nil}
	}
	var keys []*value
	seen := map[string]bool{}
	e.alternatives(func() {
		for _, element := range e.expansion(i, b).items {
			if k := element.items[0]; !seen[k.text.String()] {
				seen[k.text.String()] = true
				keys = append(keys, k)
			}
		}
	})
	if opened := e.openedOf(i); len(keys) == 0 && opened != nil && e.Err() == nil {
		return e.everyKey(opened, b)
	}
	return i, keys
}

// openedOf returns the instance that is i with those defaults of the root's
// variables open that switch something off, or nil if i is that.
func (e *evaluator) openedOf(i *instance) *instance {
	if i.caller == nil {
		if i.opened {
			return nil
		}
		return e.opened
	}
	caller := e.openedOf(i.caller)
	if caller == nil {
		return nil
	}
	child, _ := e.child(caller, i.caller.blocks["module."+i.name], i.key)
	return child
}

// called yields the roles of a module that is called.
func (e *evaluator) called(r *reference, depth int) bool {
	child, missing := e.child(r.in, r.block, r.key)
	if child != nil {
		return e.walk(child, depth+1)
	}
	at := placeOf(r.block.TypeRange)
	if !e.mayMakeRole(r) {
		skipped := fmt.Sprintf("%smodule.%s (%s:%d)", r.in.prefix(), r.block.Labels[0], at.file, at.pos.Line)
		if !slices.Contains(e.skipped, skipped) {
			e.skipped = append(e.skipped, skipped)
		}
		return true
	}
	u := trust.NewUnknown("${"+r.address()+"}", missing)
	u.Definition = definition(r.in, r.block)
	return e.yield(document.Role{
		Name: r.address(), LogicalID: r.address(), File: at.file, Pos: at.pos, Policies: trust.Opaque(u, at.pos),
	}, nil)
}

// role reads a role, in all of its alternatives.
func (e *evaluator) role(r *reference) document.Role {
	at := placeOf(r.block.TypeRange)
	trusted := r.block.Body.Attributes["assume_role_policy"]
	if r.block.Labels[0] == "awscc_iam_role" {
		trusted = r.block.Body.Attributes["assume_role_policy_document"]
	}
	if trusted != nil {
		at = placeOf(trusted.Expr.Range())
	}
	role := document.Role{Name: r.address(), LogicalID: r.address(), Pos: at.pos, File: at.file}
	located := false
	var session *trust.Unknown
	name := func() (trust.Text, int, bool) {
		e.forget()
		f, exists := e.instance(r)
		duration := e.argument(f, r.block, "max_session_duration")
		seconds, ok := duration.int()
		if u := duration.unknown(); u != nil {
			session = u
		}
		if !ok {
			seconds = 3600
		}
		v := roleName(e, f, r, at)
		if a := r.block.Body.Attributes["role_name"]; a != nil {
			v = e.eval(f, a.Expr)
		}
		if !v.isScalar() {
			v = e.invalid(r.address()+".name", at)
		}
		return v.text, seconds, exists
	}
	policy := func() (document.Value, bool) {
		e.forget()
		f, exists := e.instance(r)
		v := e.invalid(r.address()+".assume_role_policy", at)
		if trusted != nil {
			if given := e.eval(f, trusted.Expr); given.isScalar() {
				v = given
			}
		}
		if v.json != nil {
			v = v.json
		}
		if !e.look(at, v) {
			return document.Scalar(jsonlex.Null, trust.Text{}, at.pos), exists
		}
		if !located { // where the policy is, and not where it is referred to
			located, at = true, v.at
			if v.origin != nil {
				at = v.origin.place
			}
		}
		if v.origin != nil && at.file == v.origin.file {
			if decoded, err := e.Decode(v.text, v.origin.of); err == nil {
				return decoded, exists
			}
		}
		return e.document(v, at.file, at.pos), exists
	}
	role = e.Role(role, name, policy)
	role.Pos, role.File, role.SessionOpen = at.pos, at.file, session
	return role
}

// definition identifies all modules that were read, by their text.
func (e *evaluator) definition() string {
	var all strings.Builder
	for _, dir := range slices.Sorted(maps.Keys(e.modules)) {
		if m := e.modules[dir]; m != nil {
			for _, name := range slices.Sorted(maps.Keys(m.sources)) {
				all.Write(m.sources[name])
			}
		}
	}
	return document.Digest(all.String())
}

// instance returns the frame in an instance of a block, and whether that, and
// all modules around it, exist in this alternative.
func (e *evaluator) instance(r *reference) (frame, bool) {
	f, exists := e.inside(r.in, r.block, r.key)
	for i := r.in; i.caller != nil && exists; i = i.caller {
		_, exists = e.inside(i.caller, i.caller.blocks["module."+i.name], i.key)
	}
	return f, exists
}

// argument returns the value of a block's argument, or null.
func (e *evaluator) argument(f frame, b *hclsyntax.Block, name string) *value {
	if a := b.Body.Attributes[name]; a != nil {
		return e.eval(f, a.Expr)
	}
	return null(placeOf(b.TypeRange))
}
