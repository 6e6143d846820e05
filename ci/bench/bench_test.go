package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkLogin times whole processes, as .ci/bench does: go test -bench=Login ./ci/bench
func BenchmarkLogin(b *testing.B) {
	b.Chdir("../..")
	var bench bench
	if err := bench.start(); err != nil {
		b.Fatal(err)
	}
	defer bench.server.Close()
	for _, program := range []struct{ name, source string }{{"step", "."}, {"floor", "./ci/floor"}} {
		path := filepath.Join(b.TempDir(), program.name)
		if out, err := exec.Command("go", "build", "-o", path, program.source).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		b.Run(program.name, func(b *testing.B) {
			var sum time.Duration
			for b.Loop() {
				took, err := bench.login(process(path))
				if err != nil {
					b.Fatal(err)
				}
				sum += took
			}
			// The job around the step is not what is measured.
			b.ReportMetric(float64(sum.Nanoseconds())/float64(b.N), "ns/op")
		})
	}
}
