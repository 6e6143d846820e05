package explain

import (
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/diagnosis"
	"github.com/org/aws-oidc-action/internal/trust"
)

const assumeRole = "sts:AssumeRole"

// chained is a refused AssumeRole.
type chained struct {
	asks trust.Request
}

// hopRefused diagnoses a hop that a session or a user may not take. AWS names
// the action that failed, and to callers of the role's own account also whose
// policy it was.
func hopRefused(d *diagnosis.Denial, e Evidence) diagnosis.Diagnosis {
	said := readRefusal(d)
	code := actionCode(said.action)
	result := refusal(d, e, code)
	if cause, ok := said.because(d); ok {
		result.Causes = []string{cause}
		result.Cure = said.cure(d, e)
		return result
	}
	known := e.policyOf(d)
	if len(known.policies) == 0 {
		result.Causes, result.NotRuledOut = hopSuspicions(d, said, known)
		result.Open = len(result.Causes)+len(result.NotRuledOut) > 1
		result.Cure = diagnosis.Lines(said.advice(d), known.howToGet(d.Role), said.pasteTrust(d, e, known), said.pastePermission(d))
		return result
	}
	v := review(known.policies, newChained(d, said, e, known.policies))
	result.Code = v.code(code)
	if v.outcome == admitted {
		result.Open = true
		result.Causes = []string{
			fmt.Sprintf("%s: the caller's own permissions do not allow %s; %s admits the caller", code, said.action, v.statementIn(known.file)),
		}
		result.NotRuledOut = []string{"the role has another policy in AWS", noSuchRole(d.Role)}
		result.Cure = diagnosis.Lines(said.pastePermission(d), comparePolicies(d.Role, known.file))
		return result
	}
	result.Open = v.outcome == perhaps
	result.Causes = []string{v.cause(known.file)}
	result.Cure = v.cure(known.file, d.Role)
	if result.Code == code && (v.outcome == refused || v.outcome == unmentioned) {
		result.Cure = diagnosis.Lines(orText(said.advice(d), result.Cure), said.pasteTrust(d, e, known))
	}
	return result
}

// message is what AWS's message says: "User: C is not authorized to perform: A on
// resource: R", and sometimes why.
type message struct {
	caller, action, reason string
}

// readRefusal reads AWS's message. In any other text it falls back on what was
// requested.
func readRefusal(d *diagnosis.Denial) message {
	s := message{caller: d.Caller, action: d.Action}
	rest, ok := strings.CutPrefix(d.Message, "User: ")
	if !ok {
		return s
	}
	caller, rest, ok := strings.Cut(rest, " is not authorized to perform: ")
	if !ok {
		return s
	}
	action, rest, ok := strings.Cut(rest, " on resource: ")
	if !ok {
		return s
	}
	_, s.reason, _ = strings.Cut(rest, " ")
	s.caller, s.action = caller, action
	return s
}

// actionCode is the code where nothing more particular than the action is
// known.
func actionCode(action string) diagnosis.Code {
	switch action {
	case "sts:TagSession":
		return diagnosis.TagSessionRefused
	case "sts:SetSourceIdentity":
		return diagnosis.SourceIdentityRefused
	}
	return diagnosis.ChainedRoleRefused
}

// reasons are AWS's words for whose policy refused (IAM user guide, "Access
// denied error messages"), and what they mean for a hop. Before them comes
// "because no" or "with an explicit deny in".
var reasons = []struct{ words, meaning string }{
	{"identity-based polic", "the caller's own permissions"},
	{"session polic", "the session policy of the caller's session"},
	{"permissions boundary", "the caller's permissions boundary"},
	{"resource-based polic", "the role's trust policy"},
	{"service control polic", "a service control policy of the organization"},
	{"resource control polic", "a resource control policy of the organization"},
	{"VPC endpoint polic", "the policy of the VPC endpoint of STS"},
}

// because says whose policy refused, if AWS says so.
func (s message) because(d *diagnosis.Denial) (string, bool) {
	verb := "do not allow"
	switch {
	case strings.HasPrefix(s.reason, "because no "):
	case strings.HasPrefix(s.reason, "with an explicit deny in "):
		verb = "deny"
	default:
		return "", false
	}
	for _, r := range reasons {
		if strings.Contains(s.reason, r.words) {
			subject := r.meaning
			if subject != reasons[0].meaning {
				verb = map[string]string{"do not allow": "does not allow", "deny": "denies"}[verb]
			}
			return fmt.Sprintf("AWS says that %s %s %s on %s; the caller is %s", subject, verb, s.action, d.Role, cut(s.caller)), true
		}
	}
	return "", false
}

