package action

import (
	"slices"
	"strings"
)

const twoProfiles = "web: " + deployRole + "\nplain: " + untaggedRole

// many is a login to several profiles below the hub. Its calls are compared
// without regard to their order, since they are made concurrently.
func many(with inputs, calls, env, out string, pairs ...string) use {
	return use{with: with, calls: "token; AssumeRoleWithWebIdentity hub; " + calls, env: env, out: "authenticated=true " + out, files: profileFilesOf(pairs...)}
}

// profileFacts is the output profiles for profiles and their roles.
func profileFacts(pairs ...string) string {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		arn := identity(pairs[i+1])
		all = append(all, `"`+pairs[i]+`":{"account":"`+strings.Split(arn, ":")[4]+`","arn":"`+arn+`","session-name":"{name}","region":"eu-central-1","expiration":"{+1h0m0s}"}`)
	}
	slices.Sort(all)
	return "profiles={" + strings.Join(all, ",") + "}"
}

// overridden are the variables that go before a profile in some SDK.
const overridden = " AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_SESSION_TOKEN= AWS_WEB_IDENTITY_TOKEN_FILE="

const bothRoles = "AssumeRole deploy by hub; AssumeRole untagged by hub"

var manyCases = []tableCase{
	{name: "profiles", use: many(inputs{"profiles": twoProfiles, "max-parallel": "2"}, bothRoles, announced+overridden, profileFacts("web", "deploy", "plain", "untagged"), "web", "deploy", "plain", "untagged")},
	{name: "profiles of a file", files: vars{"{workspace}/aws.yml": twoProfiles}, use: many(inputs{"profiles-file": "aws.yml"}, bothRoles, announced+overridden, profileFacts("web", "deploy", "plain", "untagged"), "web", "deploy", "plain", "untagged")},
	{name: "profiles of a file by another name of the workspace", files: vars{"{workspace}/aws.yml": twoProfiles}, use: many(inputs{"profiles-file": "/__w/octo-repo/octo-repo/aws.yml"}, bothRoles, announced+overridden, profileFacts("web", "deploy", "plain", "untagged"), "web", "deploy", "plain", "untagged")},
	{name: "profiles, one of them", use: many(inputs{"profiles": twoProfiles, "profiles-select": "w*"}, "AssumeRole deploy by hub", announced+overridden, profileFacts("web", "deploy"), "web", "deploy")},
	{name: "profiles with a default", use: many(inputs{"profiles": twoProfiles, "default-profile": "web"}, bothRoles, announced+overridden+region, strings.TrimPrefix(facts("deploy"), "authenticated=true ")+" "+profileFacts("web", "deploy", "plain", "untagged"),
		"web", "deploy", "default", "deploy", "plain", "untagged")},
	{name: "profiles with a default in the environment", use: many(inputs{"profiles": twoProfiles, "default-profile": "web", "output-env-credentials": "true"}, bothRoles, announced+" AWS_WEB_IDENTITY_TOKEN_FILE= "+keys("deploy", "eu-central-1"),
		strings.TrimPrefix(facts("deploy"), "authenticated=true ")+" "+profileFacts("web", "deploy", "plain", "untagged"), "web", "deploy", "default", "deploy", "plain", "untagged")},
	{name: "profiles, one of them refused", use: use{with: inputs{"profiles": twoProfiles + "\nlost: arn:aws:iam::222222222222:role/lost"}, calls: "token; AssumeRoleWithWebIdentity hub; " + bothRoles + "; AssumeRole arn:aws:iam::222222222222:role/lost by hub AccessDenied",
		code: "chained-role-refused", says: []string{"profile lost"}}},
	{name: "profiles in a file that is missing", use: use{with: inputs{"profiles-file": "aws.yml"}, code: "invalid-input", says: []string{"input profiles-file"}}},
	{name: "profiles into an account that is not allowed", use: use{with: inputs{"profiles": twoProfiles, "allowed-account-ids": "111111111111"}, code: "account-not-allowed"}},
	{name: "profiles, and logout", use: many(inputs{"profiles": twoProfiles, "on-profile-error": "fail"}, bothRoles, announced+overridden, profileFacts("web", "deploy", "plain", "untagged"), "web", "deploy", "plain", "untagged"), then: []use{
		{with: inputs{"logout": "true"}, env: "AWS_SDK_LOAD_CONFIG=", out: "authenticated=false", files: emptied}}},
	{name: "refresh that is off", use: use{with: inputs{"refresh": "false"}, calls: byOIDC.calls, as: "hub"}},
	{name: "refresh of keys", use: use{with: also(staticKeys, inputs{"refresh": "true"}), code: "invalid-input", says: []string{"input refresh"}}},
	{name: "refresh of what is in the environment", use: use{with: inputs{"refresh": "true", "output-env-credentials": "true"}, code: "invalid-input", says: []string{"input output-env-credentials: cannot be combined with refresh"}}},
}
