package grant

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

const (
	hub      = "token.actions.githubusercontent.com"
	provider = "arn:aws:iam::111122223333:oidc-provider/" + hub
)

// parse returns the policy with the statements of a template, in YAML. G: is
// the prefix of GitHub's condition keys.
func parse(t *testing.T, statements ...string) *trust.Policy {
	t.Helper()
	src := "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Version: '2012-10-17'\n        Statement:\n"
	for _, s := range statements {
		src += "          - " + strings.ReplaceAll(s, "G:", hub+":") + "\n"
	}
	for role, err := range document.Roles(t.Context(), strings.NewReader(src), document.Options{}) {
		if err != nil || role.Err != nil || len(role.Policies) != 1 {
			t.Fatalf("%v, %v\n%s", err, role.Err, src)
		}
		return role.Policies[0]
	}
	t.Fatal("no role")
	return nil
}

// allow is a statement for web identities.
func allow(principal, conditions string) string {
	return "{ Effect: Allow, Principal: " + principal + ", Action: 'sts:AssumeRoleWithWebIdentity', Condition: { " + conditions + " } }"
}

// federated is a statement for GitHub's provider.
func federated(conditions string) string {
	return allow("{ Federated: '"+provider+"' }", conditions)
}

// with returns a pattern in which each ${} is unknown.
func with(text string) trust.Pattern {
	var all []trust.Text
	for i, known := range strings.Split(text, "${}") {
		if i > 0 {
			all = append(all, trust.NewUnknown("${Who}", "parameter Who").Text())
		}
		all = append(all, trust.Known(known))
	}
	return trust.Concat(all...).Pattern(true)
}

func TestParseSubjectOfUnknownParts(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		reach   Reach
		open    Openness
		one     bool // owner and repository are one unknown name
	}{
		{pattern: "${}", reach: Undetermined, open: OpenOwner},
		{pattern: "${}:environment:prod", reach: Undetermined, open: OpenOwner},
		{pattern: "repo:octo/app:*", reach: Repository, open: Determined},
		{pattern: "repo:octo/app:ref:refs/heads/${}", reach: Repository, open: OpenContext},
		{pattern: "repo:octo/app:${}", reach: Repository, open: OpenContext},
		{pattern: "repo:octo/app@${}:environment:prod", reach: Repository, open: OpenContext},
		{pattern: "repo:octo@${}/app:environment:prod", reach: Repository, open: OpenContext},
		{pattern: "repo:octo/${}:environment:prod", reach: Repository, open: OpenRepository},
		{pattern: "repo:octo/${}", reach: Repository, open: OpenRepository},
		{pattern: "repo:octo/app-${}*:pull_request", reach: RepositoryPattern, open: OpenRepository},
		{pattern: "repo:${}/app:pull_request", reach: Repository, open: OpenOwner},
		{pattern: "repo:${}/*", reach: Owner, open: OpenOwner},
		{pattern: "repo:${}:*", reach: Repository, open: OpenOwner, one: true},
		{pattern: "repo:${}", reach: Repository, open: OpenOwner, one: true},
		{pattern: "repo:${}*", reach: RepositoryPattern, open: OpenOwner, one: true},
		{pattern: "repo:octo*", reach: OwnerPattern, open: Determined},

		{pattern: "repository:${}/app:environment:prod", reach: Repository, open: OpenOwner},
		{pattern: "repository:octo/${}:environment:prod", reach: Repository, open: OpenRepository},
		{pattern: "repository_id:${}", reach: Repository, open: OpenOwner},
		{pattern: "repository_owner_id:${}:environment:prod", reach: Owner, open: OpenOwner},
		{pattern: "repository_owner_id:1:environment:${}", reach: Owner, open: OpenContext},
		{pattern: "job_workflow_ref:${}", reach: Callers, open: OpenOwner},
		{pattern: "actor:${}", reach: Choosable, open: OpenContext},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			s := ParseSubject(with(tt.pattern))
			if s.Reach != tt.reach || s.Open != tt.open || s.OneName() != tt.one || s.Malformed {
				t.Errorf("%+v", s)
			}
			if strings.Contains(tt.pattern, "${}") && s.Immutable() {
				t.Error("it is said to pin both ids")
			}
		})
	}
}

