package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseParameters(t *testing.T) {
	want := map[string]string{"Repo": "octo/app", "Account": "012345678901", "AWS::Region": "eu-west-1"}
	for name, src := range map[string]string{
		"list of CloudFormation":         `[{"ParameterKey": "Repo", "ParameterValue": "octo/app"}, {"ParameterKey": "Account", "ParameterValue": "012345678901", "UsePreviousValue": false}, {"ParameterKey": "AWS::Region", "ParameterValue": "eu-west-1"}]`,
		"list as YAML":                   "- ParameterKey: Repo\n  ParameterValue: octo/app\n- ParameterKey: Account\n  ParameterValue: 012345678901\n- {ParameterKey: AWS::Region, ParameterValue: eu-west-1}\n",
		"object of CodePipeline":         `{"Parameters": {"Repo": "octo/app", "Account": "012345678901", "AWS::Region": "eu-west-1"}, "Tags": {"a": "b"}}`,
		"object":                         `{"Repo": "octo/app", "Account": "012345678901", "AWS::Region": "eu-west-1"}`,
		"object with a byte-order mark":  "\ufeff" + `{"Repo": "octo/app", "Account": "012345678901", "AWS::Region": "eu-west-1"}`,
		"object as YAML":                 "Repo: octo/app\nAccount: 012345678901\nAWS::Region: eu-west-1\n",
		"list of texts":                  `["Repo=octo/app", "Account=012345678901", "AWS::Region=eu-west-1"]`,
		"list of texts within an object": `{"Parameters": ["Repo=octo/app", "Stack:Account=012345678901", "AWS::Region=eu-west-1"]}`,
		"lines":                          "Repo=octo/app\nStack:Account=012345678901\n\nAWS::Region=eu-west-1\n",
	} {
		got, err := parseParameters([]byte(src))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	for name, src := range map[string]string{
		"nothing": "", "a word": "Repo", "list of words": `["Repo"]`, "broken": "{", "nested": `{"Stack": {"Repo": "octo/app"}}`,
		"list of objects": `[{"Key": "a", "Value": "b"}]`, "list value": `[{"ParameterKey": "a", "ParameterValue": ["b"]}]`, "name missing": "=x",
	} {
		if got, err := parseParameters([]byte(src)); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}
