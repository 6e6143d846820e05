package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/trust"
)

// assumeRole is the hop from one identity to another. The role's trust policy
// must allow it, for every part of the request that has an action of its own;
// and the caller's permissions must too, unless caller and role share the
// account and the trust policy names the caller itself.
func (s *stsService) assumeRole(req *stsRequest) (any, error) {
	caller, err := s.authenticate(req)
	if err != nil {
		return nil, err
	}
	if err := checkConstraints(req.form, assumeRoleRules); err != nil {
		return nil, err
	}
	roleARN := req.form.Get("RoleArn")
	if !arn.IsRole(roleARN) {
		return nil, errRequestARN
	}
	sess, err := inherit(caller, req.form)
	if err != nil {
		return nil, err
	}
	packed, err := packedPolicy(req.form, arn.Account(roleARN), sess.tags)
	if err != nil {
		return nil, err
	}
	role := s.scenario.Role(roleARN)
	if role == nil {
		return nil, errDenied(caller.arn, "sts:AssumeRole", roleARN, "")
	}
	ctx := s.chainContext(req, caller)
	actions := []string{"sts:AssumeRole"}
	if len(sess.tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if sess.sourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, action := range actions {
		if err := req.authorize(caller, role, action, ctx); err != nil {
			return nil, err
		}
	}
	d, err := req.duration(role, caller.session != nil)
	if err != nil {
		return nil, err
	}
	result := s.open(req, role, sess, d)
	result.PackedPolicySize = packed
	return result, nil
}

// authorize checks one action against the trust policy and the caller's
// permissions.
func (req *stsRequest) authorize(caller *caller, role *scenario.Role, action string, ctx trust.Context) error {
	who := trust.Principal{Type: "AWS", ID: caller.iamARN, Account: caller.account}
	if caller.session != nil {
		who.Session = caller.arn
	}
	if req.decide(role, action, who, ctx).Decision != trust.Allowed {
		return errDenied(caller.arn, action, role.ARN, "")
	}
	if caller.account == role.Account {
		// Without its account the caller matches only where it is named itself.
		alone := who
		alone.Account = ""
		if role.Trust.Evaluate(trust.Request{Action: action, Principal: alone, Context: ctx}).Decision == trust.Allowed {
			return nil
		}
	}
	if caller.mayAssume(role.ARN) {
		return nil
	}
	decisions := req.call.Decisions
	decisions[len(decisions)-1].IdentityMissing = true
	reason := ""
	if caller.account == role.Account {
		reason = fmt.Sprintf(" because no identity-based policy allows the %s action", action)
	}
	return errDenied(caller.arn, action, role.ARN, reason)
}

// chainContext returns the condition keys of a signed request.
func (s *stsService) chainContext(req *stsRequest, caller *caller) trust.Context {
	ctx := s.requestContext(req)
	ctx["aws:PrincipalArn"] = []string{caller.iamARN}
	ctx["aws:PrincipalAccount"] = []string{caller.account}
	ctx["aws:userid"] = []string{caller.userID}
	if caller.session == nil {
		ctx["aws:PrincipalType"] = []string{"User"}
		ctx["aws:username"] = []string{caller.user.Name}
	} else {
		ctx["aws:PrincipalType"] = []string{"AssumedRole"}
		ctx["aws:MultiFactorAuthPresent"] = []string{"false"}
		ctx["aws:TokenIssueTime"] = []string{caller.session.issued.UTC().Format("2006-01-02T15:04:05Z")}
		for _, t := range caller.session.tags {
			ctx["aws:PrincipalTag/"+t.key] = []string{t.value}
		}
		if p := caller.session.provider; p != "" {
			ctx["aws:FederatedProvider"] = []string{p}
		}
		if id := caller.session.sourceIdentity; id != "" {
			ctx["aws:SourceIdentity"] = []string{id}
		}
	}
	for key, parameter := range map[string]string{"sts:ExternalId": "ExternalId", "sts:SourceIdentity": "SourceIdentity"} {
		if req.form.Has(parameter) {
			ctx[key] = []string{req.form.Get(parameter)}
		}
	}
	for _, t := range formTags(req.form) {
		ctx["aws:RequestTag/"+t.key] = []string{t.value}
		ctx["aws:TagKeys"] = append(ctx["aws:TagKeys"], t.key)
	}
	if keys := formList(req.form, "TransitiveTagKeys", ""); len(keys) > 0 {
		ctx["sts:TransitiveTagKeys"] = keys
	}
	return ctx
}

// tag is one session tag.
type tag struct {
	key, value string
	transitive bool
}

func sameKey(key string) func(tag) bool {
	return func(t tag) bool { return strings.EqualFold(t.key, key) }
}

// inherit returns the tags and the source identity of a new session: those of the
// request, and those that the caller's session passes on.
func inherit(caller *caller, form url.Values) (session, error) {
	var next session
	if caller.session != nil {
		for _, t := range caller.session.tags {
			if t.transitive {
				next.tags = append(next.tags, t)
			}
		}
		next.sourceIdentity = caller.session.sourceIdentity
		next.provider = caller.session.provider
	}
	if asked := form.Get("SourceIdentity"); asked != "" {
		if next.sourceIdentity != "" && next.sourceIdentity != asked {
			return session{}, errSourceIdentity
		}
		next.sourceIdentity = asked
	}
	var own []tag
	for _, t := range formTags(form) {
		switch {
		case strings.HasPrefix(strings.ToLower(t.key), "aws:"):
			return session{}, errReservedTag
		case slices.ContainsFunc(own, sameKey(t.key)):
			return session{}, errDuplicateTag
		case slices.ContainsFunc(next.tags, sameKey(t.key)):
			return session{}, errInheritedTag
		}
		own = append(own, t)
	}
	for _, key := range formList(form, "TransitiveTagKeys", "") {
		i := slices.IndexFunc(own, sameKey(key))
		if i < 0 {
			return session{}, errTransitiveKey
		}
		own[i].transitive = true
	}
	next.tags = append(next.tags, own...)
	return next, nil
}

func formTags(form url.Values) []tag {
	var tags []tag
	for i := 1; form.Has(member("Tags", i, ".Key")) || form.Has(member("Tags", i, ".Value")); i++ {
		tags = append(tags, tag{key: form.Get(member("Tags", i, ".Key")), value: form.Get(member("Tags", i, ".Value"))})
	}
	return tags
}

// formList returns the members of a list parameter, in order.
func formList(form url.Values, name, field string) []string {
	var list []string
	for i := 1; form.Has(member(name, i, field)); i++ {
		list = append(list, form.Get(member(name, i, field)))
	}
	return list
}

func member(name string, i int, field string) string {
	return name + ".member." + strconv.Itoa(i) + field
}
