package scenario

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/secret"
)

func (p *parser) accounts(v value) error {
	return each(v, func(id string, entry value) error {
		if !arn.IsAccountID(id) {
			return entry.Errorf("is not an account id; use its 12 digits")
		}
		a := &Account{ID: id, Partition: "aws"}
		p.s.Accounts = append(p.s.Accounts, a)
		// The partition is part of every ARN in the account, so it is read first.
		if err := each(entry, func(key string, v value) (err error) {
			if key == "partition" {
				a.Partition, err = v.OneOf(arn.Partitions()...)
			}
			return err
		}); err != nil {
			return err
		}
		return fields(entry, map[string]func(value) error{
			"partition": func(value) error { return nil },
			"providers": func(v value) error { return p.providers(a, v) },
			"roles":     func(v value) error { return p.roles(a, v) },
			"users":     func(v value) error { return p.users(a, v) },
		})
	})
}

func (p *parser) providers(a *Account, v value) error {
	return list(v, func(entry value) error {
		var provider Provider
		err := fields(entry, map[string]func(value) error{
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
			return entry.Errorf("requires issuer and audiences")
		}
		provider.ARN = arn.OIDCProvider(a.Partition, a.ID, strings.TrimPrefix(provider.Issuer, "https://"))
		a.Providers = append(a.Providers, provider)
		return nil
	})
}

// iamName is IAM's alphabet for the names of users and roles, with a path.
var iamName = pattern(`(?:[\w+=,.@-]+/)*[\w+=,.@-]{1,64}`)

func (p *parser) roles(a *Account, v value) error {
	return each(v, func(name string, entry value) error {
		if !iamName().MatchString(name) {
			return entry.Errorf("is not the name of a role; use a path or none, and up to 64 letters, digits and _+=,.@-")
		}
		role := &Role{
			ARN:     string(arn.Role(name).In(a.Partition, a.ID)),
			Name:    name[strings.LastIndexByte(name, '/')+1:],
			Account: a.ID,
		}
		var file policyFile
		err := fields(entry, map[string]func(value) error{
			"trust-policy": func(v value) error { return p.inlinePolicy(role, v) },
			"trust-policy-file": func(v value) (err error) {
				file.place = v
				file.name, err = v.Text()
				return err
			},
			"trust-policy-parameters": func(v value) error { return file.readParameters(v) },
			"max-session-duration": func(v value) error {
				seconds, err := v.Integer(3600, 43200)
				role.MaxSession = time.Duration(seconds) * time.Second
				return err
			},
			"may-assume": intoList(&role.MayAssume),
		})
		if err != nil {
			return err
		}
		if err := p.readTrust(a, role, file, entry); err != nil {
			return err
		}
		if p.s.Dialect == MinIO {
			role.ARN = "arn:minio:iam:::role/" + name
			if other := p.s.Role(role.ARN); other != nil {
				return entry.Errorf("has the name of a role of account %s; use another, because MinIO has no accounts", other.Account)
			}
		}
		if role.MaxSession == 0 {
			role.MaxSession = time.Hour
		}
		a.Roles = append(a.Roles, role)
		return nil
	})
}

// readTrust completes a role's trust policy, which is there already if the
// scenario has it inline.
func (p *parser) readTrust(a *Account, role *Role, file policyFile, entry value) error {
	inline := role.Trust != nil
	switch {
	case p.s.Dialect == MinIO && (inline || file.name != ""):
		return entry.Errorf("has a trust policy; remove it, because roles of MinIO have none")
	case inline && file.name != "":
		return file.place.Errorf("cannot be combined with trust-policy; use one of them")
	case file.name == "" && file.parameters != nil:
		return entry.Errorf("has trust-policy-parameters, which require trust-policy-file")
	case file.name != "":
		return p.readPolicyFile(a, role, file)
	case !inline && p.s.Dialect != MinIO:
		return entry.Errorf("requires trust-policy or trust-policy-file")
	}
	return nil
}

// minioKeyID follows minio/minio, internal/auth/credentials.go.
var minioKeyID = pattern(`[!-+\--<>-~]{3,}`)

var accessKeyID = pattern(`AKIA[A-Z0-9]{12,124}`)

func (p *parser) users(a *Account, v value) error {
	return each(v, func(name string, entry value) error {
		if !iamName().MatchString(name) {
			return entry.Errorf("is not the name of a user; use a path or none, and up to 64 letters, digits and _+=,.@-")
		}
		u := &User{
			ARN:     fmt.Sprintf("arn:%s:iam::%s:user/%s", a.Partition, a.ID, name),
			Name:    name[strings.LastIndexByte(name, '/')+1:],
			Account: a.ID,
		}
		err := fields(entry, map[string]func(value) error{
			"access-key-id": func(v value) error {
				id, err := v.Text()
				switch {
				case err != nil:
				case p.s.Dialect == MinIO:
					if !minioKeyID().MatchString(id) {
						err = v.Errorf("is %q; expected 3 or more printable characters without =, commas and blanks", id)
					}
				case !accessKeyID().MatchString(id):
					err = v.Errorf("is %q; expected AKIA and 12 or more capital letters and digits", id)
				}
				u.AccessKey = id
				return err
			},
			"secret-access-key": func(v value) error {
				s, err := v.Text()
				u.Secret = secret.New(s)
				return err
			},
			"may-assume": intoList(&u.MayAssume),
		})
		if err != nil {
			return err
		}
		if u.AccessKey == "" || u.Secret.IsZero() {
			return entry.Errorf("requires access-key-id and secret-access-key")
		}
		if other := p.s.User(u.AccessKey); other != nil {
			return entry.Errorf("has the access-key-id %q of %s; use another", u.AccessKey, other.ARN)
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
