// Package clients tests the SDKs and tools that people use with the credentials
// of a step, in each form in which it provides them. The results are the table of
// docs/clients.md.
package clients

import "strings"

// mode is a form in which a step provides credentials.
type mode struct {
	title   string            // of its column
	with    map[string]string // inputs beside the role's
	profile string            // AWS_PROFILE of the later steps; empty if it is not set
	exec    bool              // the helper's exec starts the client
}

// profiles are two sessions below the hub. The roles' names tell them apart.
const profiles = "dev: arn:aws:iam::222222222222:role/deploy\nprod: arn:aws:iam::222222222222:role/release\n"

// The ways. AWS_PROFILE names a profile whose session is another than that of
// the default one, where there is one.
var (
	environment    = mode{title: "Keys in the environment"}
	profileOfKeys  = mode{title: "`aws-profile`", with: map[string]string{"aws-profile": "dev"}, profile: "dev"}
	profilesOfKeys = mode{title: "`profiles`", with: map[string]string{"profiles": profiles, "default-profile": "prod"}, profile: "dev"}
	refreshed      = mode{title: "`refresh`", with: map[string]string{"refresh": "true"}}
	refreshedMany  = mode{title: "`profiles` with `refresh`", with: map[string]string{"profiles": profiles, "refresh": "true"}, profile: "dev"}
	byExec         = mode{title: "`refresh`, by `exec`", with: map[string]string{"refresh": "true"}, exec: true}

	modes = []mode{environment, profileOfKeys, profilesOfKeys, refreshed, refreshedMany, byExec}
)

// client is a program that asks who it is, or that signs a request to S3.
type client struct {
	name    string   // with its version as far as it matters
	program string   // in the directory of the clients
	fails   []string // titles of the modes in which it finds no credentials
	slow    bool     // to install; only tried where all are
	signs   bool     // it speaks to S3 only, and is judged by the key that it signs with
}

// environmentOnly are the ways in which no key is in the environment.
var environmentOnly = []string{profileOfKeys.title, profilesOfKeys.title, refreshed.title, refreshedMany.title}

var all = []client{
	{name: "AWS CLI 2", program: "whoami.sh"},
	{name: "boto3", program: "whoami.py"},
	{name: "AWS SDK for Go v2", program: "whoami-go"},
	{name: "AWS SDK for Go v1", program: "more/whoami-gov1"},
	{name: "AWS SDK for JavaScript v3", program: "whoami.mjs"},
	{name: "AWS SDK for JavaScript v2", program: "more/whoami-js2"},
	{name: "AWS SDK for Ruby v3", program: "more/whoami-ruby"},
	{name: "AWS CDK 2", program: "more/whoami-cdk"},
	{name: "Terraform (the login library of its AWS provider and S3 backend)", program: "more/whoami-terraform"},
	{name: "Serverless Framework 3", program: "more/whoami-serverless", slow: true, fails: []string{refreshedMany.title}},
	{name: "minio-go", program: "more/whoami-minio", signs: true},
	{name: "restic", program: "more/restic.sh", signs: true},
	{name: "rclone (`env_auth`)", program: "more/rclone.sh", signs: true},
	{name: "s3cmd", program: "more/s3cmd.sh", signs: true, fails: environmentOnly},
}

// table renders what works.
func table() string {
	var b strings.Builder
	b.WriteString("| Client |")
	for _, m := range modes {
		b.WriteString(" " + m.title + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(modes)) + "\n")
	for _, c := range all {
		b.WriteString("| " + c.name + " |")
		for _, m := range modes {
			if c.worksIn(m) {
				b.WriteString(" yes |")
			} else {
				b.WriteString(" **no** |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (c client) worksIn(m mode) bool {
	for _, title := range c.fails {
		if title == m.title {
			return false
		}
	}
	return true
}
