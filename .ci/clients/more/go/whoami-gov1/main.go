// Command whoami-gov1 is whoami with version 1 of the AWS SDK for Go, for the
// default chain. It is told the endpoint, as that SDK does not know
// AWS_ENDPOINT_URL_STS.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/sts"
)

func main() {
	seconds := flag.Int("for", 0, "how many `seconds` to go on asking")
	flag.Parse()
	if err := run(time.Duration(*seconds) * time.Second); err != nil {
		fmt.Fprintln(os.Stderr, "whoami-gov1:", err)
		os.Exit(1)
	}
}

func run(howLong time.Duration) error {
	s, err := session.NewSession(&aws.Config{Endpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL_STS"))})
	if err != nil {
		return err
	}
	client := sts.New(s)
	for end := time.Now().Add(howLong); ; time.Sleep(100 * time.Millisecond) {
		last := !time.Now().Before(end)
		identity, err := client.GetCallerIdentity(&sts.GetCallerIdentityInput{})
		if err != nil {
			return err
		}
		if last {
			fmt.Println("default", *identity.Arn)
			return nil
		}
	}
}
