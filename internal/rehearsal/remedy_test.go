package rehearsal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/rehearsal"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
	"github.com/org/aws-oidc-action/internal/trust/lint"
)

// TestRemediesHold takes the statements that the error of each broken set-up
// proposes, and does what it says: the login then passes the hop that refused
// it, and the linter finds nothing of medium severity or above in them. Where
// the role's policy is not available, the statement must admit the run alone.
func TestRemediesHold(t *testing.T) {
	if testing.Short() {
		t.Skip("rehearses every broken set-up once more, repaired")
	}
	applied, unsound := 0, 0
	for _, path := range brokenSetUps(t) {
		for _, policies := range []bool{true, false} {
			message := rehearsed(t, path, policies).Steps[0].Message
			s := load(t, path, policies)
			remedies := slices.DeleteFunc(remediesIn(t, message), func(r remedy) bool {
				return !exists(s, r.role) // as AWS does not say
			})
			if len(remedies) == 0 {
				continue
			}
			applied++
			for _, r := range remedies {
				r.apply(t, s, policies)
				if r.permission {
					continue // the linter judges trust policies
				}
				for _, finding := range graveFindings(t, r.statement) {
					t.Errorf("%s: %s:\n%s", path, finding, r.statement)
				}
			}
			after := run(t, s)
			for _, hop := range after.Hops {
				proposed := slices.ContainsFunc(remedies, func(r remedy) bool { return r.role == hop.Role })
				if proposed && hop.Refused != "" {
					t.Errorf("%s, policies available %t: with the proposed statements, %s is %s; they are in:\n%s", path, policies, hop.Role, hop.Refused, message)
				}
			}
			if naive := naiveStatement(message); naive != "" && len(graveFindings(t, naive)) > 0 {
				unsound++
			}
		}
	}
	t.Logf("%d errors propose statements; for %d of them one of audience and subject alone would be unsound", applied, unsound)
	if applied < 100 || unsound < 4 {
		t.Error("too few set-ups get a remedy, or too few of them need more than audience and subject")
	}
}

func exists(s *scenario.Scenario, arn string) bool {
	return slices.ContainsFunc(s.Accounts, func(a *scenario.Account) bool {
		return slices.ContainsFunc(a.Roles, func(r *scenario.Role) bool { return r.ARN == arn })
	})
}

// remedy is a statement that an error proposes, and where to add it.
type remedy struct {
	statement  string
	role       string // ARN
	permission bool   // it belongs to the caller's permissions, not into the role's trust policy
}

var (
	refusedRole = regexp.MustCompile(`AWS refused hop [0-9]+ of [0-9]+, (arn:[^ ]+): `)
	proposal    = regexp.MustCompile(`(?ms)^If [^\n]*\badd this statement to (the trust policy|the caller's permissions)[^\n]*:\n(\{\n.*?^\})`)
)

// remediesIn finds what a diagnosis proposes. Profiles that share a reason or
// not, each paragraph names one role.
func remediesIn(t *testing.T, message string) []remedy {
	t.Helper()
	var all []remedy
	for part := range strings.SplitSeq(message, "\n\n") {
		role := refusedRole.FindStringSubmatch(part)
		for _, m := range proposal.FindAllStringSubmatch(part, -1) {
			if role == nil {
				t.Fatalf("no role is named before the statement:\n%s", part)
			}
			all = append(all, remedy{m[2], role[1], m[1] != "the trust policy"})
		}
		if statements := strings.Count(part, "\n{\n"); statements != len(proposal.FindAllString(part, -1)) {
			t.Fatalf("not every statement is introduced in the same words:\n%s", part)
		}
	}
	return all
}

