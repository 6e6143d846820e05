// Command whoami asks STS with the AWS SDK for Go whose credentials it finds:
// those of each profile that its arguments name, all in one process, or with
// no arguments those of the default chain. It prints a line for each: the
// profile (default for the default chain) and the ARN. With -for it asks again
// and again, with the same clients, until so many seconds have passed. It
// fails with the first call that does.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// pause is the time between two rounds of calls.
const pause = 100 * time.Millisecond

func main() {
	seconds := flag.Int("for", 0, "how many `seconds` to go on asking")
	flag.Parse()
	if err := run(context.Background(), flag.Args(), time.Duration(*seconds)*time.Second); err != nil {
		fmt.Fprintln(os.Stderr, "whoami:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, profiles []string, howLong time.Duration) error {
	if len(profiles) == 0 {
		profiles = []string{""}
	}
	var clients []*sts.Client
	for _, profile := range profiles {
		c, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile))
		if err != nil {
			return fmt.Errorf("profile %q: %w", profile, err)
		}
		clients = append(clients, sts.NewFromConfig(c))
	}
	for end := time.Now().Add(howLong); ; time.Sleep(pause) {
		last := !time.Now().Before(end)
		for i, client := range clients {
			identity, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			if err != nil {
				return fmt.Errorf("profile %q: %w", profiles[i], err)
			}
			if last {
				fmt.Println(label(profiles[i]), *identity.Arn)
			}
		}
		if last {
			return nil
		}
	}
}

func label(profile string) string {
	if profile == "" {
		return "default"
	}
	return profile
}
