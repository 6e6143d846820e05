package document

import (
	"context"

	"github.com/org/aws-oidc-action/internal/trust"
)

// What a document may cost. CloudFormation takes templates of 1 MB with 500
// resources, and IAM policies of some thousand characters; what references,
// loops, choices and aliases make of one may be a good deal more, but not
// without end.
const (
	maxTemplate     = 2 << 20   // bytes of a template as written
	maxNodes        = 250_000   // values of a template as written
	maxSteps        = 1_000_000 // values looked at while it is read and resolved
	maxText         = 16 << 20  // bytes of the texts that come out
	maxDepth        = 200       // nested values, after references are followed
	maxAlternatives = 64        // combinations of a role's choices that are looked at one by one
	maxNesting      = 3         // templates within templates
)

// Budget is what is left for a document, with all that it holds. Once it is
// spent, or a document turns out to be wrong, err says so and all work ends.
type Budget struct {
	ctx                context.Context
	steps, text, nodes int
	err                error
}

// NewBudget returns the budget of one document, to be spent before the end of
// ctx.
func NewBudget(ctx context.Context) *Budget {
	return &Budget{ctx: ctx, steps: maxSteps, text: maxText, nodes: maxNodes}
}

// spend pays for one step that yields so many bytes. It reports whether work
// may go on.
func (b *Budget) spend(at trust.Pos, bytes int) bool {
	b.steps--
	b.text -= bytes
	switch {
	case b.err != nil:
	case b.steps < 0:
		b.err = at.Errorf("document exceeds the budget of %d steps for resolving it; split it, or check its aliases, loops and references", maxSteps)
	case b.text < 0:
		b.err = at.Errorf("document exceeds the budget of %d bytes of resolved text; split it, or check its aliases, loops and references", maxText)
	case b.steps%1024 == 0:
		b.err = b.ctx.Err()
	}
	return b.err == nil
}

// fail ends all work, unless it has ended.
func (b *Budget) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}
