package action

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/retry"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/sandbox/sandboxtest"
	"github.com/org/aws-oidc-action/internal/scenario"
	"github.com/org/aws-oidc-action/internal/secret"
	"github.com/org/aws-oidc-action/internal/transport"
)

// runJob runs one job with n profiles and returns its log if it failed.
func runJob(b *testing.B, server *sandbox.Server, with map[string]string) string {
	dir, err := os.MkdirTemp(b.TempDir(), "job")
	if err != nil {
		return err.Error()
	}
	job := sandboxtest.NewJob(b, server, dir)
	all := map[string]string{"aws-region": "eu-central-1", "role-to-assume": "arn:aws:iam::111111111111:role/hub"}
	for name, value := range with {
		all[name] = value
	}
	result, err := job.Run(context.Background(), func(ctx context.Context, environ []string, stdout, _ io.Writer) int {
		return Step{Environ: environ, Stdout: stdout, HTTP: transport.New, Now: time.Now, Sleep: retry.Sleep, Version: "bench"}.Run(ctx)
	}, all)
	if err != nil {
		return err.Error()
	}
	if result.Failed {
		return job.Log()
	}
	return ""
}

// BenchmarkProfiles logs in to n profiles below one hub, with servers that
// answer after 80 ms, and compares with the critical path: token, hub, and one
// answer for each wave of eight spokes.
func BenchmarkProfiles(b *testing.B) {
	const latency = 80 * time.Millisecond
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			server := sandboxtest.Serve(b, landingZone(n, ""), sandbox.Options{Latency: latency})
			for b.Loop() {
				if log := runJob(b, server, map[string]string{"profiles": spokes(n)}); log != "" {
					b.Fatal(log)
				}
			}
			waves := (n + 7) / 8
			path := latency * time.Duration(2+waves)
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(path), "x-critical-path")
			stsCalls := 0
			for _, c := range server.Calls() {
				if c.Kind != scenario.CallToken {
					stsCalls++
				}
			}
			b.ReportMetric(float64(stsCalls)/float64(b.N)/float64(n+1), "calls/hop")
		})
	}
}

const (
	herdJobs     = 40
	herdProfiles = 10
	herdNeeded   = herdJobs * (1 + herdProfiles)
)

// BenchmarkHerd starts 40 jobs at once, each with 10 profiles, against an STS
// that throttles at 50 calls a second; first ours, then a naive one that tries
// each call again by itself with full jitter.
func BenchmarkHerd(b *testing.B) {
	text := landingZone(herdProfiles, "faults: [{call: sts, rate: 50}]\n")
	for b.Loop() {
		ours := herd(b, text, func(server *sandbox.Server) string {
			return runJob(b, server, map[string]string{"profiles": spokes(herdProfiles), "retry-max-attempts": "100"})
		})
		naive := herd(b, text, naiveLogin)
		b.ReportMetric(ours/herdNeeded, "calls/needed")
		b.ReportMetric(naive/herdNeeded, "naive-calls/needed")
		b.ReportMetric(ours/naive, "x-naive")
	}
}

// herd runs the jobs and returns how many calls STS got.
func herd(b *testing.B, text string, job func(*sandbox.Server) string) float64 {
	server := sandboxtest.Serve(b, text, sandbox.Options{})
	start := time.Now()
	var group sync.WaitGroup
	var failed atomic.Int32
	var slowest atomic.Int64
	for range herdJobs {
		group.Go(func() {
			if log := job(server); log != "" {
				failed.Add(1)
				b.Log(log)
			}
			slowest.Store(int64(time.Since(start)))
		})
	}
	group.Wait()
	if n := failed.Load(); n > 0 {
		b.Errorf("%d of %d jobs failed", n, herdJobs)
	}
	calls := 0
	for _, c := range server.Calls() {
		if strings.HasPrefix(c.Kind, "AssumeRole") {
			calls++
		}
	}
	b.Logf("%d calls for %d needed, the last job ended after %s", calls, herdNeeded, time.Duration(slowest.Load()).Round(100*time.Millisecond))
	return float64(calls)
}

// naiveLogin does what one would write at first: all spokes at once, each call
// with a retry of its own, exponential with full jitter from 100 ms to 20 s as
// AWS's SDKs have it, without a limit on the tries.
func naiveLogin(server *sandbox.Server) string {
	client := transport.New(transport.Options{})
	environ := map[string]string{}
	for _, pair := range server.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		environ[name] = value
	}
	source := &oidc.Source{
		URL:    environ["ACTIONS_ID_TOKEN_REQUEST_URL"],
		Bearer: secret.New(environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]),
		Client: client,
		Retry:  retry.Default(12),
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	token, err := source.Token(ctx, "sts.amazonaws.com")
	if err != nil {
		return err.Error()
	}
	stsClient := func(c *types.Credentials) *sts.Client {
		o := sts.Options{Region: "eu-central-1", HTTPClient: client, Retryer: aws.NopRetryer{}, BaseEndpoint: aws.String(server.URL())}
		if c != nil {
			o.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
		}
		return sts.New(o)
	}
	var hub *types.Credentials
	err = naively(ctx, func() error {
		out, err := stsClient(nil).AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String("arn:aws:iam::111111111111:role/hub"), RoleSessionName: aws.String("naive"), WebIdentityToken: aws.String(token.Raw.Reveal()),
		})
		if err == nil {
			hub = out.Credentials
		}
		return err
	})
	if err != nil {
		return err.Error()
	}
	errs := make([]error, herdProfiles)
	var group sync.WaitGroup
	for i := range herdProfiles {
		group.Go(func() {
			errs[i] = naively(ctx, func() error {
				_, err := stsClient(hub).AssumeRole(ctx, &sts.AssumeRoleInput{
					RoleArn: aws.String(fmt.Sprintf("arn:aws:iam::%d:role/deploy", 100000000001+i)), RoleSessionName: aws.String("naive"),
				})
				return err
			})
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err.Error()
		}
	}
	return ""
}

func naively(ctx context.Context, call func() error) error {
	ceiling := 100 * time.Millisecond
	for {
		err := call()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := retry.Sleep(ctx, time.Duration(rand.Int64N(int64(ceiling)))); err != nil {
			return err
		}
		ceiling = min(2*ceiling, 20*time.Second)
	}
}
