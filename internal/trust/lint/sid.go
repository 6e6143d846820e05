package lint

import (
	"fmt"
	"strings"
)

var sid = Rule{
	ID:       "sid",
	Severity: Error,
	Summary:  "IAM takes no such statement id",
	check: func(in *inspection) {
		seen := map[string]bool{}
		for _, s := range in.statements() {
			switch {
			case strings.IndexFunc(s.Sid, notAlphanumeric) >= 0:
				in.report(Error, s.Pos, fmt.Sprintf("Sid %q has other characters than letters and digits: IAM refuses the policy", s.Sid),
					line("Sid", strings.Map(alphanumeric, s.Sid)))
			case s.Sid != "" && seen[s.Sid]:
				in.report(Error, s.Pos, fmt.Sprintf("duplicate Sid %q: IAM refuses the policy", s.Sid), line("Sid", s.Sid+"2"))
			}
			seen[s.Sid] = true
		}
	},
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
