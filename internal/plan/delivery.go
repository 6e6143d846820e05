package plan

import "slices"

// Delivery is what later steps get of the sessions, and in which form: in
// variables, in profiles with keys, or in profiles whose program renews them.
// All that the inputs decide about it is decided here.
type Delivery struct {
	// Primary is the index in Plan.Profiles of the profile that the variables
	// and the outputs of a single login are about, or -1 if there is none.
	Primary int

	// Variables are set for later steps if the primary profile has a session,
	// and Without in their place if it has none.
	Variables, Without []Variable

	// Region are the variables for the primary profile's region. They are
	// exported with existing credentials too.
	Region []Variable

	Entries  []Entry // in the config and credentials files
	TakeOver bool    // the primary profile also replaces a [default] that an earlier step wrote
	Process  bool    // the entries name the helper program, which renews the sessions; otherwise they hold keys

	ProfileOutputs bool // the outputs describe each profile
	KeyOutputs     bool // the outputs hold keys

	// Overriding are the job's variables that take the place of what is
	// delivered.
	Overriding []OverridingVariable

	Notes []string // what the log says about the delivery once it is made, one line each
}

// Entry is one profile in the config and credentials files.
type Entry struct {
	Name string
	Of   int // index in Plan.Profiles of the profile whose session it gets
}

// Variable is a change of one variable of later steps.
type Variable struct {
	Name  string
	Value string // with ContentText
	Content
	OnlyIfSet bool // leave it alone where the job has no value for it
}

// Content says where the value of a variable comes from.
type Content int

// The contents of variables. A session token that a session does not have
// empties its variable, where that is set: the token of an earlier step would
// be sent with the keys.
const (
	ContentText Content = iota
	ContentAccessKeyID
	ContentSecretAccessKey
	ContentSessionToken
)

// OverridingVariable is a variable of the job that SDKs read before the
// delivery, and a warning about it.
type OverridingVariable struct{ Name, Warning string }

// HandsOutKeys reports whether a later step gets keys as they are, which end
// with their session.
func (d Delivery) HandsOutKeys() bool {
	isKey := func(v Variable) bool { return v.Content != ContentText }
	return d.KeyOutputs || slices.ContainsFunc(d.Variables, isKey) || len(d.Entries) > 0 && !d.Process
}

// exporting are the inputs that decide a delivery, as they count.
type exporting struct {
	keys    bool // in the environment
	region  bool // in the environment, with or without keys
	process bool
	outputs bool // of keys
	unset   bool // keys of earlier steps
}

func (b *builder) exporting() exporting {
	e := exporting{
		unset:   b.boolean("unset-current-credentials", false),
		keys:    b.boolean("output-env-credentials", b.exportsByDefault()),
		outputs: b.boolean("output-credentials", false),
		process: b.refresh(),
	}
	e.region = e.keys || b.many() || e.process || b.fromMachine() && b.input("output-env-credentials") == ""
	return e
}

// delivery decides how the sessions of profiles reach later steps. The primary
// of several is the default profile.
func (b *builder) delivery(e exporting, profiles []Profile, primary string) Delivery {
	many := b.many()
	d := Delivery{Process: e.process, KeyOutputs: e.outputs, ProfileOutputs: many}
	if len(profiles) == 0 {
		return d
	}
	first := profiles[0]
	if many {
		d.Primary = slices.IndexFunc(profiles, func(p Profile) bool { return p.Name == primary })
	}
	for i, p := range profiles {
		if p.Name != "" {
			d.Entries = append(d.Entries, Entry{p.Name, i})
		}
		if i == d.Primary && (many || e.process) && p.Name != DefaultProfile {
			d.Entries = append(d.Entries, Entry{DefaultProfile, i})
		}
	}
	d.TakeOver = !many && e.keys && first.Name != DefaultProfile

	switch {
	case many || e.process: // SDKs read the environment before profiles
		d.Without = append(set("", keyVariables...), noWebIdentity()...)
	case e.unset:
		d.Without = ifSet(keyVariables...)
	}
	d.Variables = d.Without
	if e.keys {
		d.Variables = []Variable{
			{Name: keyVariables[0], Content: ContentAccessKeyID},
			{Name: keyVariables[1], Content: ContentSecretAccessKey},
			{Name: keyVariables[2], Content: ContentSessionToken},
		}
		switch {
		case many:
			d.Variables = append(d.Variables, noWebIdentity()...)
		case first.Name != "":
			d.Variables = append(d.Variables, set(first.Name, "AWS_PROFILE")...)
		}
	}
	if e.region && d.Primary >= 0 {
		d.Region = set(profiles[d.Primary].Region, "AWS_REGION", "AWS_DEFAULT_REGION")
	}
	b.overriding(&d, e, first, primary)
	return d
}

var keyVariables = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}

// set assigns values to variables, also those that the container does not see:
// steps on the host inherit what the runner's own process has.
func set(value string, names ...string) (all []Variable) {
	for _, name := range names {
		all = append(all, Variable{Name: name, Value: value})
	}
	return all
}

// ifSet empties those variables that are set.
func ifSet(names ...string) (all []Variable) {
	for _, name := range names {
		all = append(all, Variable{Name: name, OnlyIfSet: true})
	}
	return all
}

// noWebIdentity keeps botocore and the SDK for Go from assuming the role of a
// token file, which they do before they read a profile. An empty
// AWS_WEB_IDENTITY_TOKEN_FILE is enough: AWS_ROLE_ARN has no effect without it.
// AWS_ROLE_ARN is emptied only if it is set, because the SDK for Ruby reads two
// empty variables as a role to assume, and fails.
func noWebIdentity() []Variable {
	return append(set("", "AWS_WEB_IDENTITY_TOKEN_FILE"), ifSet("AWS_ROLE_ARN")...)
}

// overriding finds the variables of the job that take the place of a delivery
// in some SDK (the order in which SDKs look for credentials).
func (b *builder) overriding(d *Delivery, e exporting, first Profile, primary string) {
	warn := func(name, text string) { d.Overriding = append(d.Overriding, OverridingVariable{name, text}) }
	many := b.many()
	if name := b.env("AWS_PROFILE"); name != "" && name != first.Name {
		switch {
		case e.process || many && primary != "":
			warn("AWS_PROFILE", "AWS_PROFILE is set, so SDKs use that profile and not the default one; unset it to use the credentials of this step")
		case e.keys && first.Name == "": // else AWS_PROFILE is ours from now on
			warn("AWS_PROFILE", "AWS_PROFILE is set, so the AWS SDK for JavaScript uses that profile and not the exported keys; unset it to use the credentials of this step")
		}
	}
	if e.keys || many || e.process {
		return
	}
	if first.Source == SourceAmbient && first.Name == "" {
		d.Notes = append(d.Notes, "later steps get these credentials from the same source; to export them, set output-env-credentials: true")
		return
	}
	if b.env("AWS_ACCESS_KEY_ID") != "" && !e.unset {
		warn("AWS_ACCESS_KEY_ID", "the environment has keys of an earlier step, which most SDKs use in place of a profile; set unset-current-credentials: true")
	}
	if b.env("AWS_WEB_IDENTITY_TOKEN_FILE") != "" && b.env("AWS_ROLE_ARN") != "" {
		warn("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are set, and some SDKs use them in place of a profile; unset them")
	}
}
