package plan

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The sets of characters in STS's and IAM's rules. They are functions, because
// regular expressions with counted repetitions take longer to compile than all
// the rest of the program's start.

func isWord(c rune) bool { return c == '_' || isAlphanumeric(c) }

func isAlphanumeric(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

func isLower(c rune) bool { return c >= 'a' && c <= 'z' }

// isName is [\w+=,.@-], for the names of roles, policies and sessions.
func isName(c rune) bool { return isWord(c) || strings.ContainsRune("+=,.@-", c) }

// isPath is what IAM allows in a path: printable ASCII.
func isPath(c rune) bool { return c >= 0x21 && c <= 0x7e }

// isTag is [\p{L}\p{Z}\p{N}_.:/=+\-@].
func isTag(c rune) bool {
	return c != utf8.RuneError && unicode.In(c, unicode.L, unicode.Z, unicode.N) || strings.ContainsRune("_.:/=+-@", c)
}

// made tells whether s has from least to most characters, all of a set.
func made(s string, least, most int, of func(rune) bool) bool {
	n := utf8.RuneCountInString(s)
	return n >= least && n <= most && !strings.ContainsFunc(s, func(c rune) bool { return !of(c) })
}

func isAccountID(s string) bool { return made(s, 12, 12, isDigit) }

// isSessionName holds for source identities too.
func isSessionName(s string) bool { return made(s, 2, 64, isName) }

func isExternalID(s string) bool {
	return made(s, 2, 1224, func(c rune) bool { return isName(c) || c == ':' || c == '/' })
}

// GlobalRegion stands for no region: its STS is the global one.
const GlobalRegion = "aws-global"

// isRegion knows the form, not the list: partition or continent, one to three
// words, a number.
func isRegion(s string) bool {
	if s == GlobalRegion {
		return true
	}
	parts := strings.Split(s, "-")
	if len(parts) < 3 || len(parts) > 5 {
		return false
	}
	last := len(parts) - 1
	for i, part := range parts[:last] {
		if most := map[bool]int{true: 4, false: 12}[i == 0]; !made(part, 2, most, isLower) {
			return false
		}
	}
	return made(parts[last], 1, 2, isDigit) && parts[last][0] != '0'
}

// isPathAndName is an optional path with its slash, and a name.
func isPathAndName(s string, longestName int, path func(rune) bool) bool {
	slash := strings.LastIndexByte(s, '/')
	return made(s[slash+1:], 1, longestName, isName) && (slash < 0 || made(s[:slash], 1, 510, path))
}

// iamARN returns the account and the resource of an ARN of IAM.
func iamARN(s string) (account, resource string, ok bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || parts[3] != "" || !strings.HasPrefix(parts[1], "aws") ||
		!made(parts[1], 3, 20, func(c rune) bool { return isLower(c) || c == '-' }) {
		return "", "", false
	}
	return parts[4], parts[5], true
}

// isRoleARN follows IAM's rules: a path of printable ASCII between slashes and
// a name of 1 to 64 characters (IAM user guide, "IAM identifiers"). Two ARNs
// that are glued together would pass as a path and are refused.
func isRoleARN(s string) bool {
	account, resource, ok := iamARN(s)
	name, isRole := strings.CutPrefix(resource, "role/")
	return ok && isRole && isAccountID(account) && isPathAndName(name, 64, isPath) && len(s) <= 2048 && strings.Count(s, "arn:") == 1
}

// isForeignRoleARN takes the forms of servers that are not AWS's: those of MinIO
// have the partition minio, no account and perhaps a region, those of Ceph an
// account that is a name or missing.
func isForeignRoleARN(s string) bool {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || len(s) > 2048 || strings.Count(s, "arn:") != 1 {
		return false
	}
	name, isRole := strings.CutPrefix(parts[5], "role/")
	return isRole && isPathAndName(name, 128, isPath) && made(parts[1], 1, 20, func(c rune) bool { return isLower(c) || c == '-' }) &&
		made(parts[3], 0, 64, isName) && made(parts[4], 0, 64, isName)
}

// policyAccount returns the account of a managed policy's ARN, "aws" for AWS's
// own.
func policyAccount(s string) (account string, ok bool) {
	account, resource, ok := iamARN(s)
	name, isPolicy := strings.CutPrefix(resource, "policy/")
	return account, ok && isPolicy && (account == "aws" || isAccountID(account)) && isPathAndName(name, 128, isPath)
}
