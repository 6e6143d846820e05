package terraform

import (
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/org/aws-oidc-action/internal/trust"
)

// file is what reads a file of the folder, whose names start from where
// Terraform is run: the folder of the root module.
func (c call) file() *value {
	name, ok := c.text(0)
	if c.name == "templatestring" {
		if ok && c.arg(1).kind == isObject {
			return c.e.render(name, c.at.file, c.arg(1), c.at)
		}
		return c.open()
	}
	if !ok || path.IsAbs(name) || c.f.instance == nil || c.f.module == nil {
		return c.open()
	}
	name = path.Join(c.f.root().dir, name)
	src, err := c.e.text(name)
	switch {
	case c.name == "fileexists":
		if err != nil {
			return c.open()
		}
		return boolean(true, c.at)
	case err != nil || !utf8.Valid(src):
		return c.open()
	case c.name == "file":
		v := c.string(string(src))
		v.origin = &origin{place: place{name, trust.Pos{Line: 1, Column: 1}}}
		return v
	}
	if c.arg(1).kind != isObject {
		return c.open()
	}
	return c.e.render(string(src), name, c.arg(1), c.at)
}

// text returns the content of a file, which is read once.
func (e *evaluator) text(name string) ([]byte, error) {
	if r, ok := e.texts[name]; ok {
		return r.src, r.err
	}
	src, err := e.reader.file(name)
	e.texts[name] = content{src, err}
	return src, err
}

// content is what a file holds, or why it cannot be read.
type content struct {
	src []byte
	err error
}

// render fills in a template. Only the values that it is given have names.
func (e *evaluator) render(text, file string, values *value, at place) *value {
	if !e.spend(at, len(text)) {
		return null(at)
	}
	x, err := parseTemplate([]byte(text), file, start)
	if err != nil {
		return e.apply("templatefile", at, known(file, at), values)
	}
	f := frame{}
	for i, k := range values.keys {
		f = f.with(k.text.String(), values.items[i])
	}
	return e.eval(f, x).again(at)
}

// fileset returns the names of the files in a folder that a pattern matches.
// Patterns of folders are left unknown: there can be any number of those.
func (c call) fileset() *value {
	all, ok := c.texts(2)
	if !ok || c.f.instance == nil || c.f.module == nil {
		return c.open()
	}
	below, pattern := path.Split(all[1])
	folder := path.Join(c.f.root().dir, all[0], below)
	unclear := path.IsAbs(all[0]) || strings.ContainsAny(below, "*?[{") || strings.Contains(pattern, "**") || strings.Contains(pattern, "{")
	if unclear || !fs.ValidPath(folder) {
		return c.open()
	}
	entries, err := fs.ReadDir(c.e.reader.fsys, folder)
	if err != nil {
		return c.open()
	}
	v := &value{kind: isSet, at: c.at}
	for _, entry := range entries {
		if !c.e.spend(c.at, len(entry.Name())) {
			break
		}
		matched, err := path.Match(pattern, entry.Name())
		if err != nil {
			return c.refused()
		}
		if info, err := fs.Stat(c.e.reader.fsys, path.Join(folder, entry.Name())); matched && err == nil && info.Mode().IsRegular() {
			v.items = append(v.items, known(path.Join(below, entry.Name()), c.at))
		}
	}
	return v
}

// part is basename and dirname.
func (c call) part() *value {
	name, ok := c.text(0)
	switch {
	case !ok:
		return c.open()
	case c.name == "basename":
		return c.string(path.Base(name))
	}
	return c.string(path.Dir(name))
}

func (c call) jsonencode() *value {
	a := c.arg(0)
	text := a.encoded()
	c.e.spend(c.at, len(text.String()))
	v := str(text, c.at)
	v.json = a
	return v
}

func (c call) decode() *value {
	a := c.arg(0)
	if !a.isScalar() || c.name == "yamldecode" && a.text.Unknown() != nil {
		return c.open()
	}
	v := c.e.decoded(a.again(c.at))
	if c.name == "yamldecode" {
		return v.plain()
	}
	return v
}

// plain converts texts of YAML that look like numbers or booleans to that kind.
func (v *value) plain() *value {
	c := v.changed()
	c.items = nil
	for _, item := range v.items {
		c.items = append(c.items, item.plain())
	}
	if text, ok := v.known(); ok && v.kind == isString {
		if _, isNumeric := v.float(); isNumeric {
			c.kind = isNumber
		} else if text == "true" || text == "false" {
			c.kind = isBool
		}
	}
	return c
}
