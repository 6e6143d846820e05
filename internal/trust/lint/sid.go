package lint

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

var sid = Rule{
	ID:       "sid",
	Severity: Error,
	Summary:  "IAM does not accept the statement id",
	Why:      "A Sid has letters and digits only and is unique in its policy. Access Analyzer reports UNSUPPORTED_SID and UNIQUE_SIDS_REQUIRED.",
	check: func(in *inspection) {
		seen := map[string]bool{}
		for _, s := range in.statements() {
			switch {
			case strings.IndexFunc(s.Sid, notAlphanumeric) >= 0:
				in.propose(Error, s, s.Pos, fmt.Sprintf("Sid %q has characters other than letters and digits; IAM refuses the policy", s.Sid), newSid(strings.Map(alphanumeric, s.Sid)))
			case s.Sid != "" && seen[s.Sid]:
				in.propose(Error, s, s.Pos, fmt.Sprintf("duplicate Sid %q; IAM refuses the policy", s.Sid), newSid(s.Sid+"2"))
			}
			seen[s.Sid] = true
		}
	},
}

func newSid(sid string) remedy {
	return edited("use "+line("Sid", sid), func(st *trust.Statement) { st.Sid = sid })
}

func notAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

func alphanumeric(r rune) rune {
	if notAlphanumeric(r) {
		return -1
	}
	return r
}
