package explain

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/oidc"
)

// SubjectReport explains a token's subject. Its parts, joined, are the subject.
type SubjectReport struct {
	Form    SubjectForm   `json:"form"`
	Meaning string        `json:"meaning"` // of the form
	Parts   []SubjectPart `json:"parts"`
}

// SubjectPart is a piece of a subject, with the sign that separates it from
// the one before.
type SubjectPart struct {
	Text    string `json:"text"`
	Claim   string `json:"claim,omitempty"` // the claim that has the value, too
	Meaning string `json:"meaning"`
}

// SubjectForm is the form of a subject.
type SubjectForm string

// The forms.
const (
	ClassicSubject    SubjectForm = "classic"
	ImmutableSubject  SubjectForm = "immutable"
	CustomizedSubject SubjectForm = "customized"
	OtherSubject      SubjectForm = "other"
)

var formMeanings = map[SubjectForm]string{
	ClassicSubject:    "GitHub's default with names only; anyone who re-registers a released name has the same subject",
	ImmutableSubject:  "GitHub's default with the ids of owner and repository; a trust policy must have them too",
	CustomizedSubject: "parts that the organization or the repository has chosen; gh api repos/OWNER/REPOSITORY/actions/oidc/customization/sub shows the setting",
	OtherSubject:      "not a subject of GitHub Actions",
}

// partMeanings say of a claim what it means in a subject.
var partMeanings = map[string]string{
	"repository_owner":    "name of the owner, in its own upper and lower case",
	"repository_owner_id": "id of the owner, which GitHub never reuses",
	"repository":          "name of the repository, in its own upper and lower case",
	"repository_id":       "id of the repository, which GitHub never reuses",
	"environment":         "the environment that the job names; it takes the place of pull_request and ref",
	"event_name":          "the run is for a pull request; this takes the place of the ref",
	"ref":                 "the branch or tag; the job names no environment, and the run is not for a pull request",
	"job_workflow_ref":    "the workflow file that defines the job, with the ref it was called at",
}

// ExplainSubject explains the subject of a token part by part.
func ExplainSubject(c oidc.Claims) SubjectReport {
	t := newToken(c)
	r := SubjectReport{Form: t.form()}
	r.Meaning = formMeanings[r.Form]
	if r.Form == OtherSubject {
		r.add(t.subject.text, "sub", "the subject as its issuer writes it")
		return r
	}
	for i, p := range t.subject.pairs {
		separator := ":"
		if i == 0 {
			separator = ""
		}
		r.addPair(separator, p)
	}
	return r
}

func (t token) form() SubjectForm {
	named := t.subject.named()
	switch {
	case t.subject.customized():
		return CustomizedSubject
	case !t.subject.prefixed() || named.Malformed:
		return OtherSubject
	case named.OwnerID != "" || named.RepositoryID != "":
		return ImmutableSubject
	}
	return ClassicSubject
}

func (r *SubjectReport) add(text, claim, meaning string) {
	if text != "" {
		r.Parts = append(r.Parts, SubjectPart{text, claim, meaning})
	}
}

func (r *SubjectReport) addPair(separator string, p pair) {
	switch {
	case p.key == "repo" && !p.lone:
		r.add(separator+"repo:", "", "the prefix of subjects with a repository")
		r.addRepository(p.value)
	case p.key == "pull_request":
		r.add(separator+p.String(), "event_name", partMeanings["event_name"])
	default:
		r.add(separator+p.String(), p.key, orText(partMeanings[p.key], "a part of the customized subject"))
	}
}

// addRepository explains OWNER[@ID]/REPOSITORY[@ID].
func (r *SubjectReport) addRepository(text string) {
	owner, repository, found := strings.Cut(text, "/")
	r.addName("", owner, "repository_owner")
	if found {
		r.addName("/", repository, "repository")
	}
}

func (r *SubjectReport) addName(separator, text, claim string) {
	name, id, found := strings.Cut(text, "@")
	r.add(separator+name, claim, partMeanings[claim])
	if found {
		r.add("@"+id, claim+"_id", partMeanings[claim+"_id"])
	}
}

// AllClaims lists the claims of a token by name, bounded and on one line each.
// exp and iat are shown as times too.
func AllClaims(c oidc.Claims) []diagnosis.Claim {
	times := map[string]time.Time{"exp": c.Expires(), "iat": c.IssuedAt()}
	var all []diagnosis.Claim
	for _, name := range slices.Sorted(maps.Keys(c)) {
		value, ok := c.Text(name)
		if !ok {
			text, err := json.Marshal(c[name])
			if err != nil {
				continue // cannot happen: the value came from JSON
			}
			value = string(text)
		}
		value = cut(value)
		if at := times[name]; !at.IsZero() {
			value += fmt.Sprintf(" (%s)", at.Format(time.RFC3339))
		}
		all = append(all, diagnosis.Claim{Name: name, Value: value})
	}
	return all
}