func (s message) cure(d *diagnosis.Denial, e Evidence) string {
	switch {
	case strings.HasPrefix(s.reason, "because no identity-based"):
		return s.pastePermission(d)
	case strings.HasPrefix(s.reason, "because no resource-based"):
		return s.pasteTrust(d, e, e.policyOf(d))
	}
	return "change that policy"
}

// hopSuspicions are the possible causes where neither AWS's message nor a policy
// shows which it is.
func hopSuspicions(d *diagnosis.Denial, s message, policy rolePolicy) (causes, notRuledOut []string) {
	cause := fmt.Sprintf("the role's trust policy does not allow the caller %s, or the caller's own permissions do not; the caller is %s",
		s.action, orText(cut(s.caller), "not known"))
	if actionCode(s.action) != diagnosis.ChainedRoleRefused {
		return []string{cause}, nil
	}
	causes = []string{string(diagnosis.ChainedRoleRefused) + ": " + cause}
	if hasKey(d.Sent, "aws:TagKeys") {
		causes = append(causes, fmt.Sprintf("%s: this hop sends session tags, and the trust policy may expect others", diagnosis.TagSessionRefused))
	}
	if hasKey(d.Sent, "sts:SourceIdentity") {
		causes = append(causes, fmt.Sprintf("%s: this hop sends a source identity, and the trust policy may expect another", diagnosis.SourceIdentityRefused))
	}
	if hasKey(d.Sent, "sts:ExternalId") {
		causes = append(causes, fmt.Sprintf("%s: this hop sends an external id, and the trust policy may expect another", diagnosis.ExternalID))
	} else {
		notRuledOut = append(notRuledOut, fmt.Sprintf("%s (the trust policy expects an sts:ExternalId, and this hop sends none)", diagnosis.ExternalID))
	}
	notRuledOut = append(notRuledOut, fmt.Sprintf("%s (the trust policy tests claims of the token, which only the first hop has)", diagnosis.UnknownConditionKey))
	return policy.withMissingRole(causes, notRuledOut, d.Role)
}

// advice says what to allow where, for the actions that are needed in addition
// to sts:AssumeRole.
func (s message) advice(d *diagnosis.Denial) string {
	switch s.action {
	case "sts:TagSession":
		return "allow sts:TagSession in addition to sts:AssumeRole in the trust policy of " + d.Role + " and in the caller's permissions, or send no tags"
	case "sts:SetSourceIdentity":
		return "allow sts:SetSourceIdentity in addition to sts:AssumeRole in the trust policy of " + d.Role + " and in the caller's permissions, or set no source-identity"
	}
	return ""
}

func (s message) pastePermission(d *diagnosis.Denial) string {
	return fmt.Sprintf("If this run is meant to have access, add this statement to the caller's permissions:\n%s",
		statement{Effect: "Allow", Action: s.actions(d), Resource: d.Role})
}

// pasteTrust is the advice to add a statement to the role's trust policy, or
// why there is none. The external id is left out of what is printed.
func (s message) pasteTrust(d *diagnosis.Denial, e Evidence, present rolePolicy) string {
	if s.caller == "" || present.nearest != "" {
		return ""
	}
	st := statement{Effect: "Allow", Principal: map[string]string{"AWS": cut(callerRole(d, s.caller, present.policies))}, Action: s.actions(d)}
	if id := keyOf(d.Sent, "sts:ExternalId"); len(id) > 0 {
		st.Condition = map[string]map[string]string{"StringEquals": {"sts:ExternalId": id[0]}}
	}
	for _, action := range st.Action {
		asks := newChained(d, message{caller: s.caller, action: action}, e, present.policies)
		if fault := st.fault(asks, present); fault != "" {
			return "no statement is proposed for the trust policy: " + fault
		}
	}
	if st.Condition != nil {
		st.Condition["StringEquals"]["sts:ExternalId"] = "EXTERNAL_ID"
	}
	return fmt.Sprintf("If this run is meant to have access, add this statement to the trust policy of role %s; it admits every run with the caller's credentials:\n%s", quote(arn.Role(d.Role).Name()), st)
}

