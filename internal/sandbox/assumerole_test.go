package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/org/aws-oidc-action/internal/trust"
)

const spokeRole = "arn:aws:iam::222222222222:role/spoke"

// spoke is a hub and one role below it, with a trust policy's statement and
// the hub's permissions as parameters.
func spoke(statement, mayAssume string) string {
	return fmt.Sprintf(`
accounts:
  "111111111111":
    providers: [{issuer: https://token.actions.githubusercontent.com, audiences: [sts.amazonaws.com]}]
    roles:
      hub:
        trust-policy: '%s'
        max-session-duration: 43200
        may-assume: [%s]
      sibling: {trust-policy: {Statement: {Effect: Allow, %s}}}
  "222222222222":
    roles:
      spoke: {trust-policy: {Statement: {Effect: Allow, %s}}, max-session-duration: 43200}
`, hubPolicy("111111111111"), mayAssume, statement, statement) + usersYAML
}

const (
	trustHub     = `Principal: {AWS: "arn:aws:iam::111111111111:role/hub"}, Action: sts:AssumeRole`
	trustHubAll  = `Principal: {AWS: "arn:aws:iam::111111111111:role/hub"}, Action: "sts:*"`
	trustAccount = `Principal: {AWS: "111111111111"}, Action: sts:AssumeRole`
	trustSession = `Principal: {AWS: "arn:aws:sts::111111111111:assumed-role/hub/test"}, Action: sts:AssumeRole`
	trustUser    = `Principal: {AWS: "arn:aws:iam::444444444444:user/ci"}, Action: sts:AssumeRole`
	mayAll       = `"arn:aws:iam::*:role/*"`
	hubSession   = "arn:aws:sts::111111111111:assumed-role/hub/test"
	siblingRole  = "arn:aws:iam::111111111111:role/sibling"
)

func deniedText(who, action, role, why string) string {
	return "User: " + who + " is not authorized to perform: " + action + " on resource: " + role + why
}

func TestWhoMayAssume(t *testing.T) {
	const why = " because no identity-based policy allows the sts:AssumeRole action"
	tests := []struct {
		name           string
		statement, may string
		role           string
		user           bool   // signed by the user instead of the hub
		denied         string // the message; empty if it is allowed
		identity       bool   // it is the caller's permissions that are missing
	}{
		{name: "cross-account, both sides", statement: trustHub, may: mayAll},
		{name: "cross-account, session named", statement: trustSession, may: mayAll},
		{name: "cross-account, account named", statement: trustAccount, may: mayAll},
		{name: "cross-account, caller's side missing", statement: trustHub, may: `"arn:aws:iam::222222222222:role/spok"`, denied: deniedText(hubSession, "sts:AssumeRole", spokeRole, ""), identity: true},
		{name: "cross-account, target's side missing", statement: trustUser, may: mayAll, denied: deniedText(hubSession, "sts:AssumeRole", spokeRole, "")},
		{name: "no such role", statement: trustHub, may: mayAll, role: spokeRole + "x", denied: deniedText(hubSession, "sts:AssumeRole", spokeRole+"x", "")},
		{name: "same account, role named", statement: trustHub, role: siblingRole},
		{name: "same account, session named", statement: trustSession, role: siblingRole},
		{name: "same account, everyone", statement: `Principal: {AWS: "*"}, Action: sts:AssumeRole`, role: siblingRole},
		{name: "same account, account named, permission", statement: trustAccount, may: mayAll, role: siblingRole},
		{name: "same account, account named, no permission", statement: trustAccount, role: siblingRole, denied: deniedText(hubSession, "sts:AssumeRole", siblingRole, why), identity: true},
		{name: "same account, nobody named", statement: trustUser, may: mayAll, role: siblingRole, denied: deniedText(hubSession, "sts:AssumeRole", siblingRole, "")},
		{name: "user", statement: trustUser, user: true},
		{name: "user, not trusted", statement: trustHub, user: true, denied: deniedText("arn:aws:iam::444444444444:user/ci", "sts:AssumeRole", spokeRole, "")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := start(t, spoke(test.statement, test.may), Options{})
			keys := userKeys()
			if !test.user {
				keys = login(t, server, hubRole)
			}
			role := spokeRole
			if test.role != "" {
				role = test.role
			}
			a := call(t, server, keys, form("AssumeRole", "RoleArn", role, "RoleSessionName", "run-7"))
			if test.denied == "" {
				if a.status != http.StatusOK {
					t.Fatalf("%d %s", a.status, a.body)
				}
				return
			}
			a.wantError(t, 403, "AccessDenied", test.denied)
			calls := server.Calls()
			last := calls[len(calls)-1]
			if n := len(last.Decisions); n > 0 && last.Decisions[n-1].IdentityMissing != test.identity {
				t.Errorf("recorded %+v", last.Decisions)
			}
		})
	}
}

