package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/terraform"
)

// maxDocument bounds a file or a stream that an argument names, in bytes. An
// account's listing of 5,000 roles takes some tens of MiB.
const maxDocument = 256 << 20

// open opens a file that an argument names; - is standard input. What the
// shell has opened (/dev/stdin, /dev/fd/63 for a process substitution) is a
// stream too; in any other place only a regular file is opened. Beyond
// maxDocument bytes the reader fails.
func (e Env) open(name string) (io.ReadCloser, error) {
	switch {
	case name == "-":
		return io.NopCloser(safefile.Limit(e.Stdin, maxDocument)), nil
	case isStream(name):
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		return limited{safefile.Limit(f, maxDocument), f}, nil
	}
	f, err := safefile.Files{}.Open(name)
	if err != nil {
		return nil, err
	}
	return limited{safefile.Limit(f, maxDocument), f}, nil
}

func isStream(name string) bool {
	return name == "-" || name == "/dev/stdin" || strings.HasPrefix(name, "/dev/fd/")
}

type limited struct {
	io.Reader
	io.Closer
}

// documents are the files and folders that a command reads roles from. What
// cannot be read of them is reported and kept in unread; it does not end the
// command, but makes its exit code exitFailure.
type documents struct {
	env     Env
	command string // such as trust lint
	options document.Options
	given   map[string]string // which file sets a name; "" for --parameter
	read    []string          // files that were read: named ones, and those of folders that have roles
	roles   int               // how many of them
	unread  []document.Unread
	notPlan bool // something was to be the plan of a change and is not

	maxFiles int // how many files and folders are looked at below an argument
}

func (e Env) documents(command string) *documents {
	return &documents{
		env: e, command: command, options: document.Options{Parameters: map[string]string{}, Names: map[string]bool{}},
		given: map[string]string{}, unread: []document.Unread{}, maxFiles: 200_000,
	}
}

// flags adds what fills in the parameters of templates.
func (d *documents) flags(fs *flag.FlagSet) {
	fs.Func("parameter", "`NAME=VALUE` of a template's parameter, of AWS::AccountId and the like, or of a placeholder; may be given again", func(s string) error {
		name, value, ok := parameter(s)
		if !ok {
			return errors.New("use NAME=VALUE")
		}
		d.options.Parameters[name], d.given[name] = value, ""
		return nil
	})
	fs.Func("parameters", "`file` with values of parameters: CloudFormation's list of ParameterKey and ParameterValue, {\"Parameters\": {NAME: VALUE}}, or NAME=VALUE lines; may be given again", d.readParameters)
}

// rolesOf yields the roles of all files and folders that the arguments name,
// which are read only while they are asked for. Its error is that of ctx.
func (d *documents) rolesOf(ctx context.Context, names ...string) iter.Seq2[document.Role, error] {
	return func(yield func(document.Role, error) bool) {
		in := &reading{documents: d, seen: map[string]bool{}, yield: func(r document.Role) bool { return yield(r, nil) }}
		for _, name := range names {
			if !in.argument(ctx, name) {
				break
			}
		}
		if err := ctx.Err(); err != nil {
			yield(document.Role{}, err)
		}
	}
}

func (d *documents) haveRead(file string) {
	if !slices.Contains(d.read, file) {
		d.read = append(d.read, file)
	}
}

// failed reports that a file could not be read, or not to its end.
func (d *documents) failed(file string, err error) {
	text := err.Error()
	if !strings.HasPrefix(text, strconv.Quote(file)) { // an error of the operating system names the file itself
		text = file + ": " + text
	}
	d.env.errorf("%s: %s", d.command, text)
	d.notPlan = d.notPlan || errors.Is(err, document.ErrNoPlan)
	d.unread = append(d.unread, document.Unread{File: file, Message: err.Error()})
}

// report says on standard error how many roles were read.
func (d *documents) report() {
	where := fmt.Sprintf("%d files", len(d.read))
	if len(d.read) == 1 {
		where = d.read[0]
	}
	if len(d.read) > 0 || len(d.unread) == 0 {
		d.env.errorf("%s: roles read: %d", where, d.roles)
	}
}

