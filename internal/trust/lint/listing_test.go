package lint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

// accountListing is what aws iam get-account-authorization-details prints of
// an account with n roles, made while it is read. One role in four trusts
// GitHub; of those, one in ten too broadly; one in ten is URL-encoded.
type accountListing struct {
	n, next int
	pending []byte
}

func (l *accountListing) Read(p []byte) (int, error) {
	if len(l.pending) == 0 {
		switch {
		case l.next > l.n:
			return 0, io.EOF
		case l.next == l.n:
			l.pending = []byte("\n    ],\n    \"GroupDetailList\": [],\n    \"Policies\": []\n}\n")
		default:
			if l.next == 0 {
				l.pending = []byte("{\n    \"UserDetailList\": [],\n    \"RoleDetailList\": [")
			} else {
				l.pending = []byte{','}
			}
			l.pending = append(l.pending, listedRole(l.next)...)
		}
		l.next++
	}
	n := copy(p, l.pending)
	l.pending = l.pending[n:]
	return n, nil
}

const serviceTrust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`

func githubTrust(i int) string {
	repository := fmt.Sprintf("octo@1/app%d@%d:ref:refs/heads/main", i, i)
	if i%40 == 0 {
		repository = fmt.Sprintf("octo/app%d*", i)
	}
	return fmt.Sprintf(`{
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {
                            "Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
                        },
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {
                            "StringEquals": {
                                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com"
                            },
                            "StringLike": {
                                "token.actions.githubusercontent.com:sub": "repo:%s"
                            }
                        }
                    }
                ]
            }`, repository)
}

func listedRole(i int) string {
	policy := serviceTrust
	if i%4 == 0 {
		policy = githubTrust(i)
	}
	if i%40 == 4 {
		quoted, _ := json.Marshal(url.PathEscape(policy))
		policy = string(quoted)
	}
	statement := `
                            {
                                "Effect": "Allow",
                                "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "dynamodb:GetItem", "dynamodb:PutItem"],
                                "Resource": ["arn:aws:s3:::bucket-of-team/*", "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"]
                            }`
	return fmt.Sprintf(`
        {
            "Path": "/team/",
            "RoleName": "role-%d",
            "RoleId": "AROAEXAMPLE%010d",
            "Arn": "arn:aws:iam::111122223333:role/team/role-%d",
            "CreateDate": "2024-05-06T07:08:09+00:00",
            "AssumeRolePolicyDocument": %s,
            "InstanceProfileList": [],
            "RolePolicyList": [
                {
                    "PolicyName": "inline",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [%s
                        ]
                    }
                }
            ],
            "AttachedManagedPolicies": [
                {
                    "PolicyName": "ReadOnlyAccess",
                    "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"
                }
            ],
            "Tags": [
                {
                    "Key": "team",
                    "Value": "orders"
                }
            ],
            "RoleLastUsed": {
                "LastUsedDate": "2026-11-01T02:03:04+00:00",
                "Region": "eu-west-1"
            }
        }`, i, i, i, policy, strings.TrimPrefix(strings.Repeat(","+statement, 4), ","))
}

// lintListing returns the number of roles and of findings.
func lintListing(tb testing.TB, r io.Reader, each func(n int)) (roles, findings int) {
	tb.Helper()
	for role, err := range document.Roles(tb.Context(), r, document.Options{}) {
		if err != nil {
			tb.Fatal(err)
		}
		roles++
		findings += len(Check(role, Options{}))
		if each != nil {
			each(roles)
		}
	}
	return roles, findings
}

func TestListing(t *testing.T) {
	if _, err := json.NewDecoder(&accountListing{n: 3}).Token(); err != nil {
		t.Fatal(err)
	}
	roles, findings := lintListing(t, &accountListing{n: 400}, nil)
	if roles != 400 || findings != 10*2 { // repository-prefix and names-only for one role in 40
		t.Errorf("%d roles, %d findings", roles, findings)
	}
}

// What is alive on the heap while a listing is linted does not grow with it.
func TestMemoryIsIndependentOfSize(t *testing.T) {
	live := func(n int) uint64 {
		var highest uint64
		lintListing(t, &accountListing{n: n}, func(i int) {
			if i%(n/5) != 0 {
				return
			}
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			highest = max(highest, m.HeapAlloc)
		})
		return highest
	}
	small, large := live(500), live(10_000)
	t.Logf("live heap: %d KiB with 500 roles, %d KiB with 10,000", small>>10, large>>10)
	if large > small+256<<10 {
		t.Errorf("live heap grew from %d to %d bytes", small, large)
	}
}

// BenchmarkListing compares linting an account of 10,000 roles with nothing
// but encoding/json's tokens of the same bytes.
func BenchmarkListing(b *testing.B) {
	src, err := io.ReadAll(&accountListing{n: 10_000})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("lint", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			lintListing(b, bytes.NewReader(src), nil)
		}
	})
	b.Run("tokens", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			dec := json.NewDecoder(bytes.NewReader(src))
			for {
				if _, err := dec.Token(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