// What one condition leaves open another one may pin.
func TestOpenness(t *testing.T) {
	for _, tt := range []struct {
		name, conditions string
		open, still      Openness // of the condition on sub, alone and with the others
	}{
		{"nothing is unknown", `StringLike: { "G:sub": "repo:octo/app:*" }`, Determined, Determined},
		{"the context", `StringLike: { "G:sub": !Sub "repo:octo/app:environment:${Stage}" }`, OpenContext, OpenContext},
		{"the worst of two values", `StringLike: { "G:sub": ["repo:octo/app:*", !Sub "repo:octo/${Name}:*"] }`, OpenRepository, OpenRepository},
		{"the owner", `StringLike: { "G:sub": !Sub "repo:${Who}/app:*" }`, OpenOwner, OpenOwner},
		{"the owner, by its id", `StringLike: { "G:sub": !Sub "repo:${Who}/app:*" }, StringEquals: { "G:repository_owner_id": "1" }`, OpenOwner, OpenRepository},
		{"the owner, by its enterprise", `StringLike: { "G:sub": !Sub "repo:${Who}/app:*" }, StringEquals: { "G:enterprise_id": "1" }`, OpenOwner, OpenRepository},
		{"the owner, by its repository", `StringLike: { "G:sub": !Sub "repo:${Who}/app:*" }, StringEquals: { "G:repository_id": "1" }`, OpenOwner, OpenContext},
		{"the owner, by an optional condition", `StringLike: { "G:sub": !Sub "repo:${Who}/app:*" }, StringEqualsIfExists: { "G:repository_owner_id": "1" }`, OpenOwner, OpenOwner},
		{"the owner, by an id that is unknown too", `StringLike: { "G:sub": !Sub "repo:${Who}/app:*" }, StringEquals: { "G:repository_owner_id": !Ref Id }`, OpenOwner, OpenOwner},
		{"the owner, by a name that anyone can choose", `StringLike: { "G:sub": !Sub "repo:${Who}/app:*" }, StringEquals: { "G:environment": prod }`, OpenOwner, OpenOwner},
		{"the repository, by its name", `StringLike: { "G:sub": !Sub "repo:octo/${Name}:*", "G:repository": "octo/app" }`, OpenRepository, OpenContext},
		{"the repository, by its owner only", `StringLike: { "G:sub": !Sub "repo:octo/${Name}:*" }, StringEquals: { "G:repository_owner_id": "1" }`, OpenRepository, OpenRepository},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := Of(parse(t, federated(tt.conditions)))[0]
			open := g.On("sub")[0].Open()
			if still := g.StillOpen(open); open != tt.open || still != tt.still {
				t.Errorf("open %d, with the other conditions %d; want %d, %d", open, still, tt.open, tt.still)
			}
		})
	}
}

