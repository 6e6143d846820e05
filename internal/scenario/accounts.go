package scenario

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/trust"
)

func (p *parser) accounts(v value) error {
	return v.each(func(id string, entry value) error {
		if !isDigits(id) || len(id) != 12 {
			return entry.errorf("an account id has 12 digits; %q does not", id)
		}
		a := &Account{ID: id, Partition: "aws"}
		p.s.Accounts = append(p.s.Accounts, a)
		// The partition is part of every ARN in the account, so it is read first.
		if err := entry.each(func(key string, v value) (err error) {
			if key == "partition" {
				a.Partition, err = v.oneOf("aws", "aws-cn", "aws-us-gov")
			}
			return err
		}); err != nil {
			return err
		}
		return entry.fields(map[string]func(value) error{
			"partition": func(value) error { return nil },
			"providers": func(v value) error { return p.providers(a, v) },
			"roles":     func(v value) error { return p.roles(a, v) },
			"users":     func(v value) error { return p.users(a, v) },
		})
	})
}

func (p *parser) providers(a *Account, v value) error {
	return v.list(func(_ int, entry value) error {
		var provider Provider
		err := entry.fields(map[string]func(value) error{
			"issuer": func(v value) error {
				issuer, err := issuerURL(v)
				provider.Issuer = issuer
				return err
			},
			"audiences": intoList(&provider.Audiences),
		})
		if err != nil {
			return err
		}
		if provider.Issuer == "" || len(provider.Audiences) == 0 {
			return entry.errorf("a provider needs issuer and audiences")
		}
		provider.ARN = fmt.Sprintf("arn:%s:iam::%s:oidc-provider/%s", a.Partition, a.ID, strings.TrimPrefix(provider.Issuer, "https://"))
		a.Providers = append(a.Providers, provider)
		return nil
	})
}

// iamName is IAM's alphabet for the names of users and roles, with a path.
var iamName = pattern(`(?:[\w+=,.@-]+/)*[\w+=,.@-]{1,64}`)

func (p *parser) roles(a *Account, v value) error {
	return v.each(func(name string, entry value) error {
		if !iamName().MatchString(name) {
			return entry.errorf("%q is no name of a role", name)
		}
		role := &Role{
			ARN:        fmt.Sprintf("arn:%s:iam::%s:role/%s", a.Partition, a.ID, name),
			Name:       name[strings.LastIndexByte(name, '/')+1:],
			Account:    a.ID,
			MaxSession: time.Hour,
		}
		err := entry.fields(map[string]func(value) error{
			"trust-policy":      func(v value) error { return p.inlinePolicy(role, v) },
			"trust-policy-file": func(v value) error { return p.policyFile(role, v) },
			"max-session-duration": func(v value) error {
				seconds, err := v.integer(3600, 43200)
				role.MaxSession = time.Duration(seconds) * time.Second
				return err
			},
			"may-assume": intoList(&role.MayAssume),
		})
		if err != nil {
			return err
		}
		switch {
		case p.s.Dialect == MinIO && role.Trust != nil:
			return entry.errorf("roles of MinIO have no trust policy; remove it")
		case p.s.Dialect == MinIO:
			role.ARN = "arn:minio:iam:::role/" + name
			if other := p.s.Role(role.ARN); other != nil {
				return entry.errorf("account %s has a role of this name; MinIO has no accounts to tell them apart", other.Account)
			}
		case role.Trust == nil:
			return entry.errorf("a role needs trust-policy or trust-policy-file")
		}
		a.Roles = append(a.Roles, role)
		return nil
	})
}

func (p *parser) inlinePolicy(role *Role, v value) error {
	if role.Trust != nil {
		return v.errorf("stands beside trust-policy-file; use one of them")
	}
	policy, err := policyJSON(v)
	if err != nil {
		return err
	}
	role.Policy, role.PolicyFile = policy, v.file
	role.Trust, err = trust.Parse(policy)
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) {
		// policyJSON keeps the scenario's lines.
		return v.errorAt(syntax.Line, "%s", syntax.Msg)
	}
	return err
}

func (p *parser) policyFile(role *Role, v value) error {
	if role.Trust != nil {
		return v.errorf("stands beside trust-policy; use one of them")
	}
	name, err := v.text()
	if err != nil {
		return err
	}
	if !filepath.IsLocal(name) {
		return v.errorf("%q must be a path inside the scenario's directory", name)
	}
	role.Policy, err = p.read(filepath.Clean(name))
	if err != nil {
		return v.errorf("cannot read %q: %v", name, err)
	}
	role.PolicyFile = filepath.Join(filepath.Dir(v.file), name)
	role.Trust, err = trust.Parse(role.Policy)
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) {
		return value{file: role.PolicyFile, node: v.node}.errorAt(syntax.Line, "%s", syntax.Msg)
	}
	return err
}

// minioKeyID follows minio/minio, internal/auth/credentials.go.
var minioKeyID = pattern(`[!-+\--<>-~]{3,}`)

var accessKeyID = pattern(`AKIA[A-Z0-9]{12,124}`)

func (p *parser) users(a *Account, v value) error {
	return v.each(func(name string, entry value) error {
		if !iamName().MatchString(name) {
			return entry.errorf("%q is no name of a user", name)
		}
		u := &User{
			ARN:     fmt.Sprintf("arn:%s:iam::%s:user/%s", a.Partition, a.ID, name),
			Name:    name[strings.LastIndexByte(name, '/')+1:],
			Account: a.ID,
		}
		err := entry.fields(map[string]func(value) error{
			"access-key-id": func(v value) error {
				id, err := v.text()
				switch {
				case err != nil:
				case p.s.Dialect == MinIO:
					if !minioKeyID().MatchString(id) {
						err = v.errorf("%q must have 3 or more printable characters, but no =, no comma and no blank", id)
					}
				case !accessKeyID().MatchString(id):
					err = v.errorf("%q must be AKIA and 12 or more capital letters and digits", id)
				}
				u.AccessKey = id
				return err
			},
			"secret-access-key": func(v value) error {
				s, err := v.text()
				u.Secret = secret.New(s)
				return err
			},
			"may-assume": intoList(&u.MayAssume),
		})
		if err != nil {
			return err
		}
		if u.AccessKey == "" || u.Secret.IsZero() {
			return entry.errorf("a user needs access-key-id and secret-access-key")
		}
		if other := p.s.User(u.AccessKey); other != nil {
			return entry.errorf("access-key-id %q belongs to %s already", u.AccessKey, other.ARN)
		}
		a.Users = append(a.Users, u)
		return nil
	})
}

// User returns the user of an access key id, or nil.
func (s *Scenario) User(accessKey string) *User {
	for _, a := range s.Accounts {
		for _, u := range a.Users {
			if u.AccessKey == accessKey {
				return u
			}
		}
	}
	return nil
}

// pattern anchors an expression over the whole value. It is compiled when it
// is first needed: most processes of this program never read a scenario.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\A(?:` + expression + `)\z`) })
}