// apply adds the statement to the scenario: to the role's policy, or in place
// of it. It fills in the external id that the step sends.
func (r remedy) apply(t *testing.T, s *scenario.Scenario, add bool) {
	t.Helper()
	statement := strings.ReplaceAll(r.statement, "EXTERNAL_ID", s.Steps[0]["role-external-id"])
	for _, account := range s.Accounts {
		for _, role := range account.Roles {
			switch {
			case r.permission: // whose it is, the trust policy's statement says
				role.MayAssume = append(role.MayAssume, r.role)
			case role.ARN == r.role:
				role.Policy = withStatement(t, role.Policy, statement, add)
				parsed, err := trust.Parse(role.Policy)
				if err != nil {
					t.Fatal(err)
				}
				role.Trust = trust.Alternatives{parsed}
			}
		}
		for _, user := range account.Users {
			if r.permission {
				user.MayAssume = append(user.MayAssume, r.role)
			}
		}
	}
}

// withStatement is what pasting a statement makes of a policy.
func withStatement(t *testing.T, policy []byte, statement string, add bool) []byte {
	t.Helper()
	var p struct {
		Version   string
		Statement json.RawMessage
	}
	if err := json.Unmarshal(policy, &p); err != nil {
		t.Fatal(err)
	}
	var statements []json.RawMessage
	if add {
		if bytes.HasPrefix(bytes.TrimSpace(p.Statement), []byte("{")) {
			p.Statement = fmt.Appendf(nil, "[%s]", p.Statement)
		}
		if err := json.Unmarshal(p.Statement, &statements); err != nil {
			t.Fatal(err)
		}
	}
	list, err := json.Marshal(append(statements, json.RawMessage(statement)))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"Version": %q, "Statement": %s}`, orDefault(p.Version, trust.Version2008), list)
}

func orDefault(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// graveFindings are the linter's of medium severity and above.
func graveFindings(t *testing.T, statement string) []string {
	t.Helper()
	policy, err := trust.Parse(fmt.Appendf(nil, `{"Version": "2012-10-17", "Statement": [%s]}`, strings.ReplaceAll(statement, "EXTERNAL_ID", "external")))
	if err != nil {
		t.Fatalf("%v:\n%s", err, statement)
	}
	var all []string
	for _, f := range lint.Check(document.Role{Policies: trust.Alternatives{policy}}, lint.Options{}) {
		if f.Severity >= lint.Medium {
			all = append(all, fmt.Sprintf("%s (%s): %s", f.Rule, f.Severity, f.Message))
		}
	}
	return all
}

var shownClaim = regexp.MustCompile(`(?m)^  (sub|aud|iss) +(.*)$`)

// naiveStatement admits the token of an error by its audience and
// subject alone; it is empty if the error shows no token.
func naiveStatement(message string) string {
	claims := map[string]string{}
	for _, m := range shownClaim.FindAllStringSubmatch(message, -1) {
		claims[m[1]] = m[2]
	}
	if !slices.Equal(slices.Sorted(maps.Keys(claims)), []string{"aud", "iss", "sub"}) {
		return ""
	}
	provider := trust.ProviderOfIssuer(claims["iss"])
	return fmt.Sprintf(`{"Effect": "Allow", "Action": %q, "Principal": {"Federated": %q}, "Condition": {"StringEquals": {%q: %q, %q: %q}}}`,
		trust.WebIdentityAction, "arn:aws:iam::111111111111:oidc-provider/"+provider, provider+":aud", claims["aud"], provider+":sub", claims["sub"])
}

// load reads a set-up, with the roles' trust policies in the workspace or
// without.
func load(t *testing.T, path string, policies bool) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, with := range s.Steps {
		if with["trust-policy-file"] == "" {
			t.Fatalf("%s: the step has no trust-policy-file", path)
		}
		if !policies {
			delete(with, "trust-policy-file")
		}
	}
	return s
}

func run(t *testing.T, s *scenario.Scenario) *rehearsal.Report {
	t.Helper()
	r, err := rehearsal.Run(t.Context(), s, rehearsal.Options{Step: realStep, Now: theTime})
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return r
}
