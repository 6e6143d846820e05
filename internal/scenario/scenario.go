// Package scenario reads the file of a rehearsal: GitHub's facts about the job, the
// accounts, roles and keys in AWS, faults, and the expected outcome. It is data;
// package sandbox serves it.
package scenario

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/strictyaml"
	"github.com/org/aws-oidc-action/internal/trust"
)

// maxScenario is the size of the largest scenario or policy file that is
// read, in bytes.
const maxScenario = 1 << 20

// Dialect is the kind of STS that the sandbox serves.
type Dialect string

// The dialects.
const (
	AWS   Dialect = "aws"
	MinIO Dialect = "minio" // its roles are arn:minio:iam:::role/NAME, and have no trust policy
)

// Scenario is the world of a rehearsal: GitHub's facts about the job, the roles and
// keys in AWS, faults, and the expected outcome.
type Scenario struct {
	Name        string // the file's name, for messages
	Description string
	Dialect     Dialect
	Workflow    Workflow
	Steps       []map[string]string // the inputs of each use of the action, in turn
	Accounts    []*Account          // in the file's order
	Workspace   map[string]string   // the files of the workspace, by path relative to it, with slashes
	Faults      []Fault
	Expect      *Expect // nil if the file has none
}

// Account is one AWS account.
type Account struct {
	ID        string
	Partition string // one of arn.Partitions
	Providers []Provider
	Roles     []*Role
	Users     []*User
}

// Provider is an OpenID Connect identity provider of an account.
type Provider struct {
	ARN       string
	Issuer    string // a URL without trailing slash
	Audiences []string
}

// Role is a role that can be assumed.
type Role struct {
	ARN        string
	Name       string // without the path
	Account    string
	Trust      trust.Alternatives // several, or one with unknown parts, if a template leaves something open; nil in the dialect of MinIO
	Policy     []byte             // the document that Trust is from; JSON if the scenario has it inline
	PolicyFile string             // the file that Policy's lines refer to
	MaxSession time.Duration      // MaxSessionDuration
	MayAssume  []string           // IAM patterns of role ARNs that its permissions let it assume
}

// User is an IAM user with static keys.
type User struct {
	ARN       string
	Name      string
	Account   string
	AccessKey string
	Secret    secret.Value
	MayAssume []string
}

// Expect is the expected outcome of the rehearsal.
type Expect struct {
	Success bool
	Code    diagnosis.Code // of the refusal; empty on success
	Hop     int            // counted from 1; 0 if the file has none
}

// Role returns the role of an ARN, or nil.
func (s *Scenario) Role(arn string) *Role {
	for _, a := range s.Accounts {
		for _, r := range a.Roles {
			if r.ARN == arn {
				return r
			}
		}
	}
	return nil
}

