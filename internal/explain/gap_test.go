package explain

import (
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
)

const (
	onMain   = "repo:octo-org/octo-repo:ref:refs/heads/main"
	withIDs  = "repo:octo-org@6154722/octo-repo@74123456:ref:refs/heads/main"
	workflow = "octo-org/automation/.github/workflows/deploy.yml@refs/heads/main"
)

func TestGapBetweenSubjectAndPolicy(t *testing.T) {
	const equals, like = false, true
	for _, tt := range []struct {
		sub, want string
		wildcards bool
		code      diagnosis.Code
	}{
		{sub: onMain, want: "repo:octo-org/octo-repo:ref:refs/heads/release", wildcards: equals,
			code: diagnosis.SubjectBranchOrTag},
		{sub: onMain, want: "repo:octo-org/octo-repo:ref:refs/tags/*", wildcards: like,
			code: diagnosis.SubjectBranchOrTag},
		{sub: onMain, want: "repo:octo-org/octo-repo:ref:main", wildcards: equals, code: diagnosis.SubjectBranchOrTag},
		{sub: onMain, want: "repo:octo-org/octo-repo:environment:*", wildcards: like,
			code: diagnosis.SubjectEnvironment},
		{sub: onMain, want: "repo:octo-org/octo-repo:pull_request", wildcards: equals,
			code: diagnosis.SubjectPullRequest},
		{sub: onMain, want: "repo:octo-org/octo-rep?s:*", wildcards: like, code: diagnosis.SubjectRepository},
		{sub: onMain, want: "repo:octo-*/other:*", wildcards: like, code: diagnosis.SubjectRepository},
		{sub: onMain, want: "repo:octo-org/*", wildcards: equals, code: diagnosis.WildcardInStringEquals},
		{sub: onMain, want: "repo:octo-org/octo-repo:ref:refs/heads/mai?", wildcards: equals,
			code: diagnosis.WildcardInStringEquals},
		{sub: onMain, want: "repo:octo-org/octo-repo:ref:refs/tags/*", wildcards: equals,
			code: diagnosis.SubjectBranchOrTag}, // two mistakes: the one that StringLike would not cure
		{sub: onMain, want: "REPO:OCTO-ORG/OCTO-REPO:REF:REFS/HEADS/MAIN", wildcards: equals,
			code: diagnosis.SubjectCase},
		{sub: onMain, want: "repo:Octo-Org/octo-repo:environment:production", wildcards: equals,
			code: diagnosis.SubjectCase}, // nothing else could cure it either
		{sub: onMain, want: withIDs, wildcards: equals, code: diagnosis.SubjectImmutable},
		{sub: onMain, want: "repository_owner:octo-org:job_workflow_ref:" + workflow, wildcards: equals,
			code: diagnosis.SubjectCustomized},
		{sub: onMain, want: onMain + ":job_workflow_ref:*", wildcards: like, code: diagnosis.SubjectCustomized},
		{sub: onMain, want: onMain + " ", wildcards: equals},
		{sub: onMain, want: "octo-org/octo-repo:ref:refs/heads/main", wildcards: equals},
		{sub: onMain, want: "repo:octo-org/octo-repo", wildcards: equals},
		{sub: onMain, want: "repo:${aws:username}/octo-repo:*", wildcards: like},
		{sub: onMain, want: "system:serviceaccount:ci:deploy", wildcards: equals},
		{sub: onMain, wildcards: equals},

		{sub: withIDs, want: onMain, wildcards: equals, code: diagnosis.SubjectImmutable},
		{sub: withIDs, want: "repo:octo-org/*", wildcards: like, code: diagnosis.SubjectImmutable},
		{sub: withIDs, want: "repo:octo-org@6154722/octo-repo@1:*", wildcards: like, code: diagnosis.SubjectRepository},
		{sub: withIDs, want: "repo:octo-org@1/*", wildcards: like, code: diagnosis.SubjectRepository},
		{sub: withIDs, want: "repo:octo-org@*/octo-repo@*:ref:refs/heads/release", wildcards: like,
			code: diagnosis.SubjectBranchOrTag},

		{sub: "repo:octo-org/octo-repo:environment:staging", want: "repo:octo-org/octo-repo:environment:production",
			wildcards: equals, code: diagnosis.SubjectEnvironment},
		{sub: "repo:octo-org/octo-repo:environment:Staging", want: "repo:octo-org/octo-repo:environment:staging",
			wildcards: equals, code: diagnosis.SubjectCase},
		{sub: "repo:octo-org/octo-repo:environment:actor", want: "repo:octo-org/octo-repo:ref:*", wildcards: like,
			code: diagnosis.SubjectEnvironment}, // a name that is also a part's
		{sub: "repo:octo-org/octo-repo:pull_request", want: "repo:octo-org/octo-repo:ref:*", wildcards: like,
			code: diagnosis.SubjectPullRequest},
		{sub: "repo:octo-org/octo-repo:pull_request", want: "repo:octo-org/octo-repo:environment:preview",
			wildcards: equals, code: diagnosis.SubjectEnvironment},

		{sub: "repository_owner:octo-org:ref:refs/heads/x", want: onMain, wildcards: equals,
			code: diagnosis.SubjectCustomized},
		{sub: "repository_owner:octo-org:ref:refs/heads/x", want: "repository_owner:octo-org:ref:refs/heads/main",
			wildcards: equals, code: diagnosis.SubjectBranchOrTag},
		{sub: "repository_owner:octo-org:environment:a", want: "repository_owner:octo-org:environment:b",
			wildcards: equals, code: diagnosis.SubjectEnvironment},
		{sub: "repository_owner:octo-org:actor:a", want: "repository_owner:octo-lab:actor:a", wildcards: equals,
			code: diagnosis.SubjectRepository},
		{sub: "repo:octo-org/octo-repo:actor:a", want: "repo:octo-org/other:actor:a", wildcards: equals,
			code: diagnosis.SubjectRepository},
		{sub: "repo:octo-org/octo-repo:actor:a", want: "repo:octo-org/octo-repo:actor:b", wildcards: equals,
			code: diagnosis.SubjectCustomized},
		{sub: "repository_id:1:workflow:a", want: "workflow:a:repository_id:1", wildcards: equals,
			code: diagnosis.SubjectCustomized},
	} {
		if g := readSubject(tt.sub).gap(tt.want, tt.wildcards); g.code != tt.code || g.width == 0 {
			t.Errorf("%s against %q: %+v, want %s", tt.sub, tt.want, g, tt.code)
		}
	}
}

