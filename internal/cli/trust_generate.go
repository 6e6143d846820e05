package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/generate"
)

const trustGenerateSynopsis = "trust generate --repository OWNER[@ID]/REPOSITORY[@ID]… " +
	"[--branch NAME]… [--tag NAME]… [--environment NAME[=ACCOUNT]]… [--require-branch NAME]… [--pull-request] [--reusable-workflow REF] " +
	"[--spoke NAME=ACCOUNT]… [--allow TEMPLATE:NAME[,OPTION=VALUE]…]… [--format json|cloudformation|terraform] [--workflow FILE]"

// generateFormats are the writers of a role by --format. All of them write text
// in JSON's strings.
var generateFormats = map[string]func(io.Writer, generate.Spec) error{
	"json": generate.JSON, "cloudformation": generate.CloudFormation, "terraform": generate.Terraform,
}

// trustGenerate prints a role on standard output, and notes about it on
// standard error.
func trustGenerate(_ context.Context, env Env, args []string) int {
	var spec generate.Spec
	fs, format := generateFlags(&spec)
	workflow := fs.String("workflow", "", "new `file` for a workflow that deploys with the roles, one environment after the other, such as .github/workflows/deploy.yml")
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
	var written, deployment bytes.Buffer
	err := writeRole(&written, spec)
	if *workflow != "" && err == nil {
		err = generate.Workflow(&deployment, spec, releaseName())
	}
	if err != nil {
		env.errorf("trust generate: %v", err)
		return exitUsage
	}
	if *workflow != "" {
		if err := writeNew(*workflow, deployment.Bytes()); err != nil {
			env.errorf("trust generate: --workflow: %v", err)
			return exitFailure
		}
	}
	if err := env.print(asJSON, func(w io.Writer) error { _, err := w.Write(written.Bytes()); return err }); err != nil {
		if *workflow != "" {
			_ = os.Remove(*workflow) // what it deploys with was not printed
		}
		env.errorf("trust generate: %v", err)
		return exitFailure
	}
	if printed := written.String(); *format == "json" && (strings.Contains(printed, "ACCOUNT_ID") || strings.Contains(printed, "REGION")) {
		env.errorf("trust generate: note: replace ACCOUNT_ID and REGION with the role's own values, or use --account and --region")
	}
	for _, n := range spec.Notes() {
		env.errorf("trust generate: note: %s", n)
	}
	return exitFine
}

// writeNew writes a file that is not there yet, whole or not at all.
func writeNew(name string, content []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%q exists; remove it, or use another name", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(name)
		return err
	}
	return nil
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
	fs.Func("repository", "`repository` whose runs are admitted, with both ids if they are known; may be given again", func(s string) error {
		r, err := generate.ParseRepository(s)
		spec.Repositories = append(spec.Repositories, r)
		return err
	})
	fs.String("owner-id", "", "`id` of the owner of a single --repository")
	fs.String("repository-id", "", "`id` of a single --repository")
	fs.Func("subject-form", "`form` of the subject: immutable (with ids, the default if they are given), classic (the ids are conditions of their own) or both", func(s string) error {
		spec.SubjectForm = generate.SubjectForm(s)
		if !slices.Contains(generate.SubjectForms, spec.SubjectForm) {
			return errors.New("use immutable, classic or both")
		}
		return nil
	})
	again(&spec.Branches, "branch", "`name` of a branch, with IAM's wildcards")
	again(&spec.Tags, "tag", "`name` of a tag, with IAM's wildcards")
	fs.Func("environment", "`name` of an environment; with NAME=ACCOUNT, each environment has a role of its own in its account; may be given again", func(s string) error {
		spec.Environments = append(spec.Environments, generate.ParseEnvironment(s))
		return nil
	})
	again(&spec.RequireBranches, "require-branch", "`name` of a branch, with IAM's wildcards, that a run has to be on besides its environment or reusable workflow")
	fs.BoolVar(&spec.PullRequests, "pull-request", false, "admit pull requests too")
	fs.StringVar(&spec.Workflow, "reusable-workflow", "", "admit only runs of this `workflow`, OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/BRANCH")
	fs.StringVar(&spec.Audience, "audience", "", "`audience` of the token; the partition's default, sts.amazonaws.com mostly, if empty")
	fs.Func("issuer", "`issuer` of the tokens; github.com's if not given", func(s string) error {
		spec.Provider = trust.ProviderOfIssuer(s)
		return nil
	})
	fs.StringVar(&spec.Account, "account", "", "`account` of the role, or of the hub, 12 digits")
	fs.StringVar(&spec.Region, "region", "", "`region` of the resources; the partition follows from it")
	fs.StringVar(&spec.Partition, "partition", "", "`partition`, without --region: "+strings.Join(arn.Partitions(), ", "))
	fs.StringVar(&spec.RoleName, "role-name", "", "`name` of the role, or of the hub; github-OWNER-REPOSITORY-ENVIRONMENT if empty")
	fs.StringVar(&spec.Boundary, "permissions-boundary", "", "`policy` that is the permissions boundary: its ARN, or its name in the role's account")
	fs.Func("allow", "`permission`, TEMPLATE:NAME[,OPTION=VALUE]…, of the templates "+strings.Join(generate.TemplateNames(), ", ")+"; may be given again", func(s string) error {
		p, err := generate.ParsePermission(s)
		spec.Allow = append(spec.Allow, p)
		return err
	})
	fs.StringVar(&spec.ResourceTag, "resource-tag", "", "`KEY=VALUE` that resources must be tagged with, where their service supports it")
	fs.Func("spoke", "`NAME=ACCOUNT` of a role that this one, the hub, assumes; the spokes have the permissions; may be given again", func(s string) error {
		spoke, err := generate.ParseSpoke(s)
		spec.Spokes = append(spec.Spokes, spoke)
		return err
	})
	fs.StringVar(&spec.ExternalID, "external-id", "", "`id` that the spokes ask the hub for")
	return fs, format
}

// applyIDs puts --owner-id and --repository-id into the only repository.
func applyIDs(fs *flag.FlagSet, spec *generate.Spec) error {
	ownerID, id := fs.Lookup("owner-id").Value.String(), fs.Lookup("repository-id").Value.String()
	if ownerID == "" && id == "" {
		return nil
	}
	if len(spec.Repositories) != 1 || spec.Repositories[0].OwnerID != "" {
		return fmt.Errorf("--owner-id and --repository-id are for one --repository without ids; use OWNER@ID/REPOSITORY@ID for several")
	}
	r := spec.Repositories[0]
	r, err := generate.ParseRepository(r.Owner + "@" + ownerID + "/" + r.Name + "@" + id)
	if err != nil {
		return fmt.Errorf("--owner-id %q, --repository-id %q are invalid; use both, as numbers", ownerID, id)
	}
	spec.Repositories[0] = r
	return nil
}
