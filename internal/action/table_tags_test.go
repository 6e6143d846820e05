package action

import (
	"fmt"
	"strings"
)

// byKeys is the way on which session tags are sent.
var byKeys = toRole(staticKeys, deployRole)

var tagCases = []tableCase{
	{name: "tags of a push", use: use{with: byKeys, calls: "AssumeRole deploy by ci tags=default", as: "deploy"}},
	{name: "tags of a pull request", workflow: "event: pull_request\nhead-ref: feature/x\nactor: alice\ntriggering-actor: bob\nrun-id: 77\njob: test\nname: CI\nsha: abc",
		use: use{with: also(byKeys, inputs{"role-session-name": "pr"}),
			calls: "AssumeRole deploy by ci name=pr tags=GitHub:Actions,Repository:octo-org/octo-repo,Workflow:CI,Action:step,Actor:alice,Commit:abc,Branch:refs/pull/17/merge," +
				"EventName:pull_request,BaseRef:main,HeadRef:feature/x,RunId:77,Job:test,TriggeringActor:bob",
			env: keys("deploy", "eu-central-1"), out: factsUntil("deploy", "pr", "{+1h0m0s}")}},
	{name: "tags that are cleaned", workflow: `name: "Build & test: \"prod\" (main) – дом"` + "\nactor: dependabot[bot]\ntriggering-actor: octocat",
		use: use{with: byKeys, as: "deploy", calls: "AssumeRole deploy by ci tags=" + strings.NewReplacer("Workflow:deploy", "Workflow:Build _ test: _prod_ _main_ _ дом", "Actor:octocat,C", "Actor:dependabot_bot_,C").Replace(defaultTags)}},
	{name: "tags of 256 characters", workflow: "name: " + strings.Repeat("ä", 300),
		use: use{with: byKeys, as: "deploy", calls: "AssumeRole deploy by ci tags=" + strings.Replace(defaultTags, "Workflow:deploy", "Workflow:"+strings.Repeat("ä", 256), 1)}},
	{name: "tags without what is empty", workflow: `name: ""`,
		use: use{with: byKeys, as: "deploy", calls: "AssumeRole deploy by ci tags=" + strings.Replace(defaultTags, "Workflow:deploy,", "", 1)}},
	{name: "tags are off", use: use{with: also(byKeys, inputs{"role-skip-session-tagging": "true", "transitive-tag-keys": "Repository"}), calls: "AssumeRole deploy by ci", as: "deploy"}},
	{name: "tags are off, in capitals", use: use{with: also(byKeys, inputs{"role-skip-session-tagging": "TRUE"}), calls: "AssumeRole deploy by ci", as: "deploy"}},
	{name: "custom tags", use: use{with: also(byKeys, inputs{"custom-tags": "{\n  \"Team\": \"web shop\",\n  \"CostCenter\": \"\"\n}"}), calls: "AssumeRole deploy by ci tags=default,Team:web shop,CostCenter:", as: "deploy"}},
	{name: "custom tags of letters of all kinds", use: use{with: also(byKeys, inputs{"custom-tags": `{"Größe": "дом_.:/=+-@1"}`}), calls: "AssumeRole deploy by ci tags=default,Größe:дом_.:/=+-@1", as: "deploy"}},
	{name: "custom tags of the greatest size", use: use{with: also(byKeys, inputs{"custom-tags": `{"` + strings.Repeat("k", 128) + `": "` + strings.Repeat("v", 256) + `"}`}),
		calls: "AssumeRole deploy by ci tags=default," + strings.Repeat("k", 128) + ":" + strings.Repeat("v", 256), as: "deploy"}},
	{name: "custom tags beyond it", use: use{with: also(byKeys, inputs{"custom-tags": `{"` + strings.Repeat("k", 129) + `": "v"}`}), code: "invalid-input", says: []string{"not a tag key"}}},
	{name: "custom tags with a long value", use: use{with: also(byKeys, inputs{"custom-tags": `{"k": "` + strings.Repeat("v", 257) + `"}`}), code: "invalid-input", says: []string{"not a value for tag"}}},
	{name: "custom tags with a wrong character", use: use{with: also(byKeys, inputs{"custom-tags": `{"Team": "a;b"}`}), code: "invalid-input", says: []string{"not a value for tag"}}},
	{name: "custom tags of the action's own", use: use{with: also(byKeys, inputs{"custom-tags": `{"repository": "other/repo"}`}), code: "invalid-input", says: []string{`"repository" is a tag that the action sets itself`}}},
	{name: "custom tags of AWS's own", use: use{with: also(byKeys, inputs{"custom-tags": `{"aws:x": "y"}`}), code: "invalid-input", says: []string{"begins with aws:"}}},
	{name: "custom tags twice", use: use{with: also(byKeys, inputs{"custom-tags": `{"Team": "a", "team": "b"}`}), code: "invalid-input", says: []string{`duplicate tag key "team"`}}},
	{name: "custom tags that are nested", use: use{with: also(byKeys, inputs{"custom-tags": `{"Team": {"a": "b"}}`}), code: "invalid-input", says: []string{"cannot be nested"}}},
	{name: "custom tags in a list", use: use{with: also(byKeys, inputs{"custom-tags": `["Team"]`}), code: "invalid-input", says: []string{"not a JSON object"}}},
	{name: "custom tags of numbers and booleans", use: use{with: also(byKeys, inputs{"custom-tags": `{"Cost": 42, "Share": 0.5, "Critical": true}`}), calls: "AssumeRole deploy by ci tags=default,Cost:42,Share:0.5,Critical:true", as: "deploy"}},
	{name: "custom tags of nothing", use: use{with: also(byKeys, inputs{"custom-tags": `{"Team": null}`}), code: "invalid-input", says: []string{"use a text, a number or a boolean"}}},
	{name: "custom tags in place of the action's for information", use: use{with: also(byKeys, inputs{"custom-tags": `{"job": "deploy to prod", "HeadRef": "main"}`}), code: "invalid-input",
		says: []string{`"job" is a tag that the action sets itself`, `"HeadRef" is a tag that the action sets itself`}}},
	{name: "custom tags that are skipped", use: use{with: also(byKeys, inputs{"custom-tags": `{"Team": "web"}`, "role-skip-session-tagging": "true"}), calls: "AssumeRole deploy by ci", as: "deploy", notes: "warning no effect"}},
	{name: "custom tags, many", use: use{with: also(byKeys, inputs{"custom-tags": manyTags(37, `"tag%d": "x"`, "{", ", ", "}")}), calls: "AssumeRole deploy by ci tags=default," + manyTags(37, "tag%d:x", "", ",", ""), as: "deploy"}},
	{name: "custom tags, too many", use: use{with: also(byKeys, inputs{"custom-tags": manyTags(44, `"tag%d": "x"`, "{", ", ", "}")}), code: "invalid-input", says: []string{"44 tags"}}},
	{name: "custom tags that break off", use: use{with: also(byKeys, inputs{"custom-tags": `{"Team": "a"`}), code: "invalid-input", says: []string{"not a JSON object"}}},
	{name: "custom tags with OIDC", use: use{with: inputs{"custom-tags": `{"Team": "web"}`}, calls: byOIDC.calls, as: "hub", notes: "warning no effect", says: []string{"custom-tags have no effect"}}},
	{name: "custom tags with a token file", files: vars{"{temp}/token": "{token}"}, use: use{with: inputs{"custom-tags": `{"Team": "web"}`, "web-identity-token-file": "{temp}/token"}, calls: "AssumeRoleWithWebIdentity hub", as: "hub", notes: "warning no effect"}},
	{name: "custom tags with role-chaining", job: ciVariables, use: use{with: inputs{"role-to-assume": deployRole, "role-chaining": "true", "custom-tags": `{"Team": "web"}`}, calls: "AssumeRole deploy by ci tags=default,Team:web", as: "deploy"}},
	{name: "transitive keys", use: use{with: also(byKeys, inputs{"transitive-tag-keys": "Repository\nTeam\n", "custom-tags": `{"Team": "web"}`}), calls: "AssumeRole deploy by ci tags=default,Team:web transitive=Repository,Team", as: "deploy"}},
	{name: "transitive keys without their tag", use: use{with: also(byKeys, inputs{"transitive-tag-keys": "Repository\nTeam"}), calls: "AssumeRole deploy by ci tags=default transitive=Repository", as: "deploy", says: []string{`"Team", which is not among the tags`}}},
	{name: "transitive keys that stay along the chain", use: use{with: also(byKeys, inputs{"transitive-tag-keys": "Repository"}), calls: "AssumeRole deploy by ci tags=default transitive=Repository", as: "deploy"}, then: []use{
		{with: inputs{"role-chaining": "true", "role-to-assume": nextRole, "role-skip-session-tagging": "true"}, calls: "AssumeRole next by deploy", as: "next"}}},
	{name: "transitive keys with OIDC", use: use{with: inputs{"transitive-tag-keys": "Repository"}, calls: byOIDC.calls, as: "hub"}},
	{name: "tags that are too large once", faults: "{call: AssumeRole, fault: packed-policy}",
		use: use{with: also(byKeys, inputs{"transitive-tag-keys": "RunId\nActor", "custom-tags": `{"Team": "web"}`}), as: "deploy",
			calls: "AssumeRole deploy tags=default,Team:web transitive=RunId,Actor PackedPolicyTooLarge packed-policy; AssumeRole deploy by ci tags=kept,Team:web transitive=Actor"}},
	{name: "tags that are too large with the session policy", use: use{as: "deploy",
		with:  also(byKeys, inputs{"inline-session-policy": `{"Statement":[{"Effect":"Allow","Action":"` + strings.Repeat("a", 1770) + `","Resource":"*"}]}`}),
		calls: "AssumeRole deploy by ci policy={long} tags=default PackedPolicyTooLarge; AssumeRole deploy by ci policy={long} tags=kept"}},
	{name: "tags that stay too large", faults: "{call: AssumeRole, fault: packed-policy, times: always}", use: use{with: byKeys, code: "session-policy-too-large",
		calls: "AssumeRole deploy tags=default PackedPolicyTooLarge packed-policy; AssumeRole deploy tags=kept PackedPolicyTooLarge packed-policy"}},
	{name: "a policy too large without tags", faults: "{call: AssumeRole, fault: packed-policy, times: always}", use: use{with: also(byKeys, inputs{"role-skip-session-tagging": "true"}), code: "session-policy-too-large",
		calls: "AssumeRole deploy PackedPolicyTooLarge packed-policy"}},
	{name: "tags that the role refuses", use: use{with: toRole(staticKeys, untaggedRole), calls: "AssumeRole untagged by ci tags=default AccessDenied", code: "tag-session-refused",
		says: []string{"allow sts:TagSession in addition to sts:AssumeRole in the trust policy of " + untaggedRole, "send no tags"}}},
	{name: "tags that the role is spared", use: use{with: also(toRole(staticKeys, untaggedRole), inputs{"role-skip-session-tagging": "true"}), calls: "AssumeRole untagged by ci", as: "untagged"}},
	{name: "tags while the server's clock jumps", faults: "{call: AssumeRole, fault: clock-skew, offset: -20m}",
		use: use{with: byKeys, calls: "AssumeRole deploy by ci tags=default SignatureDoesNotMatch clock-skew; AssumeRole deploy by ci tags=default SignatureDoesNotMatch; AssumeRole deploy by ci tags=default", as: "deploy"}},
	{name: "no tags of the action's own in a chain", use: use{with: inputs{"role-chain": untaggedRole}, calls: byOIDC.calls + "; AssumeRole untagged by hub", as: "untagged"}},
	{name: "tags of a chain that the role refuses", use: use{with: inputs{"role-chain": "- role: " + untaggedRole + "\n  tags: {Team: web}"}, calls: byOIDC.calls + "; AssumeRole untagged by hub tags=Team:web AccessDenied", code: "tag-session-refused", says: []string{"hop 2 of 2"}}},
}

const untaggedRole = "arn:aws:iam::222222222222:role/untagged"

func manyTags(n int, format, begin, separator, end string) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return begin + strings.Join(all, separator) + end
}
