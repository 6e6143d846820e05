// Package profile edits the two files in which AWS SDKs look for profiles: the
// config file and the shared credentials file. It keeps every byte that it does
// not have to change. After a change the SDKs for Go, Python (botocore) and
// JavaScript read the same values, although they differ in much of the format; if
// they would still differ, the change is an error.
package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/org/aws-oidc-action/internal/secret"
)

// MaxSize is the maximum size, in bytes, of a file that is parsed or written. 500
// profiles with session tokens of 2 KiB take an eighth of it.
const MaxSize = 8 << 20

const byteOrderMark = "\ufeff"

// File is a config or credentials file that keeps every byte it does not
// change. It may contain secrets and prints as a placeholder.
type File struct {
	kind  kind
	mark  string   // a byte order mark, or nothing
	lines []string // with their endings; only the last may lack one

	found []section // what sections returned last; nil once lines have changed
}

// kind is what a file is for: the same profile has different headers in the two.
type kind int

const (
	configFile kind = iota
	credentialsFile
)

func (k kind) String() string {
	if k == configFile {
		return "config file"
	}
	return "credentials file"
}

// ParseConfig parses a config file (AWS_CONFIG_FILE), whose sections are called
// "profile NAME", or "default". An empty src is an empty file.
func ParseConfig(src []byte) (*File, error) { return parse(configFile, src) }

// ParseCredentials parses a shared credentials file
// (AWS_SHARED_CREDENTIALS_FILE), whose sections are called by the profile's
// bare name.
func ParseCredentials(src []byte) (*File, error) { return parse(credentialsFile, src) }

// parse rejects only what is not text with line endings that all SDKs support.
// Lines that an SDK cannot read are kept as they are.
func parse(k kind, src []byte) (*File, error) {
	if len(src) > MaxSize {
		return nil, fmt.Errorf("%s: it has %d bytes, more than the maximum of %d; remove profiles from it", k, len(src), MaxSize)
	}
	text, marked := strings.CutPrefix(string(src), byteOrderMark)
	f := &File{kind: k}
	if marked {
		f.mark = byteOrderMark
	}
	for line := range strings.Lines(text) {
		f.lines = append(f.lines, line)
		if strings.ContainsRune(line, 0) {
			return nil, fmt.Errorf("%s: line %d contains a zero byte; save the file as UTF-8 text", k, len(f.lines))
		}
		// To botocore it ends a line, to the others it does not.
		if strings.ContainsRune(strings.TrimSuffix(line, "\r\n"), '\r') {
			return nil, fmt.Errorf("%s: line %d contains a carriage return without a line feed; save the file with Unix or Windows line endings", k, len(f.lines))
		}
	}
	return f, nil
}

// Bytes returns the file's content.
func (f *File) Bytes() []byte {
	var b bytes.Buffer
	b.WriteString(f.mark)
	for _, line := range f.lines {
		b.WriteString(line)
	}
	return b.Bytes()
}

// Format implements fmt.Formatter, so that no verb prints the file's secrets.
func (File) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "profile.File(***)") }

// Has reports whether any SDK sees the profile in this file.
func (f *File) Has(profile string) bool {
	return len(f.sectionsOf(profile)) > 0
}

// Get returns the value of the profile's entry, the last one if there are
// several, without a comment after it. Keys are lower case. Entries of nested
// blocks are not found.
func (f *File) Get(profile, key string) (value secret.Value, ok bool) {
	for _, s := range f.sectionsOf(profile) {
		for _, line := range f.lines[s.head+1 : s.tail] {
			if k, text := splitEntry(line); k == key && !isBlank(line[:1]) {
				value, ok = secret.New(text), true
			}
		}
	}
	return value, ok
}

// Entry is one line of a section.
type Entry struct {
	Key   string
	Value secret.Value
}

// Set makes entries the profile's only ones: it replaces the content of the first
// section of that profile, including nested blocks, and removes its other
// sections, or appends a section. Comments between sections and on the header are
// kept. A byte order mark is dropped, as botocore cannot read such a file.
//
// It changes nothing and returns an error if an entry cannot be written so that
// every SDK reads it, if the SDKs disagree about where the section to be
// replaced begins or ends, or if botocore would add credentials of a [DEFAULT]
// section. No error contains a value.
func (f *File) Set(profile string, entries []Entry) error {
	if err := ValidateName(profile); err != nil {
		return err
	}
	if len(entries) == 0 {
		return fmt.Errorf("profile %q has no entries", profile)
	}
	body, err := f.render(entries)
	if err != nil {
		return fmt.Errorf("profile %q: %w", profile, err)
	}
	if err := f.inheritsNothing(); err != nil {
		return err
	}
	sections := f.sectionsOf(profile)
	if err := f.editable(sections); err != nil {
		return err
	}
	f.mark = ""
	if len(sections) == 0 {
		f.add(append([]string{f.header(profile)}, body...))
		return nil
	}
	// From the end, so that the sections before keep their line numbers.
	for i := len(sections) - 1; i > 0; i-- {
		f.cut(sections[i])
	}
	header := f.header(profile)
	if sections[0].readers.agreeOn(profile) {
		header = f.lines[sections[0].head]
		if !strings.HasSuffix(header, "\n") {
			header += f.newline()
		}
	}
	f.replace(sections[0], append([]string{header}, body...))
	return nil
}

