package terraform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/org/aws-oidc-action/internal/trust"
)

// What the files of modules may cost.
const (
	maxFile   = 1 << 20  // bytes of one file
	maxSource = 16 << 20 // bytes of all files that are read
	maxFiles  = 5_000    // files that are read
	maxNested = 1_000    // nested brackets, operators and template directives of a file
)

// module is what the files of a folder declare.
type module struct {
	dir       string // below the root of the file system
	variables map[string]*hclsyntax.Block
	given     map[string]hclsyntax.Expression // values of variables in terraform.tfvars and *.auto.tfvars
	locals    map[string]*hclsyntax.Attribute
	outputs   map[string]*hclsyntax.Block
	blocks    map[string]*hclsyntax.Block // resources, data.* and module.*, by address
	order     []string                    // addresses of blocks, as they are written
	sources   map[string][]byte           // by file
	problems  []error                     // files that cannot be read
}

// reader reads files, within bounds.
type reader struct {
	ctx   context.Context
	fsys  fs.FS
	files int
	bytes int
}

// file returns the content of a regular file.
func (r *reader) file(name string) ([]byte, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	if !fs.ValidPath(name) {
		return nil, errors.New("file is outside of the folder that is read")
	}
	info, err := fs.Stat(r.fsys, name)
	switch {
	case err != nil:
		return nil, errors.New("file cannot be read")
	case !info.Mode().IsRegular():
		return nil, errors.New("file is not a regular file")
	}
	if r.files++; r.files > maxFiles {
		return nil, fmt.Errorf("more than %d files", maxFiles)
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, errors.New("file cannot be read")
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	r.bytes += len(src)
	switch {
	case err != nil:
		return nil, errors.New("file cannot be read")
	case len(src) > maxFile:
		return nil, fmt.Errorf("file is larger than %d bytes", maxFile)
	case r.bytes > maxSource:
		return nil, fmt.Errorf("files have more than %d bytes altogether", maxSource)
	}
	return src, nil
}

// isSource reports whether a file is Terraform's or OpenTofu's, and whether
// it is in the JSON form.
func isSource(name string) (is, json bool) {
	switch {
	case strings.HasPrefix(name, "."), strings.HasSuffix(name, "~"), strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#"):
		return false, false // Terraform ignores what editors leave
	case strings.HasSuffix(name, ".tf.json"), strings.HasSuffix(name, ".tofu.json"):
		return true, true
	}
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tofu"), false
}

// overrides reports whether a file changes the blocks of others (Terraform
// language, override files).
func overrides(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	return base == "override" || strings.HasSuffix(base, "_override")
}

// module reads the files of a folder, which must have some.
func (r *reader) module(dir string) (*module, error) {
	entries, err := fs.ReadDir(r.fsys, dir)
	if err != nil {
		return nil, errors.New("folder cannot be read")
	}
	m := &module{
		dir: dir, variables: map[string]*hclsyntax.Block{}, given: map[string]hclsyntax.Expression{},
		locals: map[string]*hclsyntax.Attribute{}, outputs: map[string]*hclsyntax.Block{},
		blocks: map[string]*hclsyntax.Block{}, sources: map[string][]byte{},
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	var bodies, changes []*hclsyntax.Body
	var given []string
	for _, name := range names {
		if isGiven(name) {
			given = append(given, name)
		}
		is, json := isSource(name)
		if tofu := strings.Replace(name, ".tf", ".tofu", 1); !is || tofu != name && slices.Contains(names, tofu) {
			continue // OpenTofu's file counts before Terraform's of the same name
		}
		body := m.read(r, name, json)
		switch {
		case body == nil:
		case overrides(name):
			changes = append(changes, body)
		default:
			bodies = append(bodies, body)
		}
	}
	for _, body := range bodies {
		m.declare(body, false)
	}
	for _, body := range changes {
		m.declare(body, true)
	}
	m.readGiven(r, given)
	return m, nil
}

// isGiven reports whether Terraform reads values of variables from a file
// without a flag that names it.
func isGiven(name string) bool {
	name = strings.TrimSuffix(name, ".json")
	return name == "terraform.tfvars" || strings.HasSuffix(name, ".auto.tfvars")
}

// readGiven reads values of variables; later files count before earlier ones
// (Terraform language, variable definition precedence).
func (m *module) readGiven(r *reader, names []string) {
	isAuto := func(name string) bool { return !strings.HasPrefix(name, "terraform.tfvars") }
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case isAuto(a) == isAuto(b):
			return strings.Compare(a, b)
		case isAuto(b):
			return -1
		}
		return 1
	})
	for _, name := range names {
		if body := m.read(r, name, strings.HasSuffix(name, ".json")); body != nil {
			for variable, a := range body.Attributes {
				m.given[variable] = a.Expr
			}
		}
	}
}

// read parses a file. One that is not right is noted, and nil returned.
func (m *module) read(r *reader, name string, json bool) *hclsyntax.Body {
	file := path.Join(m.dir, name)
	src, err := r.file(file)
	if err != nil {
		m.problems = append(m.problems, fmt.Errorf("%s: %w", file, err))
		return nil
	}
	m.sources[file] = src
	var body *hclsyntax.Body
	if json {
		body, err = parseJSON(src, file)
	} else {
		body, err = parse(src, file)
	}
	if err != nil {
		m.problems = append(m.problems, fmt.Errorf("%s: %w", file, err))
		return nil
	}
	return body
}

var start = hcl.Pos{Line: 1, Column: 1}

