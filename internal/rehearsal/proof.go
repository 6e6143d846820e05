package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/org/aws-oidc-action/internal/ambient"
	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/jobstate"
	"github.com/org/aws-oidc-action/internal/plan"
	"github.com/org/aws-oidc-action/internal/profile"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/safefile"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// prove signs a call with the credentials that later steps of the job have: the
// exported keys, and those of each profile, which it gets as an SDK does.
func (r *rehearsal) prove(ctx context.Context) error {
	if r.server.Scenario().Dialect == scenario.MinIO {
		return nil // it has no GetCallerIdentity
	}
	walker := &assume.Walker{HTTP: transport.New(transport.Options{}), Retry: retry.Default(3)}
	at := plan.Hop{Region: r.region(), Endpoint: r.server.URL()}
	identify := func(s assume.Session) (string, error) {
		session, err := walker.Identify(ctx, at, s)
		return session.ARN, err
	}
	var err error
	if r.job.Getenv("AWS_ACCESS_KEY_ID") != "" {
		r.report.Identity, err = identify(assume.Session{
			AccessKeyID:     r.job.Getenv("AWS_ACCESS_KEY_ID"),
			SecretAccessKey: secret.New(r.job.Getenv("AWS_SECRET_ACCESS_KEY")),
			SessionToken:    secret.New(r.job.Getenv("AWS_SESSION_TOKEN")),
		})
		if err != nil {
			return fmt.Errorf("the exported credentials do not work: %w", err)
		}
	}
	names, err := r.profiles()
	if err != nil || len(names) == 0 {
		return err
	}
	files := safefile.Files{Workspace: r.job.Workspace()}
	sdk := &ambient.Chain{
		Environ: r.job.Environ(),
		Files:   files,
		Path:    func(path string) string { return path },
		Foreign: files.Inside,
		STS:     at,
		Walker:  func() *assume.Walker { return walker },
		Mask:    func(string) {}, // nothing of it is printed
		HTTP:    walker.HTTP,
		Direct:  walker.HTTP,
		Retry:   walker.Retry,
	}
	r.report.Profiles = map[string]string{}
	for _, name := range names {
		found, ok, err := sdk.Profile(ctx, name)
		if err == nil && !ok {
			err = errors.New("it is in no profile file")
		}
		if err == nil {
			r.report.Profiles[name], err = identify(found.Session)
		}
		if err != nil {
			return fmt.Errorf("profile %q does not work: %w", name, err)
		}
	}
	return r.readProfileFiles(ctx, files)
}

// region returns the region of the proof's signature. The sandbox accepts any.
func (r *rehearsal) region() string {
	if region := r.job.Getenv("AWS_REGION"); region != "" {
		return region
	}
	return "us-east-1"
}

// profiles returns the names of the profiles that the job's steps wrote.
func (r *rehearsal) profiles() ([]string, error) {
	store, err := jobstate.Open(jobstate.Options{Dir: r.job.Temp()})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	state, err := store.Read()
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, record := range state.Records {
		for name := range record.Profiles {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// readProfileFiles adds the files of profiles to the report as later steps see
// them, masked.
func (r *rehearsal) readProfileFiles(ctx context.Context, files safefile.Files) error {
	r.report.Files = map[string]string{}
	for _, variable := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		path := r.job.Getenv(variable)
		if path == "" {
			continue
		}
		content, err := files.ReadFile(ctx, path, profile.MaxSize)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the file of %s: %w", variable, err)
		}
		r.report.Files[variable] = r.job.Mask(string(content))
	}
	return nil
}
