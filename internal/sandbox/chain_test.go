package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/org/aws-oidc-action/internal/scenario"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// start serves a scenario; an empty one means the built-in.
func start(t *testing.T, yaml string, o Options) *Server {
	t.Helper()
	if yaml == "" {
		yaml = scenario.BuiltinSource()
	}
	s, err := scenario.Parse("test.yml", []byte(yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	server, err := Start(s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func environ(server *Server) map[string]string {
	env := map[string]string{}
	for _, line := range server.Environ() {
		name, text, _ := strings.Cut(line, "=")
		env[name] = text
	}
	return env
}

// fetchToken asks the token endpoint as a step does.
func fetchToken(t *testing.T, server *Server, audience string) string {
	t.Helper()
	env := environ(server)
	target := env["ACTIONS_ID_TOKEN_REQUEST_URL"]
	if audience != "" {
		target += "&audience=" + url.QueryEscape(audience)
	}
	status, _, body := get(t, target, env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
	var answer struct{ Value string }
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK || answer.Value == "" {
		t.Fatalf("token endpoint: %d %s", status, body)
	}
	return answer.Value
}

func get(t *testing.T, target, bearer string) (int, http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, body
}

// client is an SDK client without retries; nil credentials sign nothing.
func client(server *Server, c *types.Credentials, o ...func(*sts.Options)) *sts.Client {
	options := sts.Options{Region: "eu-central-1", BaseEndpoint: aws.String(server.URL()), Retryer: aws.NopRetryer{}}
	if c != nil {
		options.Credentials = credentials.NewStaticCredentialsProvider(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
	}
	return sts.New(options, o...)
}

// login is the first hop.
func login(t *testing.T, server *Server, role string) *types.Credentials {
	t.Helper()
	out, err := client(server, nil).AssumeRoleWithWebIdentity(context.Background(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("test"), WebIdentityToken: aws.String(fetchToken(t, server, "sts.amazonaws.com")),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Credentials
}

// hubPolicy trusts every token of the repository.
func hubPolicy(account string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{"token.actions.githubusercontent.com:sub":"repo:octo-org/octo-repo:*"}}}]}`, account)
}

// threeHops is a chain through three accounts.
var threeHops = `
accounts:
  "111111111111":
    providers: [{issuer: https://token.actions.githubusercontent.com, audiences: [sts.amazonaws.com]}]
    roles:
      hub:
        trust-policy: '` + hubPolicy("111111111111") + `'
        max-session-duration: 7200
        may-assume: ["arn:aws:iam::222222222222:role/*"]
  "222222222222":
    roles:
      gate:
        trust-policy: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Condition":{"StringEquals":{"sts:ExternalId":"gate-7"}}}}'
        may-assume: ["arn:aws:iam::333333333333:role/team/deploy"]
  "333333333333":
    roles:
      team/deploy:
        trust-policy: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:role/gate"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Condition":{"StringEquals":{"aws:PrincipalTag/Team":"red","aws:SourceIdentity":"octocat"}}}}'
`

func TestThreeHopChain(t *testing.T) {
	server := start(t, threeHops, Options{})
	ctx := context.Background()

	hub := login(t, server, "arn:aws:iam::111111111111:role/hub")
	gate, err := client(server, hub).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::222222222222:role/gate"), RoleSessionName: aws.String("run-1"),
		ExternalId: aws.String("gate-7"), SourceIdentity: aws.String("octocat"),
		Tags:              []types.Tag{{Key: aws.String("Team"), Value: aws.String("red")}, {Key: aws.String("Job"), Value: aws.String("deploy")}},
		TransitiveTagKeys: []string{"team"},
	})
	if err != nil {
		t.Fatal(err)
	}
	deploy, err := client(server, gate.Credentials).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::333333333333:role/team/deploy"), RoleSessionName: aws.String("run-1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:sts::333333333333:assumed-role/deploy/run-1"
	if got := aws.ToString(deploy.AssumedRoleUser.Arn); got != arn {
		t.Errorf("session %q, want %q", got, arn)
	}
	if got := aws.ToString(deploy.SourceIdentity); got != "octocat" {
		t.Errorf("source identity %q was not inherited", got)
	}
	who, err := client(server, deploy.Credentials).GetCallerIdentity(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(who.Arn) != arn || aws.ToString(who.Account) != "333333333333" || aws.ToString(who.UserId) != aws.ToString(deploy.AssumedRoleUser.AssumedRoleId) {
		t.Errorf("identity %v %v %v", aws.ToString(who.Arn), aws.ToString(who.Account), aws.ToString(who.UserId))
	}

	var kinds []string
	for _, call := range server.Calls() {
		kinds = append(kinds, call.Kind)
		if !call.OK() {
			t.Errorf("%s: %s %s", call.Kind, call.Code, call.Message)
		}
	}
	if got, want := strings.Join(kinds, " "), "token AssumeRoleWithWebIdentity AssumeRole AssumeRole GetCallerIdentity"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
}
