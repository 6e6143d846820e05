package generate

import (
	"fmt"
	"io"
	"strings"
)

// Terraform writes the provider, unless the account has it already, and the
// role. The error lists all problems of the Spec.
func Terraform(w io.Writer, s Spec) error {
	s = s.complete()
	if err := s.check(); err != nil {
		return err
	}
	interpolations := map[string]string{
		"{partition}": "${data.aws_partition.current.partition}",
		"{account}":   "${data.aws_caller_identity.current.account_id}",
		"{region}":    "${data.aws_region.current.id}",
	}
	policy := func(tree object) string {
		var b strings.Builder
		writeHCL(&b, s.resolve(tree, interpolations, func(text string) any { return expression(text) }), 1)
		return "jsonencode(" + b.String() + ")"
	}
	permissions, some := s.permissionsPolicy()

	var b strings.Builder
	b.WriteString(`variable "create_provider" {
  description = "false where the account has GitHub's OIDC provider already"
  type        = bool
  default     = true
}
`)
	if s.Partition == "" {
		b.WriteString("\ndata \"aws_partition\" \"current\" {}\n")
	}
	if s.Account == "" {
		b.WriteString("\ndata \"aws_caller_identity\" \"current\" {}\n")
	}
	if s.Region == "" && some {
		b.WriteString("\ndata \"aws_region\" \"current\" {}\n")
	}
	fmt.Fprintf(&b, `
resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_provider ? 1 : 0
  url            = %s
  client_id_list = [%s]
}

resource "aws_iam_role" "github" {`, hclString("https://"+s.Provider), hclString(s.Audience))
	role := object{{"name", s.RoleName}}
	if s.Boundary != "" {
		role = append(role, field{"permissions_boundary", s.Boundary})
	}
	writeFields(&b, role, 0)
	fmt.Fprintf(&b, "\n\n  assume_role_policy = %s\n}\n", policy(s.trustPolicy()))
	if some {
		fmt.Fprintf(&b, `
resource "aws_iam_role_policy" "github" {
  name = %s
  role = aws_iam_role.github.id

  policy = %s
}
`, hclString(policyName), policy(permissions))
	}
	_, err := io.WriteString(w, b.String())
	return err
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

// writeFields writes the members of an object, neighbours of one line aligned
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

// hclString writes s so that Terraform finds nothing to interpolate in it.
func hclString(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(quote(s))
}
