package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

const trustExplainSynopsis = "trust explain --policy PATH… (--claims FILE|- | --repository OWNER/REPOSITORY [--ref REF] [--environment NAME] [--event NAME] " +
	"[--owner-id ID --repository-id ID] …) [--context KEY=VALUE]… [--role NAME] [--account ID] [--parameter NAME=VALUE]… [--parameters FILE]… [--format text|json]"

// maxClaims bounds what is read of claims.
const maxClaims = 1 << 20

// explanation is the answer of trust explain.
type explanation struct {
	Role      string `json:"role,omitempty"`
	Subject   string `json:"subject"`
	Principal string `json:"principal"`
	Action    string `json:"action"`
	Partial   bool   `json:"partial,omitempty"` // no claims are known but issuer, subject and audience
	trust.Result
}

// question is what trust explain is asked.
type question struct {
	policies                      []string
	claims, role, account, format string
	run                           trust.Run
	context                       trust.Context
	documents                     *documents
}

// trustExplain evaluates a policy for a token; the exit code is 1 if it is
// refused, or if that is unknown.
func trustExplain(ctx context.Context, env Env, args []string) int {
	q := question{context: trust.Context{}, documents: env.documents("trust explain")}
	fs := q.flags()
	if run, code := env.parse(fs, trustExplainSynopsis, args); !run {
		return code
	}
	if !env.arguments("explain", fs.Args(), 0, 0) {
		return exitUsage
	}
	if q.format != "text" && q.format != "json" {
		return env.unknownFormat("explain", q.format, "text", "json")
	}
	claims, err := q.check(env)
	if err != nil {
		env.errorf("trust explain: %v", err)
		return exitUsage
	}
	role, err := q.findRole(ctx)
	q.documents.report()
	if err == nil && !q.documents.parametersKnown() {
		return exitUsage
	}
	if err != nil {
		env.errorf("trust explain: %v", err)
		return exitFailure
	}
	answer := q.ask(role, claims, env.Now())
	if q.format == "json" {
		err = env.printJSON(answer)
	} else {
		err = env.print(asText, func(w io.Writer) error { return answer.print(w, role.File) })
	}
	if err != nil {
		env.errorf("trust explain: %v", err)
		return exitFailure
	}
	if answer.Decision != trust.Allowed {
		return q.documents.exitCode(exitRefused)
	}
	return q.documents.exitCode(exitFine)
}

func (q *question) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("trust explain", flag.ContinueOnError)
	fs.Func("policy", "`path` of a file or folder with the role's trust policy, - for standard input; may be given again", func(s string) error {
		q.policies = append(q.policies, s)
		return nil
	})
	fs.StringVar(&q.claims, "claims", "", "`file` with the token's claims as JSON, the token itself, or CloudTrail's event of the refusal; - for standard input")
	fs.StringVar(&q.role, "role", "", "`name` or ARN of the role, where the file has several")
	q.documents.flags(fs)
	fs.StringVar(&q.account, "account", "", "`account` of the identity provider; that of the policy's principal if not given")
	fs.StringVar(&q.format, "format", "text", "`format` of the answer: text or json")
	fs.Func("context", "`KEY=VALUE` of a further condition key, such as aws:SourceIp=203.0.113.7; may be given again", func(s string) error {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return errors.New("use KEY=VALUE")
		}
		q.context[key] = append(q.context[key], value)
		return nil
	})
	for _, f := range []struct {
		field       *string
		name, usage string
	}{
		{&q.run.Repository, "repository", "`OWNER/REPOSITORY` of the run, in place of --claims"},
		{&q.run.OwnerID, "owner-id", "`id` of the owner"},
		{&q.run.RepositoryID, "repository-id", "`id` of the repository"},
		{&q.run.Ref, "ref", "`ref` of the run; if not given, refs/heads/main, or refs/pull/1/merge for the event pull_request"},
		{&q.run.Environment, "environment", "`name` of the job's environment"},
		{&q.run.Event, "event", "`name` of the event, push if not given"},
		{&q.run.Actor, "actor", "`name` of the actor"},
		{&q.run.ActorID, "actor-id", "`id` of the actor"},
		{&q.run.Workflow, "workflow", "`name` of the workflow"},
		{&q.run.JobWorkflowRef, "job-workflow-ref", "`path` and ref of the workflow that has the job"},
		{&q.run.EnterpriseID, "enterprise-id", "`id` of the enterprise"},
		{&q.run.Audience, "audience", "`audience` of the token, " + oidc.DefaultAudience + " if not given"},
		{&q.run.Issuer, "issuer", "`URL` of the issuer, GitHub's if not given"},
		{&q.run.Subject, "subject", "`subject` of the token, where it is customized"},
	} {
		fs.StringVar(f.field, f.name, "", f.usage)
	}
	fs.Func("subject-form", "`form` of the subject of a run with ids: immutable, with the ids in it, if not given, or classic", func(s string) error {
		q.run.ClassicSubject = s == "classic"
		if s != "classic" && s != "immutable" {
			return errors.New("use immutable or classic")
		}
		return nil
	})
	return fs
}

