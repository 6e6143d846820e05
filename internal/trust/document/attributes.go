package document

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// attributes are what a tool calls the attributes of a role.
type attributes struct {
	policy, name, arn, session string
}

// roleTypes are the resource types of Terraform and Pulumi that are roles.
var roleTypes = map[string]attributes{
	"aws_iam_role":        {"assume_role_policy", "name", "arn", "max_session_duration"},
	"awscc_iam_role":      {"assume_role_policy_document", "role_name", "arn", "max_session_duration"},
	"aws:iam/role:Role":   {"assumeRolePolicy", "name", "arn", "maxSessionDuration"},
	"aws-native:iam:Role": {"assumeRolePolicyDocument", "roleName", "arn", "maxSessionDuration"},
}

// role makes a role of the attributes that a document has of it. What they
// lack is open: only the deployment determines it. id names the role within
// the document. Nothing of values but name, ARN, duration and trust policy
// leaves them: a state file holds secrets.
func (d *document) roleOf(id string, at trust.Pos, names attributes, values node) Role {
	role := Role{Name: id, LogicalID: id, Pos: at}
	open := func(attribute string) *trust.Unknown {
		return trust.NewUnknown("${"+id+"."+attribute+"}", "attribute "+attribute+" of "+id)
	}
	name := values.get(names.name)
	if text, ok := plain(name); ok && text != "" {
		role.Name = text
		role.names = []trust.Text{trust.Known(text)}
	} else {
		role.names = []trust.Text{open(names.name).Text()}
	}
	if arn, ok := plain(values.get(names.arn)); ok && strings.HasPrefix(arn, "arn:") {
		role.ARN = arn
	}
	session := values.get(names.session)
	if text, ok := plain(session); ok {
		role.MaxSessionDuration, _ = strconv.Atoi(text)
	} else if !session.isNull() {
		role.SessionOpen = open(names.session)
	}
	policy := values.get(names.policy)
	if !policy.isNull() {
		role.Pos = policy.pos
	}
	switch text, ok := plain(policy); {
	case ok:
		role.set(d.embedded(trust.Known(text), policy.pos))
	case policy.isObject() && !isSecret(policy):
		role.set(d.read(policy))
	default:
		role.Policies = trust.Opaque(open(names.policy), role.Pos)
	}
	return role
}

// unknownToPulumi is in a preview the value that only the deployment determines
// (pulumi/sdk, plugin.UnknownStringValue).
const unknownToPulumi = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

// plain returns the text of a scalar, unless that represents
// something else.
func plain(n node) (string, bool) {
	text, ok := n.known()
	return text, ok && text != unknownToPulumi
}

// isSecret reports whether an object is what Pulumi writes for a secret: its
// signature as a key (pulumi/sdk, resource.SigKey).
func isSecret(n node) bool {
	return !n.get("4dabf18193072939515e22adb298388d").isNull()
}

// secretKeys are those by which documents are known that hold more than
// roles: of Terraform's state and plan, and of Pulumi's stack and preview.
var secretKeys = []string{"planned_values", "prior_state", "resource_changes", "format_version", "terraform_version", "lineage", "instances", "deployment", "checkpoint", "steps"}

// MayHoldSecrets reports whether a document can be a state or a plan, which
// hold secrets beside the roles. It does not parse the document.
func MayHoldSecrets(content []byte) bool {
	if bytes.IndexByte(content, 0) >= 0 { // UTF-16
		content = bytes.ReplaceAll(content, []byte{0}, nil)
	}
	if slices.ContainsFunc(secretKeys, func(key string) bool { return bytes.Contains(content, []byte(`"`+key+`"`)) }) {
		return true
	}
	for line := range bytes.Lines(content) { // of YAML
		key, _, found := bytes.Cut(bytes.TrimLeft(line, " -"), []byte(":"))
		if found && slices.Contains(secretKeys, string(key)) {
			return true
		}
	}
	return false
}