// parametersKnown reports whether the command may go on to print. It may not
// if a parameter that was given is unknown, unless a file that has it may be
// among those that could not be read.
func (d *documents) parametersKnown() bool {
	err := d.unknownParameter()
	if err != nil {
		d.env.errorf("%s: %v", d.command, err)
	}
	return err == nil || len(d.unread) > 0
}

// exitCode returns the code of a command that would end with the one given if
// all files had been read.
func (d *documents) exitCode(code int) int {
	if len(d.unread) > 0 {
		return exitFailure
	}
	return code
}

// reading is one pass over arguments. The methods report whether to go on.
type reading struct {
	*documents
	seen  map[string]bool // files and modules, by path
	files int             // looked at below the argument
	yield func(document.Role) bool
}

func (r *reading) argument(ctx context.Context, name string) bool {
	if isStream(name) {
		return r.named(ctx, name)
	}
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return r.named(ctx, name)
	}
	before := r.roles + len(r.unread)
	more := r.folder(ctx, name)
	if more && ctx.Err() == nil && r.roles+len(r.unread) == before {
		r.env.errorf("%s: no role found", name)
	}
	return more
}

// named reads a file that an argument names.
func (r *reading) named(ctx context.Context, name string) bool {
	if isSource(name) {
		return r.module(ctx, filepath.Dir(name), ".", "", filepath.Base(name))
	}
	if r.again(name) {
		return true
	}
	before := r.roles
	more, err := r.document(ctx, name, "")
	switch {
	case !more || ctx.Err() != nil:
		return false
	case err != nil:
		r.failed(name, err)
	case r.roles == before:
		r.env.errorf("%s: no role found", name)
	}
	if err == nil || r.roles > before {
		r.haveRead(name)
	}
	return true
}

// again reports whether a file or module has been read before.
func (r *reading) again(name string) bool {
	path := filepath.Clean(name)
	if isStream(name) || !r.seen[path] {
		r.seen[path] = true
		return false
	}
	return true
}

// document reads a file and yields its roles. Below a folder, id is the path
// there.
func (r *reading) document(ctx context.Context, name, id string) (more bool, err error) {
	in, err := r.env.open(name)
	if err != nil {
		return true, err
	}
	defer in.Close()
	return r.all(document.Roles(ctx, in, r.options), func(role *document.Role) bool {
		role.File, role.Document = name, id
		return true
	})
}

// all yields roles after prepare, which may leave some out.
func (r *reading) all(roles iter.Seq2[document.Role, error], prepare func(*document.Role) bool) (more bool, err error) {
	for role, err := range roles {
		if err != nil {
			return true, err
		}
		if !prepare(&role) {
			continue
		}
		r.roles++
		if !r.yield(role) {
			return false, nil
		}
	}
	return true, nil
}

// folder reads what is below a folder and holds roles. Hidden folders (.git,
// .terraform), node_modules and links are left out.
func (r *reading) folder(ctx context.Context, root string) bool {
	var modules, files []string // below root
	r.files = 0
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if r.files++; r.files > r.maxFiles {
			return fmt.Errorf("more than %d files; name the folders that have policies", r.maxFiles)
		}
		below, _ := filepath.Rel(root, path) // path is below root
		switch {
		case ctx.Err() != nil:
			return filepath.SkipAll
		case err != nil:
			r.failed(path, err)
		case entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case !entry.Type().IsRegular():
		case !isSource(path):
			files = append(files, below)
		case !slices.Contains(modules, filepath.ToSlash(filepath.Dir(below))):
			modules = append(modules, filepath.ToSlash(filepath.Dir(below)))
		}
		return nil
	})
	if err != nil {
		r.failed(root, err)
	}
	if len(modules) > 0 && !r.terraform(ctx, root, modules) {
		return false
	}
	for _, file := range files {
		if ctx.Err() != nil || !r.found(ctx, filepath.Join(root, file), filepath.ToSlash(file)) {
			return false
		}
	}
	return ctx.Err() == nil
}

// terraform reads the Terraform modules below a folder, but for those that
// others of them call: they are read where they are called. What a module reads
// is a part of it, such as a template that it fills in.
func (r *reading) terraform(ctx context.Context, root string, modules []string) bool {
	below, err := os.OpenRoot(root)
	if err != nil {
		r.failed(root, err)
		return true
	}
	defer below.Close()
	for _, module := range terraform.Roots(ctx, below.FS(), modules) {
		if ctx.Err() != nil || !r.module(ctx, root, module, module, "") {
			return false
		}
	}
	return true
}

