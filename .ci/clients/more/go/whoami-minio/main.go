// Command whoami-minio lists the buckets of the server that S3_ENDPOINT names
// with minio-go, whose chain of credentials is that of restic: the variables,
// then the shared credentials file.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "whoami-minio:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	endpoint, err := url.Parse(os.Getenv("S3_ENDPOINT"))
	if err != nil {
		return err
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}),
	})
	if err != nil {
		return err
	}
	_, err = client.ListBuckets(ctx)
	return err
}
