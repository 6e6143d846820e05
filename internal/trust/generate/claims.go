package generate

import (
	"strings"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/grant"
)

// ForClaims returns the Spec of a role that admits just the run that the
// token's claims describe, in the immutable form if the subject has it. A run
// of a reusable workflow is not pinned to that.
func ForClaims(claims oidc.Claims) Spec {
	s := Spec{Provider: trust.ProviderOfIssuer(claims.Get("iss"))}
	if audiences := claims.Audiences(); len(audiences) > 0 {
		s.Audience = audiences[0]
	}
	text := claims.Get("sub")
	s.Subject = text // whatever is not of the default form
	sub := grant.ParseSubject(trust.Pattern([]rune(text)))
	r := Repository{sub.Owner, sub.OwnerID, sub.Repository, sub.RepositoryID}
	if sub.Malformed || sub.Customized || r.subject()+":"+sub.Context.String() != text {
		return s
	}
	if _, err := ParseRepository(strings.TrimPrefix(r.subject(), "repo:")); err != nil {
		return s
	}
	switch kind, name, _ := strings.Cut(sub.Context.String(), ":"); {
	case kind == "environment" && !strings.Contains(name, ":"):
		s.Environments = []string{strings.ReplaceAll(name, "%3A", ":")}
	case kind == "ref" && strings.HasPrefix(name, "refs/heads/") && refForm.MatchString(name) && !hasWildcard(name):
		s.Branches = []string{strings.TrimPrefix(name, "refs/heads/")}
	case kind == "ref" && strings.HasPrefix(name, "refs/tags/") && refForm.MatchString(name) && !hasWildcard(name):
		s.Tags = []string{strings.TrimPrefix(name, "refs/tags/")}
	case kind == "pull_request" && name == "":
		s.PullRequests = true
	default:
		return s
	}
	s.Subject, s.Repositories = "", []Repository{r}
	return s
}