// A provider that is unknown counts if it can be GitHub's.
func TestUnknownProvider(t *testing.T) {
	for _, tt := range []struct {
		name, principal, conditions string
		providers                   []string // nil: no grant
		unknown                     bool     // it is unknown whether it is GitHub's
	}{
		{name: "a parameter", principal: `{ Federated: !Ref Provider }`, conditions: `StringEquals: { "aws:SourceIp": "192.0.2.1" }`,
			providers: []string{"${provider}"}, unknown: true},
		{name: "a parameter, with GitHub's keys", principal: `{ Federated: !Ref Provider }`, conditions: `StringLike: { "G:sub": "repo:octo/app:*" }`,
			providers: []string{hub}},
		{name: "a parameter, with another provider's keys", principal: `{ Federated: !Ref Provider }`, conditions: `StringLike: { "gitlab.com:sub": "project_path:x" }`},
		{name: "a parameter, with another provider's optional keys", principal: `{ Federated: !Ref Provider }`, conditions: `StringLikeIfExists: { "gitlab.com:sub": "project_path:x" }`,
			providers: []string{"${provider}"}, unknown: true},
		{name: "a parameter, with what another provider excludes", principal: `{ Federated: !Ref Provider }`, conditions: `StringNotLike: { "gitlab.com:sub": "project_path:x" }`,
			providers: []string{"${provider}"}, unknown: true},
		{name: "a parameter, with keys of another provider for any value", principal: `{ Federated: !Ref Provider }`, conditions: `"ForAnyValue:StringLike": { "gitlab.com:sub": "project_path:x" }`},
		{name: "the end of an ARN", principal: `{ Federated: !Sub "arn:aws:iam::1:oidc-provider/${Host}" }`, conditions: `StringEquals: { "aws:SourceIp": "192.0.2.1" }`,
			providers: []string{"${host}"}, unknown: true},
		{name: "the account of an ARN", principal: `{ Federated: !Sub "arn:aws:iam::${Account}:oidc-provider/` + hub + `" }`, conditions: `StringLike: { "G:sub": "repo:octo/app:*" }`,
			providers: []string{hub}},
		{name: "a cluster", principal: `{ Federated: !Sub "arn:aws:iam::1:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/${Cluster}" }`, conditions: `StringEquals: { "aws:SourceIp": "192.0.2.1" }`},
		{name: "the whole principal", principal: `!Ref Principal`, conditions: `StringEquals: { "aws:SourceIp": "192.0.2.1" }`,
			providers: []string{"${principal}"}, unknown: true},
		{name: "the whole principal, with GitHub's keys", principal: `!Ref Principal`, conditions: `StringLike: { "G:sub": "repo:octo/app:*" }`,
			providers: []string{hub}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			grants := Of(parse(t, allow(tt.principal, tt.conditions)))
			if len(grants) == 0 {
				if tt.providers != nil {
					t.Error("no grant")
				}
				return
			}
			g := grants[0]
			if diff := cmp.Diff(tt.providers, g.Providers); diff != "" || (g.Unknown != nil) != tt.unknown {
				t.Errorf("unknown %v, providers (-want +got):\n%s", g.Unknown, diff)
			}
			if !strings.EqualFold(g.Provider(), tt.providers[0]) || !strings.EqualFold(g.Key("sub"), tt.providers[0]+":sub") {
				t.Errorf("provider %q, key %q", g.Provider(), g.Key("sub"))
			}
		})
	}
}

// The subjects of a condition whose provider is unknown say whether it can be
// GitHub's.
func TestUnknownKeys(t *testing.T) {
	condition := func(claim, value string) trust.Condition {
		provider := trust.NewUnknown("${Host}", "parameter Host")
		return trust.Condition{Key: "${Host}:" + claim, Operator: trust.Operator{Base: "StringEquals"}, Unknown: provider, Values: []trust.Value{{Text: value}}}
	}
	for _, tt := range []struct {
		claim, value string
		out          bool
	}{
		{"sub", "repo:octo/app:environment:prod", false},
		{"sub", "system:serviceaccount:kube-system:external-dns", true},
		{"aud", "sts.amazonaws.com", false},
	} {
		if got := keepsGitHubOut(condition(tt.claim, tt.value)); got != tt.out {
			t.Errorf("%s %s: keeps GitHub out: %v", tt.claim, tt.value, got)
		}
	}
	if none := condition("sub", ""); keepsGitHubOut(trust.Condition{Key: none.Key, Operator: none.Operator, Unknown: none.Unknown}) {
		t.Error("a condition without values is said to keep GitHub out")
	}
	var g Grant
	g.constrain(condition("sub", "repo:octo/app:environment:prod"), false)
	g.constrain(condition("colour", "red"), false)
	if len(g.Constraints) != 1 || g.Constraints[0].Claim != "sub" || g.Constraints[0].Open() != OpenOwner || len(g.Open) != 1 {
		t.Errorf("constraints %+v, open %+v", g.Constraints, g.Open)
	}
}
