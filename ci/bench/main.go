// Command bench measures what a login with the image costs, each figure
// beside the least that it could be, taken in turn in the same run. It fails
// only if an aim is missed by far: the machine that it runs on may be busy.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/org/aws-oidc-action/ci/containerstep"
	"github.com/org/aws-oidc-action/internal/fakerunner"
	"github.com/org/aws-oidc-action/internal/sandbox"
	"github.com/org/aws-oidc-action/internal/scenario"
)

func main() {
	log.SetFlags(0)
	var b bench
	flag.StringVar(&b.step, "step", "", "path of the action's program")
	flag.StringVar(&b.floor, "floor", "", "path of ci/floor's program")
	flag.StringVar(&b.image, "image", "", "name of the action's image")
	flag.StringVar(&b.nothing, "nothing", "", "name of the image that holds only ci/nothing's program")
	flag.StringVar(&b.layout, "layout", "", "directory with the OCI image layout of a release")
	flag.StringVar(&b.pinned, "pinned", "", "the same image in a registry, by digest")
	flag.StringVar(&b.selfContained, "self-contained", "", "directory with the self-contained action")
	flag.Parse()
	if err := b.run(); err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	step, floor    string
	image, nothing string
	layout, pinned string
	selfContained  string
	server         *sandbox.Server
}

// row is one figure of the table.
type row struct {
	name        string
	ours, floor string
	figure      float64 // what the aim is about; 0 if it cannot be measured here
	unit        string
	aim         float64 // 0 if there is none
	limit       float64 // beyond it the bench fails
}

func (b *bench) run() error {
	if err := b.start(); err != nil {
		return err
	}
	defer b.server.Close()

	var rows []row
	for _, measure := range []func() ([]row, error){
		b.processTime, b.processMemory, b.containerTime, b.imageSizes, b.provisioning,
	} {
		measured, err := measure()
		if err != nil {
			return err
		}
		rows = append(rows, measured...)
	}
	return report(rows)
}

// start serves the scenario. The working directory is the repository's root.
func (b *bench) start() error {
	scenario, err := scenario.Load("ci/testdata/scenario.yml")
	if err == nil {
		b.server, err = sandbox.Start(scenario, sandbox.Options{})
	}
	return err
}

func report(rows []row) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "what\tours\tfloor\tfigure\taim")
	var missed []string
	for _, r := range rows {
		aim := "none"
		if r.aim > 0 {
			aim = fmt.Sprintf("at most %g%s", r.aim, r.unit)
			if r.figure > r.limit {
				missed = append(missed, r.name)
			}
		}
		figure := "not available"
		if r.figure > 0 {
			figure = fmt.Sprintf("%.2f%s", r.figure, r.unit)
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", r.name, r.ours, r.floor, figure, aim)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if len(missed) > 0 {
		return fmt.Errorf("missed by far: %s", strings.Join(missed, ", "))
	}
	return nil
}

// processTime compares whole processes, from start to end.
func (b *bench) processTime() ([]row, error) {
	return b.compare("login, whole process", 200, 2, process(b.step), process(b.floor))
}

// containerTime compares docker run with everything that the runner mounts.
func (b *bench) containerTime() ([]row, error) {
	return b.compare("login, docker run", 20, 1.15,
		containerstep.Action{Image: b.image, RunnerTemp: true}.Step,
		containerstep.Action{Image: b.nothing, RunnerTemp: true}.Step)
}

// compare runs ours and floor in turn, so that both see the same noise.
func (b *bench) compare(name string, rounds int, aim float64, ours, floor fakerunner.Step) ([]row, error) {
	times := map[bool][]time.Duration{}
	for i := range 2 * (rounds + 1) {
		step, isOurs := floor, i%2 == 0
		if isOurs {
			step = ours
		}
		took, err := b.login(step)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if i >= 2 { // the first round warms up
			times[isOurs] = append(times[isOurs], took)
		}
	}
	return []row{against(name, aim, times[true], times[false])}, nil
}

// against is the row of a time and its floor. The figure is the ratio of the
// medians.
func against(name string, aim float64, ours, floor []time.Duration) row {
	return row{
		name:   fmt.Sprintf("%s (median, mean of %d)", name, len(ours)),
		ours:   describe(ours),
		floor:  describe(floor),
		figure: float64(median(ours)) / float64(median(floor)),
		unit:   " times",
		aim:    aim,
		limit:  2 * aim,
	}
}

// login runs one step in a job of its own and returns how long the step took.
func (b *bench) login(step fakerunner.Step) (took time.Duration, err error) {
	dir, err := os.MkdirTemp("", "aws-oidc-action-bench")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	job, err := fakerunner.NewJob(fakerunner.JobOptions{Dir: dir, Environ: b.server.Environ(), Event: b.server.Scenario().Workflow.Payload()})
	if err != nil {
		return 0, err
	}
	timed := func(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
		begin := time.Now()
		defer func() { took = time.Since(begin) }()
		return step(ctx, environ, stdout, stderr)
	}
	result, err := job.Run(context.Background(), timed, map[string]string{
		"aws-region":     "eu-central-1",
		"role-to-assume": "arn:aws:iam::111111111111:role/hub",
		"runner-temp":    "host:" + job.Temp(),
	})
	if err == nil && result.Failed {
		err = fmt.Errorf("exit code %d\n%s", result.ExitCode, job.Log())
	}
	return took, err
}

func process(argv ...string) fakerunner.Step {
	return func(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env, cmd.Stdout, cmd.Stderr = environ, stdout, stderr
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	}
}

// processMemory compares what GNU time calls the maximum resident set. It is
// asked because a child of a large process begins with its parent's figure.
func (b *bench) processMemory() ([]row, error) {
	ours, err := b.peak(b.step)
	if err != nil {
		return nil, err
	}
	floor, err := b.peak(b.floor)
	return []row{{
		name:   "login, peak memory (median of 11)",
		ours:   fmt.Sprintf("%.1f MiB", ours),
		floor:  fmt.Sprintf("%.1f MiB", floor),
		figure: ours,
		unit:   " MiB",
		aim:    20,
		limit:  40,
	}}, err
}

func (b *bench) peak(path string) (mebibytes float64, err error) {
	report, err := os.CreateTemp("", "aws-oidc-action-bench")
	if err != nil {
		return 0, err
	}
	defer os.Remove(report.Name())
	defer report.Close()
	for range 11 {
		if _, err := b.login(process("time", "--append", "--output", report.Name(), "--format", "%M", path)); err != nil {
			return 0, err
		}
	}
	content, err := io.ReadAll(report)
	if err != nil {
		return 0, err
	}
	var peaks []int
	for _, field := range strings.Fields(string(content)) {
		kibibytes, err := strconv.Atoi(field)
		if err != nil {
			return 0, fmt.Errorf("read what time wrote: %w", err)
		}
		peaks = append(peaks, kibibytes)
	}
	return float64(median(peaks)) / 1024, nil
}

func describe(times []time.Duration) string {
	var sum time.Duration
	for _, t := range times {
		sum += t
	}
	mean := sum / time.Duration(len(times))
	return fmt.Sprintf("%v, %v", median(times).Round(10*time.Microsecond), mean.Round(10*time.Microsecond))
}

func median[T int | time.Duration](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}
