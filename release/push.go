package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

func runPush(ctx context.Context, args []string, stdout, progress io.Writer) error {
	flags := newFlags()
	dir := flags.required("layout")
	to := flags.required("to")
	if err := flags.parse(args); err != nil {
		return err
	}
	repository, err := name.NewRepository(*to, name.StrictValidation)
	if err != nil {
		return usageError(fmt.Sprintf("repository %q is invalid; use HOST/%s", *to, repositoryName))
	}
	r, err := readLayout(*dir)
	if err != nil {
		return err
	}
	if err := r.requireComplete(); err != nil {
		return err
	}
	if err := r.push(ctx, repository.Tag(r.version), progress); err != nil {
		return err
	}
	fmt.Fprintln(stdout, r.digest)
	return nil
}

// push writes the index and all it names under the tag. It never moves a tag
// that names something else.
func (r released) push(ctx context.Context, tag name.Tag, progress io.Writer) error {
	// With one token for looking and for writing: a registry may deny a token
	// that only reads to whoever is about to create the repository.
	auth, err := authn.Resolve(ctx, authn.DefaultKeychain, tag.Repository)
	if err != nil {
		return fmt.Errorf("credentials for %s: %w", tag.RegistryStr(), err)
	}
	roundTripper, err := transport.NewWithContext(ctx, tag.Registry, auth, remote.DefaultTransport,
		[]string{tag.Scope(transport.PushScope)})
	if err != nil {
		return fmt.Errorf("connect to %s: %w", tag.RegistryStr(), err)
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithTransport(roundTripper)}

	existing, err := remote.Head(tag, options...)
	var refusal *transport.Error
	switch {
	case err == nil && existing.Digest == r.digest:
		fmt.Fprintf(progress, "%s is already pushed\n", tag)
		return nil
	case err == nil:
		return fmt.Errorf("tag %s already names %s, not %s; release another version", tag, existing.Digest, r.digest)
	case !errors.As(err, &refusal) || refusal.StatusCode != http.StatusNotFound:
		return fmt.Errorf("look up %s: %w", tag, err)
	}
	if err := remote.WriteIndex(tag, r.index, options...); err != nil {
		return fmt.Errorf("push %s: %w", tag, err)
	}
	fmt.Fprintf(progress, "Pushed %s\n", tag)
	return nil
}
