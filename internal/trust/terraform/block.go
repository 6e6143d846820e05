package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/document"
)

// blockAttribute returns an attribute of a resource, a data source or a
// module: what the module itself says of it, else an unknown.
func (e *evaluator) blockAttribute(v *value, name string, at place) *value {
	r := v.block
	address := r.address()
	if r.several() {
		return e.invalid(address+"."+name, at)
	}
	return e.remember(memo{r.in, r.name + subscript(r.key) + "." + name}, at, func() *value {
		f, exists := e.inside(r.in, r.block, r.key)
		if !exists {
			return e.invalid(address+"."+name, at)
		}
		if r.block.Type == "module" {
			return e.output(r, name, at)
		}
		if follow := attributeOf(r.block, name); follow != nil {
			if v := follow(e, f, r, at); v != nil {
				return v
			}
		} else if a := r.block.Body.Attributes[name]; a != nil {
			return e.eval(f, a.Expr)
		}
		if r.block.Type == "data" { // its arguments say what it looks up
			e.Define(address+"."+name, definition(r.in, r.block))
		}
		return e.unknown(address+"."+name, at, nil, address+"."+name)
	})
}

// definition identifies a block by its text, but for white space.
func definition(i *instance, b *hclsyntax.Block) string {
	return document.Digest(i.source(b.Range()))
}

// output returns an output of a module that is called.
func (e *evaluator) output(r *reference, name string, at place) *value {
	child, missing := e.child(r.in, r.block, r.key)
	if child == nil {
		e.Define(missing, definition(r.in, r.block))
		return e.unknown(r.address()+"."+name, at, nil, missing)
	}
	output := child.outputs[name]
	if output == nil {
		return e.invalid(r.address()+"."+name, at)
	}
	return e.argument(frame{instance: child}, output, "value")
}

// attribute is one that follows from the configuration other than by being an
// argument of it. One that returns nil leaves the attribute unknown.
type attribute func(e *evaluator, f frame, r *reference, at place) *value

// attributeOf returns how an attribute follows from the configuration, or nil.
func attributeOf(b *hclsyntax.Block, name string) attribute {
	switch b.Type + " " + b.Labels[0] + " " + name {
	case "data aws_iam_policy_document json", "data aws_iam_policy_document minified_json":
		return func(e *evaluator, f frame, r *reference, _ place) *value { return e.policyDocument(f, r.block) }
	case "data aws_caller_identity account_id", "data aws_caller_identity id":
		return pseudo("AWS::AccountId")
	case "data aws_partition partition", "data aws_partition id":
		return pseudo("AWS::Partition")
	case "data aws_partition dns_suffix":
		return pseudo("AWS::URLSuffix")
	case "data aws_region name", "data aws_region region", "data aws_region id":
		return pseudo("AWS::Region")
	case "data aws_iam_openid_connect_provider arn", "resource aws_iam_openid_connect_provider arn",
		"data aws_iam_openid_connect_provider id", "resource aws_iam_openid_connect_provider id":
		return providerARN
	case "data aws_iam_openid_connect_provider url", "resource aws_iam_openid_connect_provider url":
		return providerURL
	case "resource aws_iam_role arn":
		return roleARN
	case "resource aws_iam_role name", "resource aws_iam_role id":
		return roleName
	case "data template_file rendered":
		return rendered
	}
	return nil
}

// pseudo is an attribute that has the value of a pseudo parameter of
// CloudFormation.
func pseudo(name string) attribute {
	return func(e *evaluator, _ frame, r *reference, at place) *value { return str(e.pseudo(r, name), at) }
}

// pseudo returns what is the same for a whole account. A block with a
// provider of its own may be about another account.
func (e *evaluator) pseudo(r *reference, name string) trust.Text {
	if r.block.Body.Attributes["provider"] != nil && r.block.Type == "data" {
		return trust.NewUnknown("${"+r.address()+"}", r.address()).Text()
	}
	if text, ok := e.options.Parameters[name]; ok {
		return trust.Known(text)
	}
	switch name {
	case "AWS::Partition":
		return trust.Known("aws")
	case "AWS::URLSuffix":
		return trust.Known("amazonaws.com")
	}
	return trust.NewUnknown("${"+name+"}", name).Text()
}

