// Command whoami-terraform logs in with the library by which Terraform's AWS
// provider and its S3 backend do, for the default chain.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	base "github.com/hashicorp/aws-sdk-go-base/v2"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "whoami-terraform:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	settings := &base.Config{CallerName: "whoami-terraform", Region: os.Getenv("AWS_REGION")}
	ctx, config, diagnostics := base.GetAwsConfig(ctx, settings)
	for _, d := range diagnostics {
		if diagnostics.HasError() {
			return errors.New(d.Summary() + ": " + d.Detail())
		}
	}
	account, _, diagnostics := base.GetAwsAccountIDAndPartition(ctx, config, settings)
	if diagnostics.HasError() {
		return errors.New("the account is unknown")
	}
	fmt.Println("account", account)
	return nil
}
