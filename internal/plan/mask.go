package plan

// MasksAccounts reports whether account ids are kept out of log and summary. It
// serves what is printed without a plan: problems with the inputs, and the post
// phase. An invalid value means true.
func MasksAccounts(input func(string) (string, bool), env func(string) string) bool {
	b := &builder{report: &report{}, values: read(Sources{Input: input, Env: env})}
	return b.boolean("mask-aws-account-id", false) || len(b.report.problems) > 0
}
