package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/generate"
)

const trustGenerateSynopsis = "trust generate --repository OWNER[@ID]/REPOSITORY[@ID]… " +
	"[--branch NAME]… [--tag NAME]… [--environment NAME]… [--pull-request] [--reusable-workflow REF] " +
	"[--allow TEMPLATE:NAME]… [--format json|cloudformation|terraform]"

// generateFormats are the writers of a role by --format. All of them write text
// in JSON's strings.
var generateFormats = map[string]func(io.Writer, generate.Spec) error{
	"json": generate.JSON, "cloudformation": generate.CloudFormation, "terraform": generate.Terraform,
}

// trustGenerate prints a role; what is worth knowing about it goes to
// standard error.
func trustGenerate(_ context.Context, env Env, args []string) int {
	var spec generate.Spec
	fs, format := generateFlags(&spec)
	if run, code := env.parse(fs, trustGenerateSynopsis, args); !run {
		return code
	}
	writeRole, ok := generateFormats[*format]
	if !ok {
		return env.unknownFormat("generate", *format, "json", "cloudformation", "terraform")
	}
	if !env.arguments("generate", fs.Args(), 0, 0) {
		return exitUsage
	}
	if err := applyIDs(fs, &spec); err != nil {
		env.errorf("trust generate: %v", err)
		return exitUsage
	}
	var role bytes.Buffer
	if err := writeRole(&role, spec); err != nil {
		env.errorf("trust generate: %v", err)
		return exitUsage
	}
	if err := env.print(asJSON, func(w io.Writer) error { _, err := role.WriteTo(w); return err }); err != nil {
		env.errorf("trust generate: %v", err)
		return exitFailure
	}
	if *format == "json" && (spec.Account == "" || spec.Region == "" && len(spec.Allow) > 0) {
		env.errorf("trust generate: note: put the role's own values for ACCOUNT_ID and REGION, or give --account and --region")
	}
	for _, w := range spec.Warnings() {
		env.errorf("trust generate: note: %s", w)
	}
	return exitFine
}

func generateFlags(spec *generate.Spec) (fs *flag.FlagSet, format *string) {
	fs = flag.NewFlagSet("trust generate", flag.ContinueOnError)
	format = fs.String("format", "json", "`format` of the role: json, cloudformation or terraform")
	again := func(list *[]string, name, usage string) {
		fs.Func(name, usage+"; may be given again", func(s string) error {
			*list = append(*list, s)
			return nil
		})
	}
	fs.Func("repository", "`repository` whose runs get in, with both ids for the immutable form of the subject; may be given again", func(s string) error {
		r, err := generate.ParseRepository(s)
		spec.Repositories = append(spec.Repositories, r)
		return err
	})
	fs.String("owner-id", "", "`id` of the owner of a single --repository")
	fs.String("repository-id", "", "`id` of a single --repository")
	again(&spec.Branches, "branch", "`name` of a branch, with IAM's wildcards")
	again(&spec.Tags, "tag", "`name` of a tag, with IAM's wildcards")
	again(&spec.Environments, "environment", "`name` of an environment")
	fs.BoolVar(&spec.PullRequests, "pull-request", false, "pull requests get in too")
	fs.StringVar(&spec.Workflow, "reusable-workflow", "", "only runs of this `workflow`, OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/BRANCH")
	fs.StringVar(&spec.Audience, "audience", "", "`audience` of the token, sts.amazonaws.com if empty")
	fs.Func("issuer", "`issuer` of the tokens, GitHub's if not given", func(s string) error {
		spec.Provider = trust.ProviderOfIssuer(s)
		return nil
	})
	fs.StringVar(&spec.Account, "account", "", "`account` of the role, 12 digits")
	fs.StringVar(&spec.Region, "region", "", "`region` of the resources")
	fs.StringVar(&spec.Partition, "partition", "", "`partition`: aws, aws-cn or aws-us-gov")
	fs.StringVar(&spec.RoleName, "role-name", "", "`name` of the role")
	fs.StringVar(&spec.Boundary, "permissions-boundary", "", "`ARN` of the role's permissions boundary")
	fs.Func("allow", "`permission`: s3-deploy:BUCKET, ecr-push:REPOSITORY, lambda-deploy:FUNCTION or cloudformation-stack:STACK; may be given again", func(s string) error {
		p, err := generate.ParsePermission(s)
		spec.Allow = append(spec.Allow, p)
		return err
	})
	fs.StringVar(&spec.ResourceTag, "resource-tag", "", "`KEY=VALUE` that resources must be tagged with, where their service supports it")
	return fs, format
}

// applyIDs puts --owner-id and --repository-id into the only repository.
func applyIDs(fs *flag.FlagSet, spec *generate.Spec) error {
	ownerID, id := fs.Lookup("owner-id").Value.String(), fs.Lookup("repository-id").Value.String()
	if ownerID == "" && id == "" {
		return nil
	}
	if len(spec.Repositories) != 1 || spec.Repositories[0].OwnerID != "" {
		return fmt.Errorf("--owner-id and --repository-id are for one --repository without ids: write OWNER@ID/REPOSITORY@ID for several")
	}
	r := spec.Repositories[0]
	r, err := generate.ParseRepository(r.Owner + "@" + ownerID + "/" + r.Name + "@" + id)
	if err != nil {
		return fmt.Errorf("--owner-id %q, --repository-id %q: write both as numbers", ownerID, id)
	}
	spec.Repositories[0] = r
	return nil
}
