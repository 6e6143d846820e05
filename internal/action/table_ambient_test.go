package action

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

// ambientCases have a machine's own credentials, or what stands in their way.
// {machine} is the URL of a server that plays the instance metadata service
// and the credentials endpoint of a container; it hands out {hub.id} and so
// on, which an earlier use has got. {silent} is that of one that never answers.
var ambientCases = []tableCase{
	{name: "an instance's role", process: instance, use: byOIDC, then: []use{
		{with: inputs{"role-to-assume": ""}, calls: "GetCallerIdentity by hub", as: "hub", out: factsUntil("hub", "{name}", "{later}"), says: []string{"EC2RoleProvider"}}}},
	{name: "an instance's role where the job's keys are unset", process: instance, use: byOIDC, then: []use{
		{with: inputs{"role-to-assume": "", "unset-current-credentials": "true"}, calls: "GetCallerIdentity by hub", as: "hub", out: factsUntil("hub", "{name}", "{later}")}}},
	{name: "an instance's role as the first of a chain", process: instance, use: byOIDC.withInputs(inputs{"output-env-credentials": "false"}).exporting("none"), then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": deployRole}, calls: "AssumeRole deploy by hub tags=default", as: "deploy"}}},
	{name: "an instance's role for two hours", process: instance, use: byOIDC.withInputs(inputs{"output-env-credentials": "false"}).exporting("none"), then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": deployRole, "role-duration-seconds": "7200"}, calls: "AssumeRole deploy by hub duration=7200 tags=default ValidationError", code: "duration-over-chaining-hour"}}},
	{name: "an instance's role behind a first login", process: instance, use: byOIDC, then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": deployRole}, calls: "AssumeRole deploy by hub tags=default", as: "deploy", says: []string{"the environment (AWS_ACCESS_KEY_ID)"}}}},
	{name: "an instance that does not answer", process: vars{"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{silent}"},
		use: use{with: inputs{"role-to-assume": ""}, code: "failed", says: []string{"within two seconds", "hop limit of 2"}}},
	{name: "a container's role", process: vars{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{machine}/container"}, use: byOIDC, then: []use{
		{with: inputs{"role-to-assume": ""}, calls: "GetCallerIdentity by hub", as: "hub", out: factsUntil("hub", "{name}", "{later}"), says: []string{"CredentialsEndpointProvider"}}}},
}

var instance = vars{"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{machine}"}

// exporting is the use with other variables exported.
func (u use) exporting(env string) use {
	u.env = env
	return u
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
	speaking := httptest.NewServer(mux)
	w.Cleanup(speaking.Close)
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	w.Cleanup(hanging.Close)
	return speaking.URL, hanging.URL
}