func TestEachPartOfAHopNeedsItsAction(t *testing.T) {
	hop := func(server *Server, keys *types.Credentials, pairs ...string) answer {
		return call(t, server, keys, form("AssumeRole", append([]string{"RoleArn", spokeRole, "RoleSessionName", "run-7"}, pairs...)...))
	}
	tags := []string{"Tags.member.1.Key", "Team", "Tags.member.1.Value", "red"}

	bare := start(t, spoke(trustHub, mayAll), Options{})
	keys := login(t, bare, hubRole)
	hop(bare, keys, tags...).wantError(t, 403, "AccessDenied", deniedText(hubSession, "sts:TagSession", spokeRole, ""))
	hop(bare, keys, "SourceIdentity", "octocat").wantError(t, 403, "AccessDenied", deniedText(hubSession, "sts:SetSourceIdentity", spokeRole, ""))
	calls := bare.Calls()
	if d := calls[len(calls)-1].Decisions; len(d) != 2 || d[0].Result.Decision != trust.Allowed || d[1].Action != "sts:SetSourceIdentity" || d[1].Result.Decision != trust.ImplicitDeny {
		t.Errorf("recorded %+v", d)
	}

	full := start(t, spoke(trustHubAll, mayAll), Options{})
	keys = login(t, full, hubRole)
	if a := hop(full, keys, append(tags, "SourceIdentity", "octocat")...); a.status != 200 || !strings.Contains(a.body, "<SourceIdentity>octocat</SourceIdentity>") || !strings.Contains(a.body, "<PackedPolicySize>1<") {
		t.Errorf("%d %s", a.status, a.body)
	}

	external := start(t, spoke(trustHub+`, Condition: {StringEquals: {"sts:ExternalId": gate-7}}`, mayAll), Options{})
	keys = login(t, external, hubRole)
	denied := deniedText(hubSession, "sts:AssumeRole", spokeRole, "")
	hop(external, keys).wantError(t, 403, "AccessDenied", denied)
	hop(external, keys, "ExternalId", "gate-8").wantError(t, 403, "AccessDenied", denied)
	if a := hop(external, keys, "ExternalId", "gate-7"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestConditionsSeeTheCaller checks the condition keys of a chained hop.
func TestConditionsSeeTheCaller(t *testing.T) {
	for _, condition := range []string{
		`StringEquals: {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/hub"}`,
		`StringEquals: {"aws:PrincipalAccount": "111111111111", "aws:PrincipalType": AssumedRole, "sts:RoleSessionName": run-7}`,
		`StringLike: {"aws:userid": "AROA*:test"}`,
		`StringEquals: {"aws:FederatedProvider": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"}`,
		`StringEquals: {"aws:RequestedRegion": eu-central-1}`,
		`IpAddress: {"aws:SourceIp": 127.0.0.0/8}`,
		`Bool: {"aws:SecureTransport": true}`,
		`DateGreaterThan: {"aws:CurrentTime": "2026-08-31T00:00:00Z", "aws:TokenIssueTime": "2026-08-31T00:00:00Z"}`,
		`"Null": {"sts:ExternalId": true, "aws:username": true, "token.actions.githubusercontent.com:sub": true}`,
	} {
		server := start(t, spoke(trustHub+", Condition: {"+condition+"}", mayAll), Options{Now: newClock().Now})
		a := call(t, server, login(t, server, hubRole), form("AssumeRole", "RoleArn", spokeRole, "RoleSessionName", "run-7"))
		if a.status != 200 {
			calls := server.Calls()
			t.Errorf("%s: %s %+v", condition, a.parsed.Error.Message, calls[len(calls)-1].Decisions)
		}
	}
}

func TestTagsAlongAChain(t *testing.T) {
	server := start(t, threeHops, Options{})
	gate := func(keys *types.Credentials, pairs ...string) answer {
		return call(t, server, keys, form("AssumeRole", append([]string{
			"RoleArn", "arn:aws:iam::222222222222:role/gate", "RoleSessionName", "run-7", "ExternalId", "gate-7"}, pairs...)...))
	}
	hub := login(t, server, hubRole)
	red := []string{"Tags.member.1.Key", "Team", "Tags.member.1.Value", "red"}
	gate(hub, append(red, "Tags.member.2.Key", "team", "Tags.member.2.Value", "blue")...).
		wantError(t, 400, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	gate(hub, append(red, "TransitiveTagKeys.member.1", "Job")...).
		wantError(t, 400, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
	gate(hub, "Tags.member.1.Key", "aws:team", "Tags.member.1.Value", "red").
		wantError(t, 400, "InvalidParameterValue", "Tag keys that start with aws: are reserved for system use.")

	deploy := func(a answer, pairs ...string) answer {
		return call(t, server, keysOf(t, a), form("AssumeRole", append([]string{
			"RoleArn", "arn:aws:iam::333333333333:role/team/deploy", "RoleSessionName", "run-7"}, pairs...)...))
	}
	identity := []string{"SourceIdentity", "octocat"}
	denied := deniedText("arn:aws:sts::222222222222:assumed-role/gate/run-7", "sts:AssumeRole", "arn:aws:iam::333333333333:role/team/deploy", "")

	passed := gate(hub, append(append(identity, red...), "TransitiveTagKeys.member.1", "TEAM")...)
	if a := deploy(passed); a.status != 200 {
		t.Errorf("inherited tag and identity: %d %s", a.status, a.body)
	}
	deploy(passed, red...).
		wantError(t, 400, "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
	deploy(passed, "SourceIdentity", "hubot").
		wantError(t, 400, "ValidationError", "The source identity is already set for this assume role session")
	// aws:PrincipalTag is of the calling session, so a tag that is not
	// transitive still counts for the next hop, and is gone after it.
	if a := deploy(gate(hub, append(identity, red...)...)); a.status != 200 {
		t.Errorf("tag of the caller: %d %s", a.status, a.body)
	}
	deploy(gate(hub, red...)).wantError(t, 403, "AccessDenied", denied)
	deploy(gate(hub, identity...)).wantError(t, 403, "AccessDenied", denied)
}

// keysOf reads the credentials of an answer.
func keysOf(t *testing.T, a answer) *types.Credentials {
	t.Helper()
	cut := func(name string) *string {
		_, rest, _ := strings.Cut(a.body, "<"+name+">")
		text, _, ok := strings.Cut(rest, "</"+name+">")
		if !ok {
			t.Fatalf("no %s in %s", name, a.body)
		}
		return &text
	}
	return &types.Credentials{AccessKeyId: cut("AccessKeyId"), SecretAccessKey: cut("SecretAccessKey"), SessionToken: cut("SessionToken")}
}

func TestDurations(t *testing.T) {
	server := start(t, spoke(`Principal: {AWS: ["arn:aws:iam::111111111111:role/hub", "arn:aws:iam::444444444444:user/ci"]}, Action: sts:AssumeRole`, mayAll), Options{})
	hop := func(keys *types.Credentials, seconds string) answer {
		return call(t, server, keys, form("AssumeRole", "RoleArn", spokeRole, "RoleSessionName", "run-7", "DurationSeconds", seconds))
	}
	hub := login(t, server, hubRole)
	if a := hop(hub, "3600"); a.status != 200 {
		t.Errorf("an hour in a chain: %s", a.body)
	}
	hop(hub, "3601").wantError(t, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	if a := hop(userKeys(), "43200"); a.status != 200 {
		t.Errorf("twelve hours by a user: %s", a.body)
	}
}

func TestSessionLifetimeOption(t *testing.T) {
	c := newClock()
	server := start(t, "", Options{Now: c.Now, SessionLifetime: 20 * time.Second})
	keys := login(t, server, "arn:aws:iam::111111111111:role/github-hub")
	if got := keys.Expiration.Sub(c.Now()); got != 20*time.Second {
		t.Errorf("lasts %v", got)
	}
	c.advance(19 * time.Second)
	if a := call(t, server, keys, form("GetCallerIdentity")); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	c.advance(time.Second)
	call(t, server, keys, form("GetCallerIdentity")).wantError(t, 403, "ExpiredToken", "The security token included in the request is expired")
}

func TestPackedPolicyLimit(t *testing.T) {
	server := start(t, spoke(trustHubAll, mayAll), Options{})
	hub := login(t, server, hubRole)
	pairs := []string{"RoleArn", spokeRole, "RoleSessionName", "run-7"}
	for i := 1; i <= 10; i++ {
		pairs = append(pairs, member("Tags", i, ".Key"), fmt.Sprint("Tag", i), member("Tags", i, ".Value"), strings.Repeat("v", 250))
	}
	call(t, server, hub, form("AssumeRole", pairs...)).
		wantError(t, 400, "PackedPolicyTooLarge", "Packed policy consumes 126% of allotted space, please use smaller policy.")
}
