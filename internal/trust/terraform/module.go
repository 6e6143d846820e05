package terraform

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// child returns the module that a block calls, or why it cannot be followed.
func (e *evaluator) child(caller *instance, call *hclsyntax.Block, key *value) (*instance, string) {
	name := call.Labels[0]
	m := memo{caller, "module." + name + subscript(key)}
	if i, ok := e.children[m]; ok {
		return i, ""
	}
	source, ok := sourceOf(call)
	missing := caller.prefix() + "module." + name + " (source " + strconv.Quote(source) + ", which is not in the folder)"
	if !ok {
		return nil, caller.prefix() + "module." + name + " (source is not a text)"
	}
	dir, ok := e.manifest[callPath(caller, name)]
	if isLocal(source) {
		dir, ok = path.Join(caller.dir, source), true
	}
	if !ok || !fs.ValidPath(dir) {
		return nil, missing
	}
	child, read := e.modules[dir]
	if !read {
		child, _ = e.reader.module(dir)
		e.modules[dir] = child
		if child != nil {
			e.loaded = append(e.loaded, dir)
		}
	}
	if child == nil || len(child.sources) == 0 {
		return nil, missing
	}
	if len(e.children) == maxInstances {
		e.fail(placeOf(call.TypeRange), "more than %d modules are called", maxInstances)
	}
	i := &instance{module: child, caller: caller, name: name, key: key, opened: caller.opened}
	e.children[m] = i
	return i, ""
}

func isLocal(source string) bool {
	return strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

// sourceOf returns the source of a module that is called, which Terraform
// wants to be a literal.
func sourceOf(call *hclsyntax.Block) (string, bool) {
	a := call.Body.Attributes["source"]
	if a == nil {
		return "", false
	}
	x := a.Expr
	if t, ok := x.(*hclsyntax.TemplateExpr); ok && t.IsStringLiteral() {
		x = t.Parts[0]
	}
	l, ok := x.(*hclsyntax.LiteralValueExpr)
	if !ok {
		return "", false
	}
	return literal(l.Val, place{}).known()
}

// callPath returns the names of the calls that lead to a module, as the
// manifest of installed modules has them.
func callPath(caller *instance, name string) string {
	if caller.caller == nil {
		return name
	}
	return callPath(caller.caller, caller.name) + "." + name
}

// readManifest reads which modules Terraform has installed, if it has.
func (e *evaluator) readManifest(root string) {
	src, err := e.reader.file(path.Join(root, ".terraform/modules/modules.json"))
	if err != nil {
		return
	}
	var manifest struct {
		Modules []struct{ Key, Dir string }
	}
	if json.Unmarshal(src, &manifest) != nil {
		return
	}
	e.manifest = map[string]string{}
	for _, m := range manifest.Modules {
		if m.Key != "" {
			e.manifest[m.Key] = path.Join(root, m.Dir)
		}
	}
}

// mayMakeRole reports whether a module that cannot be followed may well make a
// role that trusts GitHub: its source or an argument speaks of GitHub, of OIDC
// or of IAM roles, or it is given a subject.
func (e *evaluator) mayMakeRole(r *reference) bool {
	source, _ := sourceOf(r.block)
	speaks := func(text string) bool {
		text = strings.ToLower(text)
		return strings.Contains(text, "github") || strings.Contains(text, "oidc") || strings.Contains(text, "openid")
	}
	words := strings.FieldsFunc(strings.ToLower(source), func(c rune) bool { return strings.ContainsRune("/-_.:?=@", c) })
	_, address, hosted := strings.Cut(strings.ToLower(source), "github.com") // as the host of the repository
	if !hosted {
		address = source
	}
	if speaks(address) || slices.Contains(words, "iam") || slices.Contains(words, "role") || slices.Contains(words, "roles") {
		return true
	}
	f, exists := e.inside(r.in, r.block, r.key)
	for name, a := range r.block.Body.Attributes {
		if name == "source" || name == "version" || name == "for_each" || name == "count" || !exists {
			continue
		}
		if speaks(name) || strings.Contains(name, "assume_role_policy") || strings.Contains(name, "trust") {
			return true
		}
		if text := e.eval(f, a.Expr).render(); strings.Contains(text, "token.actions.") || strings.Contains(text, "repo:") {
			return true
		}
	}
	return false
}

// noteSkipped says which modules have not been followed.
func (e *evaluator) noteSkipped() {
	if e.options.Note == nil || len(e.skipped) == 0 {
		return
	}
	const most = 20
	shown := e.skipped[:min(most, len(e.skipped))]
	text := "modules not read, because they are not in the folder: " + strings.Join(shown, ", ")
	if more := len(e.skipped) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	e.options.Note(text)
}

// Roots returns those of the folders that no module in another one of them
// calls: the modules that are deployed, or meant for others to call. Of
// modules that call each other in a circle it returns the first.
func Roots(ctx context.Context, fsys fs.FS, dirs []string) []string {
	if len(dirs) < 2 {
		return dirs
	}
	calls := map[string][]string{}
	called := map[string]bool{}
	for _, dir := range dirs {
		m, err := (&reader{ctx: ctx, fsys: fsys}).module(dir)
		if err != nil {
			continue
		}
		for _, b := range m.blocks {
			source, ok := sourceOf(b)
			if target := path.Join(dir, source); ok && b.Type == "module" && isLocal(source) && target != dir {
				calls[dir] = append(calls[dir], target)
				called[target] = true
			}
		}
	}
	reached := map[string]bool{}
	var reach func(dir string)
	reach = func(dir string) {
		if !reached[dir] {
			reached[dir] = true
			for _, target := range calls[dir] {
				reach(target)
			}
		}
	}
	isRoot := map[string]bool{}
	for _, circles := range []bool{false, true} { // what no root calls is in a circle, or called from one
		for _, dir := range dirs {
			if !reached[dir] && called[dir] == circles {
				isRoot[dir] = true
				reach(dir)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool { return !isRoot[dir] })
}
