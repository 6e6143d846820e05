package grant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/spelling"
	"github.com/org/aws-oidc-action/internal/trust"
)

// Contexts are the beginnings of what follows the repository in a subject of
// GitHub's default form (GitHub Docs, OpenID Connect reference).
var Contexts = []string{"ref:refs/heads/", "ref:refs/tags/", "ref:refs/pull/", "environment:", "pull_request"}

// Fault returns why GitHub makes no subject that s can match, as far as can be
// seen from its form, or "". Parts that are unknown are not judged, and of a
// customized subject only the repository is.
func (s Subject) Fault() string {
	if s.judged {
		return s.fault
	}
	if s.Open < OpenRepository && s.Reach >= OwnerPattern {
		if why := s.nameFault(); why != "" {
			return why
		}
	}
	switch {
	case s.Malformed:
		return "is not repo:OWNER/REPOSITORY:CONTEXT"
	case s.Customized || s.Reach < OwnerPattern || s.Context.HasUnknown() || everything(s.Context):
		return ""
	}
	return contextFault(s.Context)
}

// everything reports whether a context demands nothing.
func everything(context trust.Pattern) bool {
	return !slices.ContainsFunc(context, func(r rune) bool { return !trust.IsWildcard(r) })
}

// nameFault judges owner and repository by what GitHub takes for a name.
// Names of managed users have an underscore. What follows a star may be part
// of anything, and is not judged.
func (s Subject) nameFault() string {
	parts := []struct{ text, others, fault string }{
		{s.Owner, "-_", "has %s in the owner's name, where GitHub allows letters, digits and hyphens"},
		{s.OwnerID, "", ""},
		{s.Repository, "-_.", "has %s in the repository's name, where GitHub allows letters, digits, hyphens, underscores and dots"},
		{s.RepositoryID, "", ""},
	}
	for _, part := range parts {
		text, _, star := strings.Cut(part.text, "*")
		switch r, found := strange(text, part.others); {
		case part.fault == "" && s.Open == Determined && strings.Trim(text, "0123456789?") != "":
			return fmt.Sprintf("has %q instead of an id of digits", part.text)
		case part.fault != "" && found:
			return fmt.Sprintf(part.fault, spelling.Character(r))
		case star:
			return ""
		}
	}
	switch {
	case strings.HasSuffix(strings.ToLower(s.Repository), ".git"):
		return "has a repository's name that ends with .git, which GitHub does not allow"
	case s.Repository == "." || s.Repository == "..":
		return fmt.Sprintf("has the repository name %q, which GitHub does not allow", s.Repository)
	}
	return ""
}

// strange returns the first character of a name that is neither a letter, a
// digit, a wildcard nor one of others.
func strange(name, others string) (rune, bool) {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("*?"+others, r) {
			return r, true
		}
	}
	return 0, false
}

// contextFault judges what follows the repository.
func contextFault(context trust.Pattern) string {
	fixed := fixedPrefix(context)
	begins := func(known string) bool {
		return strings.HasPrefix(fixed, known) || context.HasWildcards() && strings.HasPrefix(known, fixed)
	}
	key, _, _ := strings.Cut(fixed, ":")
	switch {
	case len(context) == 0:
		return ""
	case !slices.ContainsFunc(Contexts, begins) && (key == "ref" || !IsSubjectKey(key)),
		strings.HasPrefix(fixed, "pull_request") && !context.Match("pull_request") && !strings.HasPrefix(fixed, "pull_request:"):
		return fmt.Sprintf("has the context %q instead of ref:refs/heads/BRANCH, ref:refs/tags/TAG, environment:NAME or pull_request", context)
	}
	if i := slices.IndexFunc(context, func(r rune) bool { return r >= 0 && spelling.Invisible(r) }); i >= 0 {
		return fmt.Sprintf("has %s in the context", spelling.Character(context[i]))
	}
	if name, ok := strings.CutPrefix(context.String(), "environment:"); ok {
		if strings.Trim(name, " ") == "" || strings.HasPrefix(name, ":") {
			return "has an environment without a name"
		}
		return ""
	}
	return refFault(context)
}

// refFault judges the name of a branch or tag as git does
// (git-check-ref-format). A colon is another matter: a customized subject may
// go on behind it.
func refFault(context trust.Pattern) string {
	name, ok := strings.CutPrefix(context.String(), "ref:refs/heads/")
	if !ok {
		name, ok = strings.CutPrefix(context.String(), "ref:refs/tags/")
	}
	if !ok || strings.Contains(name, ":") {
		return ""
	}
	for _, r := range context {
		if r > 0 && strings.ContainsRune(` ~^[\*?`, r) {
			return fmt.Sprintf("has %s in the ref, which git does not allow", spelling.Character(r))
		}
	}
	switch {
	case name == "":
		return "has a ref without a name"
	case strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.Contains(name, "//"):
		return "has a ref that begins or ends with a slash or has two in a row, which git does not allow"
	case strings.HasSuffix(name, ".lock") || strings.HasSuffix(name, ".") || strings.Contains(name, "..") || strings.Contains(name, "@{"):
		return "has a ref that git does not allow"
	}
	return ""
}

// fixedPrefix returns what is before the first wildcard or unknown part.
func fixedPrefix(p trust.Pattern) string {
	if i := slices.IndexFunc(p, func(r rune) bool { return trust.IsWildcard(r) || trust.IsUnknown(r) }); i >= 0 {
		p = p[:i]
	}
	return p.String()
}

// MeantContext returns the context that may be meant by one that is at fault:
// without the characters or the slash at its end that are wrong, correctly
// spelt, or as a branch; or "".
func (s Subject) MeantContext() string {
	switch {
	case s.nameFault() != "":
		return ""
	case s.Malformed:
		return "ref:refs/heads/main"
	}
	visible := strings.Map(func(r rune) rune {
		if spelling.Invisible(r) {
			return -1
		}
		return r
	}, s.Context.String())
	visible = strings.TrimRight(visible, "/")
	if contextFault(trust.NewPattern(visible)) == "" {
		return visible
	}
	fixed := fixedPrefix(s.Context)
	switch key, name, _ := strings.Cut(fixed, ":"); {
	case slices.ContainsFunc(Contexts[:4], func(known string) bool { return strings.HasPrefix(fixed, known) }):
		return ""
	case spelling.Distance(fixed, "pull_request") <= 3:
		return "pull_request"
	case name != "" && spelling.Distance(key, "environment") <= 3:
		return "environment:" + name
	}
	if branch := fixed[strings.LastIndexAny(fixed, ":/")+1:]; branch != "" {
		return "ref:refs/heads/" + branch
	}
	return "ref:refs/heads/main"
}
