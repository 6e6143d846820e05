package cli

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

// release and commit are set by the linker (-X) where a release is built.
var release, commit string

func version(_ context.Context, env Env, args []string) int {
	fs := flag.NewFlagSet("version", flag.ContinueOnError)
	if run, code := env.parse(fs, "version", args); !run {
		return code
	}
	v, c := release, commit
	if info, ok := debug.ReadBuildInfo(); ok {
		if v == "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && c == "" {
				c = s.Value
			}
		}
	}
	if c == "" {
		c = "unknown commit"
	}
	fmt.Fprintf(env.Stdout, "aws-oidc-action %s (%s) %s %s/%s\n", v, c, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitFine
}
