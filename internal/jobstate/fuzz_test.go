package jobstate

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/org/aws-oidc-action/internal/secret"
)

// FuzzMemo holds for whatever is in the place of the runner's copy of a
// record: it is refused, or what it undoes is our variables only, and no key
// gets a value that the record has.
func FuzzMemo(f *testing.F) {
	r := NewRecord("login")
	r.Export("AWS_ACCESS_KEY_ID", secret.New("ASIA"), "")
	r.Export("AWS_REGION", secret.New("eu-west-1"), "us-east-1")
	r.Profiles = map[string]Profile{"dev": {}}
	memo, err := r.Memo()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(memo)
	f.Add(memo[:len(memo)/2])
	f.Add(`{"id":"x","exported":{"PATH":{"digest":"e3b0c44298fc1c149afbf4c8996fb924","former":"/evil"},"AWS_SECRET_ACCESS_KEY":{"digest":"e3b0c44298fc1c149afbf4c8996fb924","former":"planted"}}}`)
	f.Add(`{"id":"x","sessions":[{"access-key-id":"AKIAFORMER","expires":"9999-12-31T23:59:59Z"}],"exported":{"AWS_CONFIG_FILE":{"digest":"e3b0c44298fc1c149afbf4c8996fb924"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseMemo(text)
		if err != nil {
			return
		}
		if again, err := r.Memo(); err != nil || !json.Valid([]byte(again)) {
			t.Errorf("%q, %v", again, err)
		}
		r = r.Complete(Record{Profiles: map[string]Profile{"p": {}}, Refresh: []string{"p"}})
		e := Environment{
			Getenv: func(string) string { return "" },
			Home:   func(string) string { return "/home" },
			Now:    time.Unix(1_700_000_000, 0),
			Former: Keys{AccessKeyID: "AKIAFORMER", SecretAccessKey: secret.New("former")},
		}
		for name, value := range e.Revert([]Record{r}, []Record{r}) {
			if !slices.Contains(variables[:], name) {
				t.Errorf("variable %s would be set", name)
			}
			if v := value.Reveal(); isKey(name) && v != "" && v != "AKIAFORMER" && v != "former" {
				t.Errorf("%s would be set to what the record says", name)
			}
		}
	})
}
