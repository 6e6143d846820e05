package fakerunner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/safefile"
)

const (
	maxFileCommand = 8 << 20 // bytes that a Job reads of one file
	maxSummary     = 1 << 20 // bytes of a summary that the runner uploads
)

// carryOut processes what a step wrote to its files, and removes them. A file with
// a format error fails the step, but not the other files; what is in it before
// the error takes effect.
func (j *Job) carryOut(environ map[string]string, result *Result) error {
	for _, f := range fileCommands {
		path := environ[f.variable]
		text, err := readCommandFile(path)
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read the file of %s: %w", f.variable, err)
		}
		switch f.variable {
		case "GITHUB_STEP_SUMMARY":
			j.summary(result, text)
		case "GITHUB_PATH":
			j.addPaths(result, text)
		default:
			j.assign(f.variable, result, text)
		}
	}
	return nil
}

func readCommandFile(path string) (string, error) {
	text, err := safefile.Files{}.ReadFile(context.Background(), path, maxFileCommand)
	return string(text), err
}

func (j *Job) assign(variable string, result *Result, text string) {
	assignments, err := parseFileCommand(text)
	target := map[string]string{}
	for _, a := range assignments {
		if variable == "GITHUB_ENV" {
			if strings.EqualFold(a.name, "NODE_OPTIONS") {
				j.log.runnerError(result.Name, "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.")
				continue
			}
			j.environ[a.name] = a.value
		}
		target[a.name] = a.value
	}
	switch variable {
	case "GITHUB_ENV":
		result.Env = target
	case "GITHUB_OUTPUT":
		result.Outputs = target
	case "GITHUB_STATE":
		result.State = target
	}
	if err != nil {
		name := strings.TrimPrefix(variable, "GITHUB_")
		j.log.runnerError(result.Name, "Unable to process file command '"+strings.ToLower(name)+"' successfully.")
		j.log.runnerError(result.Name, err.Error())
		result.Failed = true
	}
}

func (j *Job) addPaths(result *Result, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		result.Paths = append(result.Paths, line)
		j.paths = slices.DeleteFunc(j.paths, func(p string) bool { return p == line })
		j.paths = slices.Insert(j.paths, 0, line)
	}
}

// summary drops a summary that is too large, with an error that does not fail the
// step.
func (j *Job) summary(result *Result, text string) {
	if len(text) > maxSummary {
		j.log.runnerError(result.Name, fmt.Sprintf("$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of %dk, got %dk.", maxSummary>>10, len(text)>>10))
		return
	}
	result.Summary = j.Mask(text)
}
