// Package moto holds the action against the server of moto, whose STS is not
// AWS's: .ci/moto.sh runs it.
package moto