// parse reads a file in Terraform's native syntax.
func parse(src []byte, file string) (*hclsyntax.Body, error) {
	tokens, _ := hclsyntax.LexConfig(src, file, start)
	if err := checkNesting(tokens); err != nil {
		return nil, err
	}
	parsed, diagnostics := hclsyntax.ParseConfig(src, file, start)
	if err := problem(diagnostics); err != nil {
		return nil, err
	}
	return parsed.Body.(*hclsyntax.Body), nil
}

// parseExpression reads an expression.
func parseExpression(src []byte, file string, at hcl.Pos) (hclsyntax.Expression, error) {
	tokens, _ := hclsyntax.LexExpression(src, file, at)
	if err := checkNesting(tokens); err != nil {
		return nil, err
	}
	e, diagnostics := hclsyntax.ParseExpression(src, file, at)
	return e, problem(diagnostics)
}

// parseTemplate reads a text with ${ } and %{ } in it.
func parseTemplate(src []byte, file string, at hcl.Pos) (hclsyntax.Expression, error) {
	tokens, _ := hclsyntax.LexTemplate(src, file, at)
	if err := checkNesting(tokens); err != nil {
		return nil, err
	}
	e, diagnostics := hclsyntax.ParseTemplate(src, file, at)
	return e, problem(diagnostics)
}

// problem returns the first error of the parser. Its details can quote the
// file, its summary does not.
func problem(diagnostics hcl.Diagnostics) error {
	for _, d := range diagnostics {
		if d.Severity != hcl.DiagError {
			continue
		}
		var at trust.Pos
		if d.Subject != nil {
			at = placeOf(*d.Subject).pos
		}
		return at.Errorf("Terraform syntax: %s", strings.ToLower(d.Summary[:1])+d.Summary[1:])
	}
	return nil
}

func placeOf(r hcl.Range) place {
	return place{r.Filename, trust.Pos{Line: max(r.Start.Line, 1), Column: max(r.Start.Column, 1)}}
}

// checkNesting refuses what would take the parser, which calls itself for
// each bracket, operator and directive within another, too deep.
func checkNesting(tokens hclsyntax.Tokens) error {
	type level struct {
		braces bool // ends an expression with its line
		pushed int  // operators and directives that can be within one another
	}
	open := []level{{braces: true}}
	depth := 0
	for _, t := range tokens {
		last := &open[len(open)-1]
		switch t.Type {
		case hclsyntax.TokenTemplateControl:
			last.pushed++
			depth += 2
			open = append(open, level{})
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp:
			depth++
			open = append(open, level{braces: t.Type == hclsyntax.TokenOBrace})
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			if len(open) > 1 {
				depth -= last.pushed + 1
				open = open[:len(open)-1]
			}
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion:
			last.pushed++
			depth++
		case hclsyntax.TokenNewline, hclsyntax.TokenComma:
			if t.Type == hclsyntax.TokenComma || last.braces {
				depth -= last.pushed
				last.pushed = 0
			}
		}
		if depth > maxNested {
			return placeOf(t.Range).pos.Errorf("more than %d nested expressions", maxNested)
		}
	}
	return nil
}

// declare takes the blocks of a file. Those of an override file change what the
// module has, argument by argument; a resource, data source or module that it does not
// have is an error to Terraform, and left out.
func (m *module) declare(body *hclsyntax.Body, override bool) {
	place := func(base, b *hclsyntax.Block) *hclsyntax.Block {
		if override {
			return merged(base, b)
		}
		return b
	}
	for _, b := range body.Blocks {
		switch address := addressOf(b); {
		case b.Type == "locals":
			for name, a := range b.Body.Attributes {
				m.locals[name] = a
			}
		case b.Type == "variable" && len(b.Labels) == 1:
			m.variables[b.Labels[0]] = place(m.variables[b.Labels[0]], b)
		case b.Type == "output" && len(b.Labels) == 1:
			m.outputs[b.Labels[0]] = place(m.outputs[b.Labels[0]], b)
		case address != "" && (!override || m.blocks[address] != nil):
			if _, twice := m.blocks[address]; !twice {
				m.order = append(m.order, address)
			}
			m.blocks[address] = place(m.blocks[address], b)
		}
	}
}

// addressOf returns how a resource, a data source or a module is referred to.
func addressOf(b *hclsyntax.Block) string {
	switch {
	case b.Type == "resource" && len(b.Labels) == 2:
		return b.Labels[0] + "." + b.Labels[1]
	case b.Type == "data" && len(b.Labels) == 2:
		return "data." + b.Labels[0] + "." + b.Labels[1]
	case b.Type == "module" && len(b.Labels) == 1:
		return "module." + b.Labels[0]
	}
	return ""
}

// merged returns base, if there is one, with the arguments and the nested blocks
// of change in place of its own.
func merged(base, change *hclsyntax.Block) *hclsyntax.Block {
	if base == nil {
		return change
	}
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: base.Body.SrcRange}
	for name, a := range base.Body.Attributes {
		body.Attributes[name] = a
	}
	for name, a := range change.Body.Attributes {
		body.Attributes[name] = a
	}
	replaced := map[string]bool{}
	for _, b := range change.Body.Blocks {
		replaced[generated(b)] = true
	}
	for _, b := range base.Body.Blocks {
		if !replaced[generated(b)] {
			body.Blocks = append(body.Blocks, b)
		}
	}
	body.Blocks = append(body.Blocks, change.Body.Blocks...)
	result := *base
	result.Body = body
	return &result
}

// generated returns the type of a nested block, or of those that a dynamic
// one makes.
func generated(b *hclsyntax.Block) string {
	if b.Type == "dynamic" && len(b.Labels) == 1 {
		return b.Labels[0]
	}
	return b.Type
}
