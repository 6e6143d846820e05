package plan

import (
	"fmt"
	"strings"
)

// ActionYAML renders action.yml, so that its inputs and outputs are those of this
// package.
func ActionYAML() string {
	var b strings.Builder
	b.WriteString(`# Rendered from internal/plan/inputs.go: go test ./internal/plan -update
name: AWS credentials by OIDC
description: Short-lived AWS credentials for a workflow, without a stored secret; many accounts, role chains, a reason for every refusal
author: aws-oidc-action
branding:
  icon: log-in
  color: orange
inputs:
`)
	for _, in := range Inputs {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n    required: %t\n", in.Name, jsonText(in.Description), in.Required)
		if in.Default != "" {
			fmt.Fprintf(&b, "    default: %s\n", jsonText(in.Default))
		}
	}
	b.WriteString("outputs:\n")
	for _, out := range Outputs {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n", out.Name, jsonText(out.Description))
	}
	b.WriteString(`runs:
  using: docker
  image: Dockerfile
  post-entrypoint: /post
  post-if: env.AWS_SKIP_CLEANUP_STEP != 'true'
`)
	return b.String()
}

// InputTable renders the documentation's table of inputs.
func InputTable() string {
	var b strings.Builder
	b.WriteString("| input | what it does |\n|---|---|\n")
	for _, in := range Inputs {
		if in.Hidden {
			continue
		}
		required := ""
		if in.Required {
			required = " (required)"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s |\n", in.Name, required, tableCell(in.Description))
	}
	return b.String()
}

// VariableTable renders the documentation's table of the inputs that fall back
// to variables.
func VariableTable() string {
	var b strings.Builder
	b.WriteString("| input | variable |\n|---|---|\n")
	for _, in := range Inputs {
		if len(in.Env) > 0 {
			fmt.Fprintf(&b, "| `%s` | `%s` |\n", in.Name, strings.Join(in.Env, "`, then `"))
		}
	}
	return b.String()
}

// OutputTable renders the documentation's table of outputs.
func OutputTable() string {
	var b strings.Builder
	b.WriteString("| output | what it holds |\n|---|---|\n")
	for _, out := range Outputs {
		fmt.Fprintf(&b, "| `%s` | %s |\n", out.Name, tableCell(out.Description))
	}
	return b.String()
}

func tableCell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`).Replace(s)
}
