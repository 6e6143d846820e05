package generate

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/org/aws-oidc-action/internal/oidc"
)

// checkout is the action that the workflow checks out with, as the project's
// own workflows pin it.
const checkout = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"

// Workflow writes a workflow of GitHub Actions that uses the roles: a job for
// each environment, which starts after the one before it has succeeded and the
// rules of its environment allow it. With spokes, one job has credentials of
// all of them. Release is the version of the action to use, such as v1.0.0;
// any other text means main. The error lists all problems of the Spec.
//
// Jobs with needs come one after the other also where one waits for approval;
// GitHub does not say that of a matrix with max-parallel.
func Workflow(w io.Writer, s Spec, release string) error {
	s = s.complete()
	if err := errors.Join(s.check(), s.checkWorkflow()); err != nil {
		return err
	}
	if !regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+$`).MatchString(release) {
		release = "main"
	}
	var b strings.Builder
	b.WriteString("name: Deploy\n\non:\n")
	s.writeTriggers(&b)
	b.WriteString("\npermissions: {}\n\njobs:\n")
	former := ""
	for _, j := range s.jobs() {
		j.write(&b, former, release)
		former = j.id
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// checkWorkflow returns what the workflow needs besides what roles need.
func (s Spec) checkWorkflow() error {
	var p problems
	if s.Region == "" {
		p.add("the region is required for a workflow; use --region")
	}
	if s.Account == "" && !s.isPerEnvironment() {
		p.add("the account is required for a workflow; use --account or --environment NAME=ACCOUNT")
	}
	if s.Workflow != "" {
		p.add("a workflow cannot be combined with --reusable-workflow, which has to log in itself")
	}
	for _, e := range s.Environments {
		if strings.Contains(e.Name, "${{") {
			p.add("environment %q cannot be in a workflow: GitHub would evaluate it as an expression", e.Name)
		}
	}
	return errors.Join(p...)
}

// writeTriggers writes the events of the runs that are admitted. An
// environment alone says nothing of them; it is main's then.
func (s Spec) writeTriggers(b *strings.Builder) {
	branches := s.Branches
	if len(s.RequireBranches) > 0 {
		branches = s.RequireBranches
	}
	if len(branches)+len(s.Tags) == 0 && !s.PullRequests {
		branches = []string{"main"}
	}
	if len(branches)+len(s.Tags) > 0 {
		b.WriteString("  push:\n")
	}
	for _, of := range []struct {
		kind  string
		names []string
	}{{"branches", branches}, {"tags", s.Tags}} {
		if len(of.names) == 0 {
			continue
		}
		var filters []string
		for _, name := range of.names {
			filters = append(filters, quote(filter(name)))
		}
		fmt.Fprintf(b, "    %s: [%s]\n", of.kind, strings.Join(filters, ", "))
	}
	if s.PullRequests {
		b.WriteString("  pull_request:\n")
	}
}

// filter writes IAM's wildcards as those of GitHub's filters, of which * does
// not cross a slash and ? means something else (GitHub Docs, "Workflow syntax",
// filter pattern cheat sheet). It starts no fewer runs than are admitted.
func filter(name string) string {
	return strings.NewReplacer("*", "**", "?", "*", "+", `\+`, "!", `\!`, "]", `\]`).Replace(name)
}

// job is one of the workflow.
type job struct {
	id, environment string
	with            object   // the inputs of the action
	profiles        []string // that its commands use in turn; none if the credentials are in the environment
}

func (s Spec) jobs() []job {
	roles := s.roles()
	if len(s.Spokes) > 0 {
		return []job{roles[0].hubJob(roles[1:])}
	}
	var jobs []job
	taken := map[string]bool{}
	for i, e := range s.Environments {
		r := roles[min(i, len(roles)-1)]
		jobs = append(jobs, job{id: jobID(e.Name, taken), environment: e.Name, with: r.inputs(r.Account)})
	}
	if len(jobs) == 0 {
		jobs = []job{{id: "deploy", with: roles[0].inputs(roles[0].Account)}}
	}
	return jobs
}

// jobID makes an id of a name, distinct also without regard to case.
func jobID(name string, taken map[string]bool) string {
	id := "deploy-" + strings.Trim(regexp.MustCompile(`[^A-Za-z0-9_-]+`).ReplaceAllString(name, "-"), "-")
	for base, n := id, 2; taken[strings.ToLower(id)]; n++ {
		id = base + "-" + strconv.Itoa(n)
	}
	taken[strings.ToLower(id)] = true
	return id
}

// inputs are those of a login to the role.
func (r role) inputs(account string) object {
	inputs := object{{"aws-region", r.Region}, {"role-to-assume", r.inJSON(r.arn())}}
	if account != "" {
		inputs = append(inputs, field{"allowed-account-ids", account})
	}
	if r.Audience != oidc.AudienceOf(r.Partition) {
		inputs = append(inputs, field{"audience", r.Audience})
	}
	return inputs
}

// hubJob has the spokes as profiles, or the only one as the end of a chain.
func (hub role) hubJob(spokes []role) job {
	j := job{id: "deploy"}
	if len(hub.Environments) > 0 {
		j.environment = hub.Environments[0].Name
	}
	if len(spokes) == 1 {
		j.with = append(hub.inputs(spokes[0].Account), field{"role-chain", spokes[0].inJSON(spokes[0].arn())})
	} else {
		var profiles object
		for _, r := range spokes {
			profiles = append(profiles, field{r.of, r.inJSON(r.arn())})
			j.profiles = append(j.profiles, r.of)
		}
		j.with = append(hub.inputs(""), field{"profiles", profiles})
	}
	if hub.ExternalID != "" {
		j.with = append(j.with, field{"role-external-id", hub.ExternalID})
	}
	return j
}

// yamlKey quotes a name that YAML would not read as a string.
func yamlKey(name string) string {
	if isYAMLWord(name) || !regexp.MustCompile(`^[A-Za-z_]`).MatchString(name) {
		return quote(name)
	}
	return name
}

func (j job) write(b *strings.Builder, former, release string) {
	fmt.Fprintf(b, "  %s:\n", j.id)
	if former != "" {
		fmt.Fprintf(b, "    needs: %s\n", former)
	}
	if j.environment != "" {
		fmt.Fprintf(b, "    environment: %s\n", quote(j.environment))
	}
	fmt.Fprintf(b, `    runs-on: ubuntu-latest
    permissions:
      id-token: write
      contents: read
    steps:
      - uses: %s
        with:
          persist-credentials: false
      - uses: org/aws-oidc-action@%s
        with:
`, checkout, release)
	for _, input := range j.with {
		if profiles, ok := input.value.(object); ok {
			fmt.Fprintf(b, "          %s: |\n", input.name)
			for _, p := range profiles {
				fmt.Fprintf(b, "            %s: %s\n", yamlKey(p.name), p.value)
			}
			continue
		}
		fmt.Fprintf(b, "          %s: %s\n", input.name, quote(input.value.(string)))
	}
	const deploy = "      - run: ./deploy.sh # replace this with your deployment\n"
	for _, p := range j.profiles {
		fmt.Fprintf(b, deploy+"        env:\n          AWS_PROFILE: %s\n", quote(p))
	}
	if len(j.profiles) > 0 {
		return
	}
	b.WriteString(deploy)
	if j.environment != "" {
		fmt.Fprintf(b, "        env:\n          ENVIRONMENT: %s\n", quote(j.environment))
	}
}