// found reads a file below a folder, unless it holds no roles.
func (r *reading) found(ctx context.Context, name, id string) bool {
	expected := slices.Contains([]string{".json", ".yaml", ".yml", ".template", ".tfstate"}, strings.ToLower(filepath.Ext(name)))
	if !expected && !r.looksLikeJSON(name) || r.again(name) {
		return true
	}
	before := r.roles
	more, err := r.document(ctx, name, id)
	if !more || ctx.Err() != nil {
		return false
	}
	var form *document.FormError
	if err != nil && (r.roles > before || !errors.As(err, &form) && expected && r.mentionsTrust(name)) {
		r.failed(name, err)
	}
	if r.roles > before {
		r.haveRead(name)
	}
	return true
}

// looksLikeJSON reports whether a file begins as JSON does that is not a
// text or number alone.
func (r *reading) looksLikeJSON(name string) bool {
	in, err := r.env.open(name)
	if err != nil {
		return false
	}
	defer in.Close()
	head := make([]byte, 512)
	n, _ := io.ReadFull(in, head)
	head = bytes.TrimLeft(bytes.Trim(head[:n], "\xef\xbb\xbf\xff\xfe\x00"), " \t\r\n")
	return len(head) > 0 && (head[0] == '{' || head[0] == '[')
}

// mentionsTrust reports whether a file that is of no known syntax has a word
// of trust policies, so that leaving it out would hide a role. What cannot be
// searched may have one.
func (r *reading) mentionsTrust(name string) bool {
	in, err := r.env.open(name)
	if err != nil {
		return true
	}
	defer in.Close()
	const longest = 32 // more than a word, whose halves may be read apart
	chunk, rest := make([]byte, 64<<10), 0
	for {
		n, err := in.Read(chunk[rest:])
		text := chunk[:rest+n]
		lower := bytes.ToLower(bytes.ReplaceAll(text, []byte{0}, nil)) // UTF-16 has a zero beside each letter of a word
		for _, word := range []string{"principal", "sts:", "assumerole", "assume_role", "oidc-provider"} {
			if bytes.Contains(lower, []byte(word)) {
				return true
			}
		}
		if err != nil {
			return err != io.EOF
		}
		rest = copy(chunk, text[max(0, len(text)-longest):])
	}
}

// isSource reports whether a file is one of a Terraform module, which is the
// folder that it is in.
func isSource(file string) bool {
	return slices.ContainsFunc([]string{".tf", ".tofu", ".tf.json", ".tofu.json"}, func(end string) bool { return strings.HasSuffix(file, end) })
}

// observed is a file system that reports the files that are opened.
type observed struct {
	fs.FS
	opened func(name string)
}

func (o observed) Open(name string) (fs.File, error) {
	o.opened(name)
	return o.FS.Open(name)
}

func (o observed) Stat(name string) (fs.FileInfo, error)      { return fs.Stat(o.FS, name) }
func (o observed) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(o.FS, name) }

// module reads the Terraform module in a folder below root, all of whose
// sources belong together; of one that an argument names, only what concerns
// that.
func (r *reading) module(ctx context.Context, root, folder, id, only string) bool {
	name := filepath.Join(root, filepath.FromSlash(folder), only)
	if only == "" && r.again(name) {
		return true
	}
	below, err := os.OpenRoot(root)
	if err != nil {
		r.failed(name, err)
		return true
	}
	defer below.Close()
	options := r.options
	options.Note = func(text string) { r.env.errorf("%s: %s", name, text) }
	before := r.roles
	files := observed{below.FS(), func(file string) { r.again(filepath.Join(root, filepath.FromSlash(file))) }}
	more, err := r.all(terraform.Module(ctx, files, folder, only, options), func(role *document.Role) bool {
		role.File, role.Document = filepath.Join(root, filepath.FromSlash(role.File)), id
		return true
	})
	switch {
	case !more || ctx.Err() != nil:
		return false
	case err != nil:
		r.failed(name, err)
	case only != "" && r.roles == before:
		r.env.errorf("%s: no role found", name)
	}
	if r.roles > before || only != "" && err == nil {
		r.haveRead(name)
	}
	return true
}
