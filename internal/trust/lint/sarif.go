package lint

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust/document"
)

// The parts of SARIF 2.1.0 that code scanning reads.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`

		Invocations []sarifInvocation `json:"invocations,omitempty"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string             `json:"id"`
		ShortDescription sarifText          `json:"shortDescription"`
		Help             sarifText          `json:"help"`
		Default          sarifConfiguration `json:"defaultConfiguration"`
		Properties       sarifProperties    `json:"properties"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifProperties struct {
		Tags     []string `json:"tags"`
		Severity string   `json:"security-severity"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
	sarifLogical struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	}
)

// WriteSARIF writes a SARIF 2.1.0 log for code scanning. Files that could not
// be read are notifications, with which the run counts as unsuccessful.
func WriteSARIF(w io.Writer, findings []Finding, unread []document.Unread) error {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name:           "aws-oidc-action",
			InformationURI: "https://github.com/org/aws-oidc-action",
		}},
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
	}
	index := map[string]int{}
	for i, r := range allRules {
		index[r.ID] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID:               r.ID,
			ShortDescription: sarifText{r.Summary},
			Help:             sarifText{r.Why},
			Default:          sarifConfiguration{sarifLevel(r.Severity)},
			Properties:       sarifProperties{Tags: []string{"security"}, Severity: securitySeverity(r.Severity)},
		})
	}
	for _, f := range findings {
		run.Results = append(run.Results, result(f, index[f.Rule]))
	}
	if len(unread) > 0 {
		run.Invocations = []sarifInvocation{{Notifications: notifications(unread)}}
	}
	log := sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	}
	out, err := json.MarshalIndent(log, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(out, '\n'))
	return err
}

func result(f Finding, rule int) sarifResult {
	text := f.Message
	if f.Fix != "" {
		text += "\nFix: " + f.Fix
	}
	location := sarifLocation{Physical: sarifPhysical{
		Artifact: sarifArtifact{artifactURI(f.File)},
		Region:   &sarifRegion{f.Line, f.Column},
	}}
	if f.Role != "" {
		location.Logical = []sarifLogical{{Name: f.Role, Kind: "resource"}}
	}
	return sarifResult{
		RuleID: f.Rule, RuleIndex: rule, Level: sarifLevel(f.Severity),
		Message: sarifText{text}, Locations: []sarifLocation{location},
	}
}

func notifications(unread []document.Unread) []sarifNotification {
	var all []sarifNotification
	for _, u := range unread {
		all = append(all, sarifNotification{
			Level: "error", Message: sarifText{"Cannot be read: " + u.Message},
			Locations: []sarifLocation{{Physical: sarifPhysical{Artifact: sarifArtifact{artifactURI(u.File)}}}},
		})
	}
	return all
}

// artifactURI makes a file's name a relative URI, as code scanning expects.
func artifactURI(file string) string {
	u := url.URL{Path: strings.TrimPrefix(filepath.ToSlash(file), "./")}
	return u.String()
}

func sarifLevel(s Severity) string {
	switch {
	case s >= Error:
		return "error"
	case s >= Warning:
		return "warning"
	}
	return "note"
}

// securitySeverity is GitHub's number behind critical (over 9), high (7),
// medium (4) and low.
func securitySeverity(s Severity) string {
	return []string{"0.1", "2.0", "4.0", "5.5", "6.5", "8.0", "9.5"}[s]
}