// check returns the claims that the flags describe.
func (q *question) check(env Env) (claims tokenClaims, err error) {
	switch {
	case len(q.policies) == 0:
		return claims, errors.New("--policy is required; name the file with the trust policy")
	case q.claims == "" && q.run == trust.Run{}:
		return claims, errors.New("the claims are required; use --claims, or --repository with flags such as --ref and --environment")
	case q.claims != "" && q.run != trust.Run{}:
		return claims, errors.New("--claims cannot be combined with --repository and other flags of a run; remove one of them")
	case q.claims == "-" && slices.Contains(q.policies, "-"):
		return claims, errors.New("--policy - cannot be combined with --claims -; write one of them to a file")
	case q.claims == "":
		claims.Claims, err = q.run.Claims()
		if err != nil {
			return claims, fmt.Errorf("--repository %q: %w", q.run.Repository, err)
		}
		return claims, nil
	}
	in, err := env.open(q.claims)
	if err != nil {
		return claims, fmt.Errorf("--claims: %w", err)
	}
	defer in.Close()
	src, err := io.ReadAll(document.UTF8(safefile.Limit(in, maxClaims)))
	if err != nil {
		return claims, fmt.Errorf("--claims %q: %w", q.claims, err)
	}
	if claims, err = readClaims(src); err != nil {
		return claims, fmt.Errorf("--claims %q: %w", q.claims, err)
	}
	return claims, nil
}

// findRole returns the only role of the document, or the one of the name. The
// account that is given is where a template is deployed.
func (q *question) findRole(ctx context.Context) (document.Role, error) {
	if q.account != "" {
		q.documents.options.Parameters["AWS::AccountId"] = q.account
	}
	var first document.Role
	found := 0
	for role, err := range q.documents.rolesOf(ctx, q.policies...) {
		if err != nil {
			return document.Role{}, err
		}
		if q.role != "" && !slices.Contains([]string{role.Name, role.ARN, role.LogicalID, stem(role.File)}, q.role) {
			continue
		}
		if found++; found == 1 {
			first = role
		}
	}
	where := strings.Join(q.policies, ", ")
	switch {
	case found == 0 && len(q.documents.unread) > 0:
		return document.Role{}, errors.New("the role may be in a file that could not be read; correct that file")
	case found == 0 && q.role != "":
		return document.Role{}, fmt.Errorf("%s has no role %q; 'aws-oidc-action trust inventory' lists the roles", where, q.role)
	case found == 0:
		return document.Role{}, fmt.Errorf("%s has no role", where)
	case found > 1 && q.role != "":
		return document.Role{}, fmt.Errorf("%s has %d roles %q; name one by its ARN, or only its file", where, found, q.role)
	case found > 1:
		return document.Role{}, fmt.Errorf("%s has %d roles; name one with --role, such as %s", where, found, cmp.Or(first.Name, first.ARN, first.File))
	case first.Err != nil:
		return document.Role{}, fmt.Errorf("%s: %w", first.File, first.Err)
	}
	if err := refusedByIAM(first); err != nil {
		return document.Role{}, fmt.Errorf("%s: %w", first.File, err)
	}
	return first, nil
}

