package document

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

// hasContent reports whether attributes of a resource derive from its
// properties, so that they change with these: those of others, such as the ARN
// of a role, name the resource.
func hasContent(kind string) bool {
	return strings.HasPrefix(kind, "Custom::") || kind == "AWS::CloudFormation::CustomResource" ||
		kind == "AWS::CloudFormation::Stack" || kind == "AWS::SSM::Parameter"
}

// identify returns a text that is the same for two nodes if and only if they
// are written alike, but for white space and comments.
func (r *resolver) identify(n node) string {
	sum := sha256.New()
	r.hash(sum, n)
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

func (r *resolver) hash(sum hash.Hash, n node) {
	if !r.budget.spend(n.pos, 0) {
		return
	}
	write := func(s string) { sum.Write([]byte(s + "\x00")) } // a hash returns no error
	write(string(n.kind) + n.function)
	n.text.Each(write, func(u *trust.Unknown) { write(u.Expression) })
	for i, item := range n.items {
		if i < len(n.keys) {
			r.hash(sum, n.keys[i])
		}
		r.hash(sum, item)
	}
	write("")
}