// actions are all that the hop needs.
func (s message) actions(d *diagnosis.Denial) actions {
	all := actions{assumeRole}
	if s.action == "sts:TagSession" || hasKey(d.Sent, "aws:TagKeys") {
		all = append(all, "sts:TagSession")
	}
	if s.action == "sts:SetSourceIdentity" || hasKey(d.Sent, "sts:SourceIdentity") {
		all = append(all, "sts:SetSourceIdentity")
	}
	return all
}

// callerRole returns the ARN by which policies name the caller. The ARN of a
// session leaves out the path of its role: if the path is not known, a role of
// that name that the policy trusts is taken for it.
func callerRole(d *diagnosis.Denial, caller string, policies trust.Alternatives) string {
	name, _, ok := arn.AssumedRole(caller)
	if !ok {
		return caller
	}
	if d.CallerRole != "" {
		return d.CallerRole
	}
	same := func(id string) bool {
		return arn.IsRole(id) && arn.Account(id) == arn.Account(caller) && arn.Partition(id) == arn.Partition(caller) && arn.Role(id).Name() == name
	}
	for _, p := range policies {
		for _, s := range p.Statements {
			for _, entry := range s.Principal.Entries {
				if same(entry.ID) {
					return entry.ID
				}
			}
		}
	}
	return string(arn.Role(name).In(arn.Partition(caller), arn.Account(caller)))
}

func newChained(d *diagnosis.Denial, said message, e Evidence, policies trust.Alternatives) chained {
	who := trust.Principal{Type: "AWS", ID: callerRole(d, said.caller, policies), Account: arn.Account(said.caller)}
	if who.ID != said.caller {
		who.Session = said.caller
	}
	ctx := requestContext(e.at(d), d.Sent, trust.Context{
		"aws:PrincipalArn":     {who.ID},
		"aws:PrincipalAccount": {who.Account},
	})
	return chained{trust.Request{Action: said.action, Principal: who, Context: ctx}}
}

func (c chained) request() trust.Request { return c.asks }

// unseen reports whether only AWS knows the key's value: the request's own keys
// are those that were sent, and a chained request has no keys of a token.
func (c chained) unseen(key string) bool {
	return !ofRequest(key) && !ofToken(key) && !hasKey(c.asks.Context, key)
}

func (c chained) concerns(s trust.StatementResult) bool {
	return s.Principal.Matched || s.Action.Matched
}

func (c chained) elsewhere(string) gap { return gap{"", otherParty} }

func (c chained) gap(t test) gap {
	if t.Present && !t.excludes {
		if g := t.nearest(func(expected string, wildcards bool) gap { return writing(expected, t.Actual[0], wildcards) }); g.code != "" {
			return g
		}
	}
	if ofToken(t.Key) {
		return gap{diagnosis.UnknownConditionKey, slip}
	}
	if code := hopKeyCode(t.Key); code != "" {
		return gap{code, slip}
	}
	return gap{"", nearKind}
}

// hopKeys are the condition keys of what a hop sends, in lower case.
var hopKeys = []struct {
	prefix string
	code   diagnosis.Code
}{
	{"sts:externalid", diagnosis.ExternalID},
	{"aws:requesttag/", diagnosis.TagSessionRefused},
	{"aws:tagkeys", diagnosis.TagSessionRefused},
	{"sts:transitivetagkeys", diagnosis.TagSessionRefused},
	{"sts:sourceidentity", diagnosis.SourceIdentityRefused},
}

// hopKeyCode returns the code of a condition key of what a hop sends, or "".
func hopKeyCode(key string) diagnosis.Code {
	for _, k := range hopKeys {
		if strings.HasPrefix(strings.ToLower(key), k.prefix) {
			return k.code
		}
	}
	return ""
}

// ofRequest reports whether a hop itself sends the key.
func ofRequest(key string) bool {
	return strings.EqualFold(key, "sts:RoleSessionName") || hopKeyCode(key) != ""
}

// ofToken reports whether a key is of an identity provider, whose name has dots.
func ofToken(key string) bool {
	provider, _ := trust.SplitKey(key)
	return strings.Contains(provider, ".")
}
