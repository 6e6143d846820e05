// Package generate holds what `trust generate` prints, in all formats and with
// all options, against the linter and against the engines of others: AWS's
// service reference, IAM as moto simulates it, cfn-lint, checkov and
// actionlint. .ci/generate.sh runs those.
package generate
