package generate

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Terraform writes the provider, unless the account has it already, and the
// role. Roles of several accounts are in one module, to be applied in each of
// them: it creates what belongs to the account that it is in. The error lists
// all problems of the Spec.
func Terraform(w io.Writer, s Spec) error {
	s = s.complete()
	if err := s.check(); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(`variable "create_provider" {
  description = "false where the account has GitHub's OIDC provider already"
  type        = bool
  default     = true
}
`)
	s.writeData(&b)
	create, accounts := "var.create_provider", s.accounts()
	if len(accounts) > 1 {
		create += " && " + inAccount(slices.DeleteFunc(slices.Clone(accounts), func(a string) bool { return !s.trustsGitHub(a) }))
	}
	fmt.Fprintf(&b, `
resource "aws_iam_openid_connect_provider" "github" {
  count          = %s ? 1 : 0
  url            = %s
  client_id_list = [%s]
}
`, create, hclString("https://"+s.Provider), hclString(s.Audience))
	roles := s.roles()
	for _, r := range roles {
		r.writeHCL(&b, roles[0], len(accounts) > 1)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeData writes the data sources for what the Spec does not say.
func (s Spec) writeData(b *strings.Builder) {
	roles := s.roles()
	if s.Partition == "" {
		b.WriteString("\ndata \"aws_partition\" \"current\" {}\n")
	}
	if len(s.accounts()) > 1 || roles[0].Account == "" {
		b.WriteString("\ndata \"aws_caller_identity\" \"current\" {}\n")
	}
	if s.Region == "" && len(s.Allow) > 0 {
		b.WriteString("\ndata \"aws_region\" \"current\" {}\n")
	}
}

const callerAccount = "data.aws_caller_identity.current.account_id"

// inAccount is the condition that the module is applied in one of the accounts.
func inAccount(accounts []string) string {
	if len(accounts) == 1 {
		return callerAccount + " == " + hclString(accounts[0])
	}
	var quoted []string
	for _, a := range accounts {
		quoted = append(quoted, hclString(a))
	}
	return "contains([" + strings.Join(quoted, ", ") + "], " + callerAccount + ")"
}

// writeHCL writes a role and its inline policy, which is there only in the
// role's account if it is one of several. A spoke in the account of its hub
// waits for that: IAM refuses a principal that does not exist.
func (r role) writeHCL(b *strings.Builder, hub role, oneOfSeveral bool) {
	label, count, element := "github", "", ""
	if r.id != "" {
		label += "_" + r.id
	}
	if oneOfSeveral {
		count, element = fmt.Sprintf("\n  count = %s ? 1 : 0\n", inAccount([]string{r.Account})), "[0]"
	}
	fmt.Fprintf(b, "\nresource \"aws_iam_role\" %q {%s", label, count)
	attributes := object{{"name", r.RoleName}}
	if r.Boundary != "" {
		attributes = append(attributes, field{"permissions_boundary", r.inHCL(r.boundary())})
	}
	writeFields(b, attributes, 0)
	if !r.webIdentity && r.Account == hub.Account {
		fmt.Fprintf(b, "\n\n  depends_on = [aws_iam_role.github_%s]", hub.id)
	}
	fmt.Fprintf(b, "\n\n  assume_role_policy = %s\n}\n", r.encoded(r.trust))
	if r.permissions == nil {
		return
	}
	fmt.Fprintf(b, "\nresource \"aws_iam_role_policy\" %q {%s", label, count)
	fmt.Fprintf(b, "\n  name = %s\n  role = aws_iam_role.%s%s.id\n\n  policy = %s\n}\n", hclString(policyName), label, element, r.encoded(r.permissions))
}

// inHCL resolves a tree with data sources in place of what the Spec does not
// say.
func (r role) inHCL(tree any) any {
	return r.resolve(tree, map[string]string{
		"{partition}": "${data.aws_partition.current.partition}",
		"{account}":   "${" + callerAccount + "}",
		"{region}":    "${data.aws_region.current.id}",
	}, func(text string) any { return expression(text) })
}

func (r role) encoded(policy object) string {
	var b strings.Builder
	writeHCL(&b, r.inHCL(policy), 1)
	return "jsonencode(" + b.String() + ")"
}

func writeHCL(b *strings.Builder, value any, indent int) {
	tail := "\n" + strings.Repeat("  ", indent)
	switch v := value.(type) {
	case object:
		b.WriteByte('{')
		writeFields(b, v, indent)
		b.WriteString(tail + "}")
	case list:
		b.WriteByte('[')
		for _, item := range v {
			b.WriteString(tail + "  ")
			writeHCL(b, item, indent+1)
			b.WriteByte(',')
		}
		b.WriteString(tail + "]")
	case expression:
		b.WriteString(quote(string(v)))
	case string:
		b.WriteString(hclString(v))
	}
}

// writeFields writes the members of an object, neighbors of one line aligned
// as terraform fmt would have them.
func writeFields(b *strings.Builder, o object, indent int) {
	for i, f := range o {
		width := 0
		if oneLine(f) {
			for j := i; j >= 0 && oneLine(o[j]); j-- {
				width = max(width, len(hclKey(o[j].name)))
			}
			for j := i; j < len(o) && oneLine(o[j]); j++ {
				width = max(width, len(hclKey(o[j].name)))
			}
		}
		fmt.Fprintf(b, "\n%s%-*s = ", strings.Repeat("  ", indent+1), width, hclKey(f.name))
		writeHCL(b, f.value, indent+1)
	}
}

func oneLine(f field) bool {
	switch f.value.(type) {
	case string, expression:
		return true
	}
	return false
}

func hclKey(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
		return name
	}
	return hclString(name)
}

// hclString writes s so that Terraform interpolates no part of it.
func hclString(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(quote(s))
}