func FuzzGap(f *testing.F) {
	for _, sub := range []string{onMain, withIDs, "repo:a", "a:b:c", ":", "repo:o/r:pull_request:actor:x", "environment:"} {
		f.Add(sub, sub+"*", true)
		f.Add(sub, onMain, false)
	}
	f.Fuzz(func(t *testing.T, sub, want string, wildcards bool) {
		if len(sub)+len(want) > 1<<12 {
			return // longer than IAM takes
		}
		_ = readSubject(sub).gap(want, wildcards)
		var whole strings.Builder
		for _, p := range ExplainSubject(oidc.Claims{"sub": sub}).Parts {
			whole.WriteString(p.Text)
		}
		if whole.String() != sub {
			t.Errorf("the parts of %q make %q", sub, whole.String())
		}
	})
}

func TestExplainSubject(t *testing.T) {
	for sub, form := range map[string]SubjectForm{
		onMain: ClassicSubject, withIDs: ImmutableSubject,
		"repo:octo-org/octo-repo:pull_request":                                   ClassicSubject,
		"repo:octo-org@1/octo-repo@2:environment:eu%3Aprod":                      ImmutableSubject,
		"repo:octo-org/octo-repo:pull_request:job_workflow_ref:" + workflow:      CustomizedSubject,
		"repository_owner_id:1:repository_visibility:private:environment:a:sha:": CustomizedSubject,
		"system:serviceaccount:ci:deploy":                                        OtherSubject,
		"repo:octo-org":                                                          OtherSubject,
	} {
		r := ExplainSubject(oidc.Claims{"sub": sub})
		if r.Form != form || r.Meaning == "" {
			t.Errorf("%s: %+v", sub, r)
		}
		for _, p := range r.Parts {
			if p.Meaning == "" {
				t.Errorf("%s: part %q has no meaning", sub, p.Text)
			}
		}
	}
}
