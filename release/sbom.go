package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/google/uuid"
	"github.com/rs/zerolog"
)

const generatorModule = "github.com/CycloneDX/cyclonedx-gomod"

// sbomSpec is the newest version of CycloneDX that common scanners read.
const sbomSpec = cyclonedx.SpecVersion1_6

// buildSBOM lists what the program is built from: its modules and the standard
// library, as CycloneDX JSON. It has no time, and its serial number, without
// which actions/attest refuses it, follows from the image's digest.
func buildSBOM(program, version, digest string) ([]byte, error) {
	generator, err := bin.NewGenerator(program,
		bin.WithLogger(zerolog.Nop()),
		bin.WithIncludeStdlib(true),
		bin.WithVersionOverride(version),
		bin.WithShortPURLS(true), // long ones name the platform of this machine, not that of the program
	)
	if err != nil {
		return nil, err
	}
	sbom, err := generator.Generate()
	if err != nil {
		return nil, fmt.Errorf("SBOM of %s: %w", filepath.Base(program), err)
	}
	generatorVersion, err := dependencyVersion(generatorModule)
	if err != nil {
		return nil, err
	}
	sbom.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/"+repositoryName+"@"+digest)).URN()
	// Not the program that generated it, with its hash, as cyclonedx-gomod does:
	// that differs from machine to machine.
	sbom.Metadata.Tools = &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{
		Type:    cyclonedx.ComponentTypeApplication,
		Name:    "cyclonedx-gomod",
		Version: generatorVersion,
	}}}
	var out bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	err = encoder.EncodeVersion(sbom, sbomSpec)
	return out.Bytes(), err
}

// dependencyVersion is the version of a module that this tool is built with.
func dependencyVersion(path string) (string, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", errors.New("this tool has no build information; run it with go run")
	}
	for _, dependency := range info.Deps {
		if dependency.Path == path {
			return dependency.Version, nil
		}
	}
	return "", fmt.Errorf("this tool is built without %s", path)
}
