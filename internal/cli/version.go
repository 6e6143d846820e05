package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
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
	return env.printText(func(w io.Writer) {
		fmt.Fprintf(w, "aws-oidc-action %s (%s) %s %s/%s\n", releaseName(), commitName(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	})
}

func releaseName() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func commitName() string {
	if commit != "" {
		return commit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown commit"
}
