package diagnosis

// Exit codes of the step and of every command.
const (
	ExitFine    = 0
	ExitRefused = 1
	ExitUsage   = 2
	ExitFailure = 3
)

// Exit is an exit code and what it means.
type Exit struct {
	Code    int
	Meaning string
}

// Exits are all exit codes, in the words of --help and of the documentation.
var Exits = []Exit{
	{ExitFine, "success"},
	{ExitRefused, "STS, GitHub or allowed-account-ids refused the login; a command has findings; a rehearsal had another outcome than expected"},
	{ExitUsage, "inputs, arguments or a scenario are invalid; no network call was made"},
	{ExitFailure, "anything else: network, files, a deadline"},
}

// Origin is what ended a login. It decides the exit code, whatever the Code is:
// running a job again can help only after a failure.
type Origin string

// The origins.
const (
	OriginFailure Origin = ""        // anything else
	OriginInputs  Origin = "inputs"  // the plan, before any call
	OriginRefusal Origin = "refusal" // STS, GitHub or allowed-account-ids
)

// ExitCode returns the exit code of the step or command that ends with the
// diagnosis. It is never ExitFine: a diagnosis may come from a file with an
// origin that another version of the action or another program wrote.
func (d Diagnosis) ExitCode() int {
	switch d.Origin {
	case OriginInputs:
		return ExitUsage
	case OriginRefusal:
		return ExitRefused
	}
	return ExitFailure
}