// Remove removes every section of the profiles, with one blank line before each,
// so that it undoes a Set that appended one. A missing profile is no error. A
// profile whose sections SDKs read differently is kept; the others are removed.
func (f *File) Remove(profiles ...string) error {
	var errs []error
	removed := map[int]section{} // by head: two names may mean one section
	for _, profile := range profiles {
		sections := f.sectionsOf(profile)
		if err := f.editable(sections); err != nil {
			errs = append(errs, err)
			continue
		}
		for _, s := range sections {
			removed[s.head] = s
		}
	}
	// From the end, so that the sections before keep their line numbers.
	for _, head := range slices.Backward(slices.Sorted(maps.Keys(removed))) {
		f.mark = ""
		f.cut(removed[head])
	}
	return errors.Join(errs...)
}

// section is a header with its entries: lines[head] and lines[head+1:tail].
// From tail to the next header there are only blank lines and comments.
type section struct {
	head, tail, next int
	readers          reading
}

// sections returns every section that any SDK sees.
func (f *File) sections() []section {
	if f.found == nil {
		f.found = f.scan()
	}
	return f.found
}

func (f *File) scan() []section {
	list := []section{}
	for i, line := range f.lines {
		if r, ok := readHeader(f.kind, line); ok {
			list = append(list, section{head: i, tail: i + 1, next: len(f.lines), readers: r})
			if n := len(list); n > 1 {
				list[n-2].next = i
			}
		} else if n := len(list); n > 0 && !isBlank(line) && !isComment(line) {
			list[n-1].tail = i + 1
		}
	}
	return list
}

func (f *File) sectionsOf(profile string) []section {
	var list []section
	for _, s := range f.sections() {
		if s.readers.anySees(profile) {
			list = append(list, s)
		}
	}
	return list
}

// editable rejects sections whose bounds differ between SDKs: for some of them, a
// change would add or remove entries of a neighbor.
func (f *File) editable(sections []section) error {
	for _, s := range sections {
		for _, bound := range []int{s.head, s.next} {
			if bound == len(f.lines) {
				continue
			}
			if r, _ := readHeader(f.kind, f.lines[bound]); !r.plain {
				return fmt.Errorf("%s: line %d: %.80q starts a section for some SDKs only; put [name] at the beginning of the line, with nothing but a comment after it",
					f.kind, bound+1, strings.TrimSpace(f.lines[bound]))
			}
		}
	}
	return nil
}

// sourceKeys say where a profile's credentials come from.
var sourceKeys = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(aws_.*|sso_.*|role_arn|source_profile|credential_source|credential_process|web_identity_token_file|login_session)$`)
})

// inheritsNothing rejects a file in which botocore would add credentials to every
// section.
func (f *File) inheritsNothing() error {
	for _, s := range f.sections() {
		if !s.readers.defaults {
			continue
		}
		for i := s.head + 1; i < s.tail; i++ {
			if key, _ := splitEntry(f.lines[i]); sourceKeys().MatchString(key) {
				return fmt.Errorf("%s: line %d: botocore applies %s of [DEFAULT] to every profile; move it to a profile of its own",
					f.kind, i+1, key)
			}
		}
	}
	return nil
}

// header is the line that starts a profile's section for every SDK.
func (f *File) header(profile string) string {
	if f.kind == configFile && profile != Default {
		profile = "profile " + profile
	}
	return "[" + profile + "]" + f.newline()
}

func (f *File) render(entries []Entry) ([]string, error) {
	var lines []string
	seen := make(map[string]bool)
	for _, e := range entries {
		if seen[e.Key] {
			return nil, fmt.Errorf("entry %q is duplicated", e.Key)
		}
		seen[e.Key] = true
		if err := e.validate(); err != nil {
			return nil, err
		}
		lines = append(lines, e.Key+" = "+e.Value.Reveal()+f.newline())
	}
	return lines, nil
}

// newline is the file's line ending.
func (f *File) newline() string {
	if len(f.lines) > 0 && strings.HasSuffix(f.lines[0], "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// open reports whether the last line has no line ending.
func (f *File) open() bool {
	return len(f.lines) > 0 && !strings.HasSuffix(f.lines[len(f.lines)-1], "\n")
}

// add appends a section after a blank line. A file whose last line has no line
// ending stays without one, so that cut can restore it.
func (f *File) add(lines []string) {
	f.found = nil
	if len(f.lines) > 0 {
		wasOpen, newline := f.open(), f.newline()
		if wasOpen {
			f.lines[len(f.lines)-1] += newline
			lines[len(lines)-1] = strings.TrimSuffix(lines[len(lines)-1], newline)
		}
		f.lines = append(f.lines, newline)
	}
	f.lines = append(f.lines, lines...)
}

// replace replaces a section, up to its last entry, by lines.
func (f *File) replace(s section, lines []string) {
	f.found = nil
	if s.tail == len(f.lines) && f.open() {
		last := len(lines) - 1
		lines[last] = strings.TrimSuffix(lines[last], f.newline())
	}
	f.lines = slices.Replace(f.lines, s.head, s.tail, lines...)
}

// cut removes a section, with one blank line before it.
func (f *File) cut(s section) {
	f.found = nil
	wasOpen := s.tail == len(f.lines) && f.open()
	head := s.head
	if head > 0 && isBlank(f.lines[head-1]) {
		head--
	}
	f.lines = slices.Delete(f.lines, head, s.tail)
	if last := len(f.lines) - 1; wasOpen && last >= 0 {
		f.lines[last] = strings.TrimSuffix(strings.TrimSuffix(f.lines[last], "\n"), "\r")
	}
}
