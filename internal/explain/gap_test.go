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
		{onMain, "repo:octo-org/octo-repo:ref:refs/heads/release", equals, diagnosis.SubjectBranchOrTag},
		{onMain, "repo:octo-org/octo-repo:ref:refs/tags/*", like, diagnosis.SubjectBranchOrTag},
		{onMain, "repo:octo-org/octo-repo:ref:main", equals, diagnosis.SubjectBranchOrTag},
		{onMain, "repo:octo-org/octo-repo:environment:*", like, diagnosis.SubjectEnvironment},
		{onMain, "repo:octo-org/octo-repo:pull_request", equals, diagnosis.SubjectPullRequest},
		{onMain, "repo:octo-org/octo-rep?s:*", like, diagnosis.SubjectRepository},
		{onMain, "repo:octo-*/other:*", like, diagnosis.SubjectRepository},
		{onMain, "repo:octo-org/*", equals, diagnosis.WildcardInStringEquals},
		{onMain, "repo:octo-org/octo-repo:ref:refs/heads/mai?", equals, diagnosis.WildcardInStringEquals},
		{onMain, "repo:octo-org/octo-repo:ref:refs/tags/*", equals, diagnosis.SubjectBranchOrTag}, // two mistakes: the one that StringLike would not cure
		{onMain, "REPO:OCTO-ORG/OCTO-REPO:REF:REFS/HEADS/MAIN", equals, diagnosis.SubjectCase},
		{onMain, "repo:Octo-Org/octo-repo:environment:production", equals, diagnosis.SubjectCase}, // nothing else could cure it either
		{onMain, withIDs, equals, diagnosis.SubjectImmutable},
		{onMain, "repository_owner:octo-org:job_workflow_ref:" + workflow, equals, diagnosis.SubjectCustomized},
		{onMain, onMain + ":job_workflow_ref:*", like, diagnosis.SubjectCustomized},
		{onMain, onMain + " ", equals, ""},
		{onMain, "octo-org/octo-repo:ref:refs/heads/main", equals, ""},
		{onMain, "repo:octo-org/octo-repo", equals, ""},
		{onMain, "repo:${aws:username}/octo-repo:*", like, ""},
		{onMain, "system:serviceaccount:ci:deploy", equals, ""},
		{onMain, "", equals, ""},

		{withIDs, onMain, equals, diagnosis.SubjectImmutable},
		{withIDs, "repo:octo-org/*", like, diagnosis.SubjectImmutable},
		{withIDs, "repo:octo-org@6154722/octo-repo@1:*", like, diagnosis.SubjectRepository},
		{withIDs, "repo:octo-org@1/*", like, diagnosis.SubjectRepository},
		{withIDs, "repo:octo-org@*/octo-repo@*:ref:refs/heads/release", like, diagnosis.SubjectBranchOrTag},

		{"repo:octo-org/octo-repo:environment:staging", "repo:octo-org/octo-repo:environment:production", equals, diagnosis.SubjectEnvironment},
		{"repo:octo-org/octo-repo:environment:Staging", "repo:octo-org/octo-repo:environment:staging", equals, diagnosis.SubjectCase},
		{"repo:octo-org/octo-repo:environment:actor", "repo:octo-org/octo-repo:ref:*", like, diagnosis.SubjectEnvironment}, // a name that is also a part's
		{"repo:octo-org/octo-repo:pull_request", "repo:octo-org/octo-repo:ref:*", like, diagnosis.SubjectPullRequest},
		{"repo:octo-org/octo-repo:pull_request", "repo:octo-org/octo-repo:environment:preview", equals, diagnosis.SubjectEnvironment},

		{"repository_owner:octo-org:ref:refs/heads/x", onMain, equals, diagnosis.SubjectCustomized},
		{"repository_owner:octo-org:ref:refs/heads/x", "repository_owner:octo-org:ref:refs/heads/main", equals, diagnosis.SubjectBranchOrTag},
		{"repository_owner:octo-org:environment:a", "repository_owner:octo-org:environment:b", equals, diagnosis.SubjectEnvironment},
		{"repository_owner:octo-org:actor:a", "repository_owner:octo-lab:actor:a", equals, diagnosis.SubjectRepository},
		{"repo:octo-org/octo-repo:actor:a", "repo:octo-org/other:actor:a", equals, diagnosis.SubjectRepository},
		{"repo:octo-org/octo-repo:actor:a", "repo:octo-org/octo-repo:actor:b", equals, diagnosis.SubjectCustomized},
		{"repository_id:1:workflow:a", "workflow:a:repository_id:1", equals, diagnosis.SubjectCustomized},
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