// Account returns the account of an id, or nil.
func (s *Scenario) Account(id string) *Account {
	for _, a := range s.Accounts {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// Load reads a scenario file. Policy files are looked up beside it
// and cannot lie outside of its directory, not even through a symbolic link.
func Load(name string) (*Scenario, error) {
	files := safefile.Files{Workspace: filepath.Dir(name)}
	read := func(file string) ([]byte, error) {
		if !filepath.IsLocal(file) {
			return nil, fmt.Errorf("%q is not in the scenario's directory", file)
		}
		return files.ReadFile(context.Background(), file, maxScenario)
	}
	src, err := read(filepath.Base(name))
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	return Parse(name, src, read)
}

// Parse reads a scenario: strict YAML, unknown fields refused. Errors
// name the file, the line and the field. The policy files that it mentions
// are fetched with read, by a path relative to the scenario that does not
// leave its directory; with a nil read there are none.
func Parse(name string, src []byte, read func(path string) ([]byte, error)) (*Scenario, error) {
	if len(src) > maxScenario {
		return nil, fmt.Errorf("%s: has %d bytes, more than %d", name, len(src), maxScenario)
	}
	if read == nil {
		read = func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	}
	p := parser{read: read, s: &Scenario{Name: name, Dialect: AWS, Workflow: defaultWorkflow()}}
	err := p.parse(src)
	if problem, ok := errors.AsType[*strictyaml.Problem](err); ok {
		err = inFile(name, problem.Line, problem.Error())
	}
	if err != nil {
		return nil, err
	}
	return p.s, nil
}

// inFile is an error at a line of a file, or in the file if the line is 0.
func inFile(name string, line int, message string) error {
	if line == 0 {
		return fmt.Errorf("%s: %s", name, message)
	}
	return fmt.Errorf("%s:%d: %s", name, line, message)
}

func (p *parser) parse(src []byte) error {
	doc, err := strictyaml.Parse(src, "the scenario")
	if err != nil {
		return err
	}
	// The dialect decides what a role is, so it is read first.
	err = each(doc, func(key string, v value) error {
		if key != "dialect" {
			return nil
		}
		text, err := v.OneOf(string(AWS), string(MinIO))
		p.s.Dialect = Dialect(text)
		return err
	})
	if err != nil {
		return err
	}
	err = fields(doc, map[string]func(value) error{
		"description": into(&p.s.Description),
		"dialect":     func(value) error { return nil },
		"workflow":    p.workflow,
		"with":        p.with,
		"steps":       p.steps,
		"accounts":    p.accounts,
		"workspace":   p.workspace,
		"faults":      p.faults,
		"expect":      p.expect,
	})
	if err != nil {
		return err
	}
	p.s.Workflow.complete()
	if len(p.s.Steps) == 0 {
		p.s.Steps = []map[string]string{{}}
	}
	return nil
}

type parser struct {
	read func(string) ([]byte, error)
	s    *Scenario
}

func (p *parser) with(v value) error {
	if p.s.Steps != nil {
		return v.Errorf("cannot be combined with steps; use one of them")
	}
	inputs, err := stepInputs(v)
	p.s.Steps = []map[string]string{inputs}
	return err
}

func (p *parser) steps(v value) error {
	if p.s.Steps != nil {
		return v.Errorf("cannot be combined with with; use one of them")
	}
	return list(v, func(step value) error {
		var inputs map[string]string
		err := fields(step, map[string]func(value) error{
			"with": func(v value) (err error) {
				inputs, err = stepInputs(v)
				return err
			},
		})
		if inputs == nil {
			inputs = map[string]string{}
		}
		p.s.Steps = append(p.s.Steps, inputs)
		return err
	})
}

func stepInputs(v value) (map[string]string, error) {
	inputs := map[string]string{}
	err := each(v, func(name string, entry value) error {
		if nearest, known := plan.LookupInput(name); !known {
			hint := "is not an input of the action"
			if nearest != "" {
				hint += "; did you mean " + nearest + "?"
			}
			return entry.Errorf("%s", hint)
		}
		text, err := entry.Text()
		switch {
		case entry.IsNull():
			text, err = "", nil // the runner passes an empty input for it
		case err != nil:
			return entry.Errorf("is %s; expected text, with | for several lines", entry.Kind())
		case strings.Contains(text, "${{"):
			return entry.Errorf("has an expression, which is not evaluated; write its value")
		}
		inputs[name] = text
		return err
	})
	return inputs, err
}

// workspace reads the files that a checkout would leave in the workspace.
func (p *parser) workspace(v value) error {
	files := map[string]string{}
	err := each(v, func(name string, entry value) error {
		if name != path.Clean(name) || !filepath.IsLocal(filepath.FromSlash(name)) || name == "." {
			return entry.Errorf("is not the path of a file inside the workspace; use one such as iam/deploy.json")
		}
		for other := range files {
			if strings.HasPrefix(other, name+"/") || strings.HasPrefix(name, other+"/") {
				return entry.Errorf("cannot be combined with %q, because a file has no files below it; rename one of them", other)
			}
		}
		content, err := entry.Text()
		if err != nil {
			return entry.Errorf("is %s; expected the text of the file, as a block with |", entry.Kind())
		}
		files[name] = content
		return nil
	})
	p.s.Workspace = files
	return err
}

func (p *parser) expect(v value) error {
	e := &Expect{}
	p.s.Expect = e
	if text, err := v.Text(); err == nil {
		e.Success = text == "success"
		if !e.Success {
			return v.Errorf("is %q; expected success, or a mapping with code", text)
		}
		return nil
	}
	err := fields(v, map[string]func(value) error{
		"code": func(v value) error {
			code, err := v.Text()
			if err == nil && !slices.Contains(diagnosis.Codes, diagnosis.Code(code)) {
				err = v.Errorf("is %q, which is not a code; use one that docs/troubleshooting.md lists", code)
			}
			e.Code = diagnosis.Code(code)
			return err
		},
		"hop": func(v value) (err error) {
			e.Hop, err = v.Integer(1, 100)
			return err
		},
	})
	if err == nil && e.Code == "" {
		return v.Errorf("requires code")
	}
	return err
}
