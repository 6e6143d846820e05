// Package generate holds what `trust generate` prints against the engines of
// others: AWS's service reference, IAM as moto simulates it, cfn-lint, checkov
// and actionlint. .ci/generate.sh runs it.
package generate
