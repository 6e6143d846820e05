package document

import (
	"cmp"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// wholeManifest reads a Kubernetes manifest in JSON.
func (d *document) wholeManifest(o opened) error {
	n, err := d.whole(o)
	if err != nil {
		return err
	}
	return d.manifest(n)
}

// manifest reads the roles of Crossplane's AWS providers and of AWS
// Controllers for Kubernetes. Other kinds hold none, unless they compose them.
func (d *document) manifest(n node) error {
	if d.budget.err != nil {
		return d.budget.err
	}
	names, spec, ok := managedRole(n)
	switch {
	case ok:
		metadata := n.get("metadata")
		id := cmp.Or(metadata.get("name").name(), metadata.get("generateName").name(), "Role")
		values := node{kind: jsonlex.ObjectStart, pos: n.pos, keys: spec.keys, items: spec.items}
		if values.get("name").isNull() {
			name := metadata.get("annotations").get("crossplane.io/external-name")
			if name.isNull() {
				name = metadata.get("name")
			}
			values.keys, values.items = append([]node{stringNode(trust.Known("name"), name.pos)}, values.keys...), append([]node{name}, values.items...)
		}
		role := d.roleOf(id, n.pos, names, values)
		role.ARN = cmp.Or(n.get("status").get("ackResourceMetadata").get("arn").name(), n.get("status").get("atProvider").get("arn").name())
		return d.yield(role)
	case strings.HasSuffix(n.get("kind").name(), "List") && n.get("items").isList():
		for _, item := range n.get("items").items {
			if err := d.manifest(item); err != nil {
				return err
			}
		}
		return nil
	}
	if strings.HasSuffix(n.get("kind").name(), "Definition") { // it describes manifests
		return nil
	}
	return d.composed(n, n)
}

// composed yields the roles within another manifest, such as a Composition of
// Crossplane, whose patches and templates can change all of them.
func (d *document) composed(around, n node) error {
	if !d.budget.spend(n.pos, 0) {
		return d.budget.err
	}
	_, _, isRole := managedRole(n)
	if isRole || n.isScalar() && strings.Contains(strings.ToLower(n.name()), "assumerolepolicy") { // as of a function that makes manifests of a text
		id := cmp.Or(n.get("metadata").get("name").name(), around.get("metadata").get("name").name(), "Role")
		what := around.get("kind").name() + " " + around.get("metadata").get("name").name()
		return d.opaque(id, n.pos, trust.NewUnknown("${"+what+"}", what))
	}
	for _, item := range n.items {
		if err := d.composed(around, item); err != nil {
			return err
		}
	}
	return nil
}

// managedRole reports whether a manifest is of a role, and returns where its
// attributes are.
func managedRole(n node) (names attributes, spec node, ok bool) {
	group, _, _ := strings.Cut(n.get("apiVersion").name(), "/")
	spec = n.get("spec")
	if n.get("kind").name() != "Role" {
		return names, spec, false
	}
	names = attributes{"assumeRolePolicyDocument", "name", "", "maxSessionDuration"}
	switch group {
	case "iam.services.k8s.aws":
		return names, spec, true
	case "iam.aws.upbound.io", "iam.aws.m.upbound.io":
		names.policy = "assumeRolePolicy"
	case "iam.aws.crossplane.io":
	default:
		return names, spec, false
	}
	return names, spec.get("forProvider"), true
}
