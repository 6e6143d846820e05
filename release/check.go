package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// repositoryName is that of the repository, and of the image below its registry's host.
const repositoryName = "org/aws-oidc-action"

var (
	versionPattern = regexp.MustCompile(`^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$`)
	linkDefinition = regexp.MustCompile(`(?m)^\[[^\]]+\]: `)
	usesPattern    = regexp.MustCompile(`\buses:\s*["']?` + repositoryName + `(?:/[^@\s]*)?@([^\s"'#]*)`)
)

// parseVersion refuses everything but vX.Y.Z.
func parseVersion(text string) error {
	if !versionPattern.MatchString(text) {
		return usageError(fmt.Sprintf("version %q is invalid; use the form v1.2.3", text))
	}
	return nil
}

func runCheck(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags()
	version := flags.required("version")
	if err := flags.parse(args); err != nil {
		return err
	}
	if err := parseVersion(*version); err != nil {
		return err
	}
	repo, err := openRepository(ctx)
	if err != nil {
		return err
	}
	if err := repo.check(ctx, *version); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "CHANGELOG.md, workflows and examples name %s\n", *version)
	return nil
}

// check returns every place of the working tree that keeps it from being
// released as the version.
func (r repository) check(ctx context.Context, version string) error {
	changelog, err := r.read("CHANGELOG.md")
	if err != nil {
		return err
	}
	_, err = changelogSection(string(changelog), version)
	problems := []error{err}
	files, err := r.tracked(ctx, ".github/workflows", "examples")
	if err != nil {
		return err
	}
	for _, file := range files {
		content, err := r.read(file)
		if err != nil {
			return err
		}
		problems = append(problems, checkUses(file, string(content), version)...)
	}
	return errors.Join(problems...)
}

// changelogSection returns what the changelog says of the version, in the form
// of Keep a Changelog (https://keepachangelog.com): below a heading with a
// date, at least one line.
func changelogSection(changelog, version string) (string, error) {
	number := strings.TrimPrefix(version, "v")
	heading := regexp.MustCompile(`(?m)^## \[` + regexp.QuoteMeta(number) + `\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	at := heading.FindStringIndex(changelog)
	if at == nil {
		return "", fmt.Errorf(`CHANGELOG.md has no section "## [%s] - YYYY-MM-DD"; add it with the changes of this version`, number)
	}
	section, _, _ := strings.Cut(changelog[at[1]:], "\n## ")
	if end := linkDefinition.FindStringIndex(section); end != nil { // those at the end of the file belong to no section
		section = section[:end[0]]
	}
	section = strings.TrimSpace(section)
	if section == "" {
		return "", fmt.Errorf(`CHANGELOG.md: section "## [%s]" is empty; list the changes of this version`, number)
	}
	return section, nil
}

// checkUses finds the uses of this action, or of its reusable workflows, that
// name another version. A commit cannot name itself, so the files of a release
// name its tag, which never moves.
func checkUses(file, content, version string) []error {
	var problems []error
	for number, line := range strings.Split(content, "\n") {
		for _, match := range usesPattern.FindAllStringSubmatch(line, -1) {
			if match[1] != version {
				problems = append(problems, fmt.Errorf("%s:%d: uses %s at %q, expected %q; change it", file, number+1, repositoryName, match[1], version))
			}
		}
	}
	return problems
}