// stem returns the name of a file without its extension: a bare policy
// is kept in a file that is named after its role.
func stem(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// refusedByIAM returns why IAM does not store the policy of a role. One that
// an account has is stored.
func refusedByIAM(role document.Role) error {
	if role.ARN != "" {
		return nil
	}
	for _, p := range role.Policies {
		for _, a := range p.RefusedActions() {
			return a.Pos.Errorf("action %q %s; IAM refuses the policy", a.Text, a.Reason)
		}
	}
	return nil
}

// ask evaluates the role's policy. Keys that every request has are there,
// unless --context says otherwise.
func (q *question) ask(role document.Role, claims tokenClaims, now time.Time) explanation {
	if claims.Get("iss") == "" {
		claims.Claims = maps.Clone(claims.Claims)
		claims.Claims["iss"] = issuerOf(role.Policies)
	}
	ctx := trust.WebIdentityContext(claims.Claims)
	for key, value := range map[string]string{
		"aws:CurrentTime":     now.UTC().Format(time.RFC3339),
		"aws:EpochTime":       strconv.FormatInt(now.Unix(), 10),
		"aws:SecureTransport": "true",
	} {
		ctx[key] = []string{value}
	}
	for key, values := range q.context {
		for former := range ctx {
			if strings.EqualFold(former, key) {
				delete(ctx, former)
			}
		}
		ctx[key] = values
	}
	issuer := trust.ProviderOfIssuer(claims.Get("iss"))
	provider := claims.provider
	if provider == "" || q.account != "" {
		provider = q.provider(role, issuer)
	}
	request := trust.Request{
		Action:    trust.WebIdentityAction,
		Principal: trust.Principal{Type: "Federated", ID: provider},
		Context:   ctx,
	}
	if claims.partial {
		request.Unknown = claimKeys(issuer)
	}
	return explanation{
		Role: role.Name, Subject: claims.Get("sub"), Principal: request.Principal.ID, Action: request.Action, Partial: claims.partial,
		Result: role.Policies.Evaluate(request),
	}
}

// issuerOf returns the issuer that a policy trusts, for claims that were
// written down without one.
func issuerOf(policies trust.Alternatives) string {
	for e := range principals(policies) {
		if provider, ok := trust.ProviderOfARN(e.ID); ok && trust.IsGitHub(provider) {
			return "https://" + provider
		}
	}
	return oidc.GitHubIssuer
}

// principals yields what the statements of all policies list.
func principals(policies trust.Alternatives) iter.Seq[trust.PrincipalEntry] {
	return func(yield func(trust.PrincipalEntry) bool) {
		for _, p := range policies {
			for _, s := range p.Statements {
				for _, e := range s.Principal.Entries {
					if !yield(e) {
						return
					}
				}
			}
		}
	}
}

// provider returns the ARN of the issuer's provider in the role's account: as
// the policy names it, if it does, for the account is not to be seen elsewhere.
func (q *question) provider(role document.Role, issuer string) string {
	account := q.account
	if account == "" {
		account = arn.Account(role.ARN)
	}
	if account != "" {
		return arn.OIDCProvider(cmp.Or(arn.Partition(role.ARN), arn.AWS), account, issuer)
	}
	for e := range principals(role.Policies) {
		if named, ok := trust.ProviderOfARN(e.ID); ok && named == issuer && e.Text().Unknown() == nil {
			return e.ID
		}
	}
	return arn.OIDCProvider(arn.AWS, "000000000000", issuer)
}
