package action

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// ambientCases have a machine's own credentials, or what makes them unusable.
// {machine} is the URL of a server that plays the instance metadata service
// and the credentials endpoint of a container; it hands out {hub.id} and so
// on, which an earlier use has got. {silent} is that of one that never answers.
var ambientCases = []tableCase{
	{name: "an instance's role", job: instance, use: aside, then: []use{
		{with: plain, calls: "GetCallerIdentity by hub", as: "hub", env: justRegion, out: factsUntil("hub", "{name}", ""), says: []string{"the default chain (instance)"}}}},
	{name: "an instance's role where the job's keys are unset", job: instance, use: byOIDC, then: []use{
		{with: unset, calls: "GetCallerIdentity by hub", as: "hub", env: justRegion + " AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_SESSION_TOKEN=", out: factsUntil("hub", "{name}", ""), says: []string{"the default chain (instance)"}}}},
	{name: "an instance's role as the first of a chain", job: instance, use: aside, then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": deployRole}, calls: "AssumeRole deploy by hub tags=default", as: "deploy"}}},
	{name: "an instance's role for two hours", job: instance, use: aside, then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": deployRole, "role-duration-seconds": "7200"}, calls: "AssumeRole deploy by hub duration=7200 tags=default ValidationError", code: "duration-over-chaining-hour"}}},
	{name: "an instance's role behind a first login", job: instance, use: byOIDC, then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": deployRole}, calls: "AssumeRole deploy by hub tags=default", as: "deploy", says: []string{"the default chain (environment)"}}}},
	{name: "an instance that does not answer", job: vars{"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{silent}"},
		use: use{with: plain, code: "failed", says: []string{"timed out after 2s", "--http-put-response-hop-limit 2"}}},
	{name: "an instance that is not to be asked", job: also(instance, vars{"AWS_EC2_METADATA_DISABLED": "True"}), use: use{with: plain, code: "failed", says: []string{"no credentials from environment, profiles, container or instance: instance metadata service: AWS_EC2_METADATA_DISABLED is true", "unset it"}}},

	{name: "a container's role", job: also(instance, vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/container"}), use: aside, then: []use{
		{with: plain, calls: "GetCallerIdentity by hub", as: "hub", env: justRegion, out: factsUntil("hub", "{name}", ""), says: []string{"the default chain (container)"}}}},
	{name: "a container's role where the job's keys are unset", job: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/container"}, use: byOIDC, then: []use{
		{with: unset, calls: "GetCallerIdentity by hub", as: "hub", env: justRegion + " AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_SESSION_TOKEN=", out: factsUntil("hub", "{name}", ""), says: []string{"the default chain (container)"}}}},
	{name: "a container's role for a token", job: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/guarded", "AWS_CONTAINER_AUTHORIZATION_TOKEN": agentToken}, use: aside, then: []use{
		{with: plain, calls: "GetCallerIdentity by hub", as: "hub", env: justRegion, out: factsUntil("hub", "{name}", "")}}},
	{name: "a container's role for a token in a file", job: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/guarded", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "stale", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{temp}/pod/token"},
		files: vars{"{temp}/pod/..2026_11_23/token": agentToken + "\n"}, links: vars{"{temp}/pod/..data": "..2026_11_23", "{temp}/pod/token": "..data/token"}, use: aside, then: []use{
			{with: plain, calls: "GetCallerIdentity by hub", as: "hub", env: justRegion, out: factsUntil("hub", "{name}", "")}}},
	{name: "a container's role for a token file that is missing", job: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/guarded", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{temp}/token"},
		use: use{with: plain, code: "failed", says: []string{`variable AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "{temp}/token" does not exist`}}},
	{name: "a container that refuses, on an instance that would not", job: also(instance, vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/guarded"}),
		use: use{with: plain, code: "failed", says: []string{"status 403"}}},
	{name: "a container that has nothing", job: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/empty"},
		use: use{with: plain, code: "failed", says: []string{"the response contains no keys"}}},
	{name: "a container's role from afar", job: also(instance, vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://agent.example.com/role"}),
		use: use{with: plain, code: "failed", says: []string{"variable AWS_CONTAINER_CREDENTIALS_FULL_URI", `"http://agent.example.com/role" would fetch credentials unencrypted`}}},

	{name: "keys of the default profile at home", job: instance, files: vars{"{home}/.aws/credentials": "[default]\n" + profileKeys("ci")},
		use: use{with: plain, calls: "GetCallerIdentity by ci", as: "ci", out: factsUntil("ci", "{name}", ""), env: justRegion, says: []string{"the default chain (profile default)"}}},
	{name: "keys of a profile at home, in the config file", job: vars{"AWS_PROFILE": "machine"}, files: vars{"{home}/.aws/config": "[profile machine]\n" + profileKeys("ci")},
		use: use{with: plain, calls: "GetCallerIdentity by ci", as: "ci", out: factsUntil("ci", "{name}", ""), env: justRegion, says: []string{"the default chain (profile machine)"}}},
	{name: "keys of an announced profile", job: vars{"AWS_SHARED_CREDENTIALS_FILE": "{temp}/machine", "AWS_PROFILE": "machine"}, files: vars{"{temp}/machine": "[machine]\n" + profileKeys("ci")},
		use: use{with: plain, calls: "GetCallerIdentity by ci", as: "ci", out: factsUntil("ci", "{name}", ""), env: justRegion, says: []string{"the default chain (profile machine)"}}},
	{name: "keys of an announced profile in the workspace", job: vars{"AWS_SHARED_CREDENTIALS_FILE": "aws/machine"}, files: vars{"{workspace}/aws/machine": "[default]\n" + profileKeys("ci")},
		use: use{with: plain, calls: "GetCallerIdentity by ci", as: "ci", out: factsUntil("ci", "{name}", ""), env: justRegion, says: []string{"the default chain (profile default)"}}},
	{name: "keys of a profile of an earlier step", use: use{with: inputs{"aws-profile": "default"}, calls: byOIDC.calls, env: announced, out: facts("hub"), files: profileFilesOf("default", "hub")}, then: []use{
		{with: plain, calls: "GetCallerIdentity by hub", as: "hub", env: justRegion, out: factsUntil("hub", "{name}", ""), says: []string{"the default chain (profile default)"}, files: profileFilesOf("default", "hub")}}},
	{name: "a profile without keys, on an instance", job: instance, use: aside, files: vars{"{home}/.aws/config": "[default]\nregion = us-west-2\n"}, then: []use{
		{with: plain, calls: "GetCallerIdentity by hub", as: "hub", env: justRegion, out: factsUntil("hub", "{name}", ""), says: []string{"the default chain (instance)"}}}},
	{name: "a profile that is missing, on an instance", job: also(instance, vars{"AWS_PROFILE": "machine"}), use: use{with: plain, code: "failed", says: []string{`no credentials from profile "machine" (AWS_PROFILE)`}}},
	{name: "a profile that assumes a role, on an instance", job: instance, files: vars{"{home}/.aws/config": "[default]\nrole_arn = " + deployRole + "\nsource_profile = default\n" + profileKeys("ci")},
		use: use{with: plain, calls: "AssumeRole deploy by ci", as: "deploy", env: justRegion, out: factsUntil("deploy", "{name}", ""), says: []string{"the default chain (profile default)"}}},
	{name: "a profile that assumes a role with that of the instance", job: instance, files: vars{"{home}/.aws/config": "[default]\nrole_arn = " + deployRole + "\ncredential_source = Ec2InstanceMetadata\nrole_session_name = pod-7\n"}, use: aside, then: []use{
		{with: plain, calls: "AssumeRole deploy by hub name=pod-7", as: "deploy", env: justRegion, out: factsUntil("deploy", "pod-7", "")}}},
	{name: "a profile that asks a program, on an instance", job: instance, files: vars{"{home}/.aws/config": "[default]\ncredential_process = /bin/false\n"},
		use: use{with: plain, code: "failed", says: []string{`no credentials from profile "default" (credential_process): the program failed with exit status 1`}}},
	{name: "a profile whose program has keys", files: vars{"{home}/.aws/config": "[default]\ncredential_process = cat {temp}/keys\n", "{temp}/keys": processKeys},
		use: use{with: plain, calls: "GetCallerIdentity by ci", as: "ci", env: justRegion, out: factsUntil("ci", "{name}", ""), says: []string{"the default chain (profile default)"}}},
	{name: "a profile in the workspace whose program has keys", job: vars{"AWS_CONFIG_FILE": "aws"}, files: vars{"{workspace}/aws": "[default]\ncredential_process = cat {temp}/keys\n", "{temp}/keys": processKeys},
		use: use{with: plain, code: "failed", says: []string{"programs in profile files of the workspace are not started"}}},
	{name: "a profile that logs people in, on an instance", job: also(instance, vars{"AWS_CONFIG_FILE": "{temp}/sso", "AWS_PROFILE": "me"}), files: vars{"{temp}/sso": "[profile me]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = dev\n[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example\n"},
		use: use{with: plain, code: "failed", says: []string{`no credentials from profile "me" (sso_session): {home}/.aws/sso/cache/`, "'aws sso login' needs a person"}}},
	{name: "a file of profiles behind a link at home", files: vars{"{temp}/machine": "[default]\n" + profileKeys("ci")}, links: vars{"{home}/.aws/credentials": "{temp}/machine"},
		use: use{with: plain, calls: "GetCallerIdentity by ci", as: "ci", out: factsUntil("ci", "{name}", ""), env: justRegion, says: []string{"the default chain (profile default)"}}},

	{name: "a token file before a profile", job: also(serviceAccount, vars{"AWS_ROLE_SESSION_NAME": "pod-7"}), files: vars{"{temp}/token": "{token}", "{home}/.aws/credentials": "[default]\n" + profileKeys("ci")},
		use: use{with: plain, calls: "AssumeRoleWithWebIdentity other name=pod-7", as: "other", env: justRegion, out: factsUntil("other", "pod-7", ""), says: []string{"the default chain (token file)"}}},
	{name: "a token file without a session name", job: serviceAccount, files: vars{"{temp}/token": "{token}"}, use: use{with: plain, calls: "AssumeRoleWithWebIdentity other", as: "other", out: factsUntil("other", "{name}", ""), env: justRegion}},
	{name: "a token file as the first of a chain", job: also(serviceAccount, vars{"AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/hub"}), files: vars{"{temp}/token": "{token}"},
		use: use{with: inputs{"role-chaining": "true", "role-to-assume": deployRole}, calls: "AssumeRoleWithWebIdentity hub; AssumeRole deploy by hub tags=default", as: "deploy"}},
	{name: "a token file that is not there", job: serviceAccount, use: use{with: plain, code: "failed", says: []string{`variable AWS_WEB_IDENTITY_TOKEN_FILE: "{temp}/token" does not exist`}}},
	{name: "a token file of nobody", job: vars{"AWS_WEB_IDENTITY_TOKEN_FILE": "{temp}/token"}, files: vars{"{temp}/token": "{token}"}, use: use{with: plain, code: "failed", says: []string{`variable AWS_ROLE_ARN: "" is not the ARN of a role`}}},
	{name: "a token file that is refused", job: also(serviceAccount, vars{"AWS_ROLE_ARN": lostRole}), files: vars{"{temp}/token": "{token}"}, use: use{with: plain, calls: "AssumeRoleWithWebIdentity " + lostRole + " AccessDenied", code: "web-identity-not-authorized"}},
	{name: "keys before a token file", job: also(serviceAccount, ciVariables), use: use{with: plain, calls: "GetCallerIdentity by ci", as: "ci", out: factsUntil("ci", "{name}", ""), env: justRegion, says: []string{"the default chain (environment)"}}},
}

var (
	plain          = inputs{"role-to-assume": notGiven}
	unset          = inputs{"role-to-assume": notGiven, "unset-current-credentials": "true"}
	instance       = vars{"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{machine}"}
	serviceAccount = vars{"AWS_WEB_IDENTITY_TOKEN_FILE": "{temp}/token", "AWS_ROLE_ARN": otherRole}

	// aside gets keys for the machine to hand out, and leaves none in the job.
	aside = byOIDC.withInputs(inputs{"output-env-credentials": "false"}).exporting("none")
)

// processKeys is what a credential_process prints.
const processKeys = `{"Version": 1, "AccessKeyId": "{ci.id}", "SecretAccessKey": "{ci.secret}"}`

// justRegion is what a login without a role and without keys exports.
const justRegion = "AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1"

const agentToken = "Bearer of-the-pod"

// exporting is the use with other variables exported.
func (u use) exporting(env string) use {
	u.env = env
	return u
}

// onMachine starts both servers if the variables name one, and puts their URLs in.
func (w *tableJob) onMachine(job vars) vars {
	all := vars{}
	var urls *strings.Replacer
	for name, value := range job {
		if urls == nil && (strings.Contains(value, "{machine}") || strings.Contains(value, "{silent}")) {
			machine, silent := w.machine()
			urls = strings.NewReplacer("{machine}", machine, "{silent}", silent)
		}
		if urls != nil {
			value = urls.Replace(value)
		}
		all[name] = value
	}
	return all
}

// machine starts both servers.
func (w *tableJob) machine() (machine, silent string) {
	keys := func(out http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(out, w.expand(`{"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", "AccessKeyId": "{hub.id}", "SecretAccessKey": "{hub.secret}", "Token": "{hub.token}", "Expiration": "`),
			w.begin.Add(6*time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339), `"}`)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		fmt.Fprint(out, "metadata-token")
	})
	const path = "/latest/meta-data/iam/security-credentials/"
	mux.HandleFunc("GET "+path+"{$}", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprint(out, "machine") })
	mux.HandleFunc("GET "+path+"machine", keys)
	mux.HandleFunc("GET /container", keys)
	mux.HandleFunc("GET /empty", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprint(out, "{}") })
	mux.HandleFunc("GET /guarded", func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != agentToken {
			out.Header().Set("Content-Type", "application/json")
			out.WriteHeader(http.StatusForbidden)
			fmt.Fprint(out, `{"code": "AccessDenied", "message": "no token"}`)
			return
		}
		w.AddSecrets(agentToken) // which is to be masked, too
		keys(out, r)
	})
	speaking := httptest.NewServer(mux)
	w.Cleanup(speaking.Close)
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	w.Cleanup(hanging.Close)
	return speaking.URL, hanging.URL
}