// providerURL returns a provider's URL as AWS returns it, without https://.
func providerURL(e *evaluator, f frame, r *reference, at place) *value {
	if arn := r.block.Body.Attributes["arn"]; arn != nil {
		if _, provider := e.eval(f, arn.Expr).text.Cut(":oidc-provider/"); provider.Wholly() == nil {
			return str(provider, at)
		}
		return nil
	}
	a := r.block.Body.Attributes["url"]
	if a == nil {
		return nil
	}
	url := e.eval(f, a.Expr)
	if text, ok := url.known(); ok {
		return known(trust.ProviderOfIssuer(text), at)
	}
	if before, after := url.text.Cut("https://"); url.isScalar() && before.String() == "" {
		return str(after, at)
	}
	return e.apply("replace", at, url, known("https://", at), known("", at))
}

// providerARN returns the ARN of a provider, in an account that is not known.
func providerARN(e *evaluator, f frame, r *reference, at place) *value {
	if arn := r.block.Body.Attributes["arn"]; arn != nil {
		return e.eval(f, arn.Expr)
	}
	url := providerURL(e, f, r, at)
	if url == nil {
		return nil
	}
	return str(trust.Concat(trust.Known("arn:"), e.pseudo(r, "AWS::Partition"), trust.Known(":iam::"),
		e.pseudo(r, "AWS::AccountId"), trust.Known(":oidc-provider/"), url.text), at)
}

// roleName returns the name of a role.
func roleName(e *evaluator, f frame, r *reference, at place) *value {
	if a := r.block.Body.Attributes["name"]; a != nil {
		if v := e.eval(f, a.Expr); v.kind != isNull {
			return v
		}
	}
	if a := r.block.Body.Attributes["name_prefix"]; a != nil {
		if v := e.eval(f, a.Expr); v.isScalar() {
			return str(trust.Concat(v.text, suffixOf(r)), at)
		}
	}
	return str(trust.Concat(trust.Known("terraform-"), suffixOf(r)), at)
}

// suffixOf returns what Terraform makes a name unique with.
func suffixOf(r *reference) trust.Text {
	return trust.NewUnknown("${"+r.address()+".name}", r.address()+".name").Text()
}

func roleARN(e *evaluator, f frame, r *reference, at place) *value {
	folder := known("/", at)
	if a := r.block.Body.Attributes["path"]; a != nil {
		folder = e.eval(f, a.Expr)
	}
	return str(trust.Concat(trust.Known("arn:"), e.pseudo(r, "AWS::Partition"), trust.Known(":iam::"),
		e.pseudo(r, "AWS::AccountId"), trust.Known(":role"), folder.text, roleName(e, f, r, at).text), at)
}

// rendered returns what the data source of the template provider makes.
func rendered(e *evaluator, f frame, r *reference, at place) *value {
	source, vars := r.block.Body.Attributes["template"], r.block.Body.Attributes["vars"]
	if source == nil {
		return nil
	}
	values := &value{kind: isObject, at: at}
	if vars != nil {
		values = e.eval(f, vars.Expr)
	}
	text, ok := e.eval(f, source.Expr).known()
	if !ok {
		return nil
	}
	return e.render(text, at.file, values, at)
}

// expand visits the nested blocks of a type, those that dynamic blocks make
// included. Whether there are any of unknown number is a choice.
func (e *evaluator) expand(f frame, body *hclsyntax.Body, kind string, visit func(f frame, b *hclsyntax.Body, at place)) {
	for _, b := range body.Blocks {
		at := placeOf(b.TypeRange)
		if b.Type == kind {
			visit(f, b.Body, at)
			continue
		}
		if generated(b) != kind || b.Type != "dynamic" || b.Body.Attributes["for_each"] == nil {
			continue
		}
		i := slices.IndexFunc(b.Body.Blocks, func(b *hclsyntax.Block) bool { return b.Type == "content" })
		if i < 0 {
			continue
		}
		iterator := kind
		if a := b.Body.Attributes["iterator"]; a != nil {
			iterator = strings.TrimSpace(f.source(a.Expr.Range()))
		}
		collection := e.eval(f, b.Body.Attributes["for_each"].Expr)
		elements, unknown, ok := e.elements(collection)
		if !ok {
			elements, unknown, _ = e.elements(e.apply("toset", at, collection))
		}
		for _, element := range elements {
			if !e.spend(at, 0) {
				return
			}
			if element.any && unknown != nil && e.none(unknown) {
				continue
			}
			visit(f.with(iterator, each(element.key, element.value)), b.Body.Blocks[i].Body, at)
		}
	}
}
