//go:build tools

// Package vuln pins govulncheck and the vulnerability database that vuln.sh
// checks against. The database is the directory data/osv of its module; the
// command is imported only so that go mod tidy keeps the module in go.mod.
package vuln

import (
	_ "golang.org/x/vuln/cmd/govulncheck"
	_ "golang.org/x/vulndb/cmd/forks"
)
