package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// leaves are the packages that import no package of the project but each other.
var leaves = []string{
	"arn", "diagnosis", "oidc", "profile", "retry", "runner", "safefile", "secret", "spelling", "strictyaml", "transport",
}

// pure are the packages, with those below them, that do no input or output and
// read no clock.
var pure = []string{"arn", "diagnosis", "explain", "plan", "strictyaml", "trust"}

// impure are packages of the standard library that a pure package does not
// need.
var impure = []string{"log", "net", "net/http", "os", "os/exec", "os/user", "syscall", "testing"}

// apart are packages that must not depend on others, not even by way of a
// third: they name the codes of refusals without the reasoning behind them.
var apart = map[string][]string{
	"assume":  {"explain", "trust"},
	"plan":    {"explain", "trust"},
	"runner":  {"explain", "trust"},
	"sandbox": {"explain"},
}

// only are packages from outside that one package of the project may import.
var only = map[string]string{
	"github.com/aws/aws-sdk-go-v2/service/sts": "assume",
	"github.com/sethvargo/go-githubactions":    "runner",
}

// Imports run downwards, as docs/architecture.md draws them.
func TestImports(t *testing.T) {
	packages := parsePackages(t)
	for _, name := range slices.Concat(leaves, pure) {
		if packages[name] == nil {
			t.Errorf("there is no package %s", name)
		}
	}
	for name, p := range packages {
		for _, imported := range p.own() {
			if imported == "cli" {
				t.Errorf("%s imports cli", name)
			}
			if slices.Contains(leaves, name) && !slices.Contains(leaves, imported) {
				t.Errorf("%s is a leaf and imports %s", name, imported)
			}
		}
		for _, imported := range p.imports {
			if owner, ok := only[imported]; ok && name != owner {
				t.Errorf("%s imports %s, which is for %s only", name, imported, owner)
			}
		}
		if root, _, _ := strings.Cut(name, "/"); slices.Contains(pure, root) {
			for _, imported := range p.imports {
				if slices.Contains(impure, imported) {
					t.Errorf("%s is pure and imports %s", name, imported)
				}
			}
			if p.clock.IsValid() {
				t.Errorf("%s is pure and reads the clock: %s", name, p.clock)
			}
		}
	}
	for name, others := range apart {
		for _, other := range others {
			if way := wayTo(packages, name, other, map[string]bool{}); way != nil {
				t.Errorf("%s depends on %s: %s", name, other, strings.Join(way, " → "))
			}
		}
	}
}

// goPackage is what the test knows of a package, without its own tests.
type goPackage struct {
	imports []string
	clock   token.Position // of a call of time.Now or the like
}

const module = "github.com/org/aws-oidc-action/internal/"

// own returns the imported packages of the project.
func (p *goPackage) own() []string {
	var names []string
	for _, imported := range p.imports {
		if name, ok := strings.CutPrefix(imported, module); ok {
			names = append(names, name)
		}
	}
	return names
}

func parsePackages(t *testing.T) map[string]*goPackage {
	t.Helper()
	packages := map[string]*goPackage{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(filepath.Dir(file))
		if packages[name] == nil {
			packages[name] = &goPackage{}
		}
		packages[name].add(fset, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

func (p *goPackage) add(fset *token.FileSet, f *ast.File) {
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		p.imports = append(p.imports, imported)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := selector.X.(*ast.Ident)
		if ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "NewTicker"}, selector.Sel.Name) {
			p.clock = fset.Position(selector.Pos())
		}
		return true
	})
}

// wayTo returns the packages by which one depends on another, or nil.
func wayTo(packages map[string]*goPackage, from, to string, seen map[string]bool) []string {
	if from == to {
		return []string{to}
	}
	if seen[from] || packages[from] == nil {
		return nil
	}
	seen[from] = true
	for _, imported := range packages[from].own() {
		if way := wayTo(packages, imported, to, seen); way != nil {
			return append([]string{from}, way...)
		}
	}
	return nil
}
