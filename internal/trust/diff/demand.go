package diff

import (
	"slices"
	"strings"

	"github.com/org/aws-oidc-action/internal/oidc"
	"github.com/org/aws-oidc-action/internal/trust"
)

// demand is a condition in a form in which conditions can be compared: what
// it demands of the values that a request has for the key.
type demand struct {
	trust.Condition // as it is shown

	values trust.Values
	every  bool // all values must be among these, else one of them
	absent bool // met by a request without the key; always so with every

	// opaque is set if the document does not determine enough of the
	// condition to compare it with any but itself.
	opaque bool
}

var everything = trust.Values{}.Not()

func demandOf(c trust.Condition) demand {
	d := demand{Condition: c, values: c.Accepts(), absent: c.Operator.IfExists || c.Operator.Negated()}
	switch {
	case c.Unknown != nil && (c.Key == "" || c.Operator.Base == ""):
		d.opaque = true
	case c.Operator.Base == "Null":
		d.null()
	case c.Operator.Set == trust.ForAllValues:
		d.every, d.absent = true, true
	case c.Operator.Set == trust.ForAnyValue:
		d.absent = false
	case c.Operator.Negated(): // none of the values may match
		d.every = true
	}
	if d.every {
		d.absent = true
	}
	return d
}

// null reads a condition on the presence of the key.
func (d *demand) null() {
	missing, present := false, false
	for _, v := range d.Values {
		d.opaque = d.opaque || v.Unknown() != nil
		missing = missing || strings.EqualFold(v.Text, "true")
		present = present || strings.EqualFold(v.Text, "false")
	}
	d.absent, d.every = missing, missing
	if present {
		d.values = everything
	}
}

func demandsOf(conditions []trust.Condition) []demand {
	var all []demand
	for _, c := range conditions {
		all = append(all, demandOf(c))
	}
	return all
}

// opposite returns what holds if and only if d does not.
func (d demand) opposite() []demand {
	o := demand{Condition: opposite(d.Condition), values: d.values.Not(), every: !d.every, absent: !d.every}
	if d.every || !d.absent {
		return []demand{o}
	}
	present := trust.Condition{Pos: d.Pos, Operator: trust.Operator{Base: "Null"}, Key: d.Key, Values: []trust.Value{trust.NewValue("false", d.Pos)}, Unknown: d.Unknown}
	return []demand{o, demandOf(present)}
}

// key distinguishes conditions on one key from those on another.
func (d demand) key() string {
	if d.Unknown != nil {
		return strings.Join(append([]string{d.Unknown.Expression}, d.Unknown.DependsOn...), "\x00")
	}
	return strings.ToLower(d.Key)
}

// implied reports whether every request that meets all of given meets o. It
// says no where it does not know.
func (o demand) implied(e *trust.Effort, given []demand) bool {
	if o.opaque {
		return slices.ContainsFunc(given, o.sameCondition)
	}
	var all []trust.Values // what every value is in
	var some [][]trust.Values
	present := false
	for _, d := range given {
		switch {
		case d.opaque || d.key() != o.key() || unsaid(d.Condition) != unsaid(o.Condition):
		case d.every || singleValued(o.Key):
			all = append(all, d.values)
		default:
			some = append(some, []trust.Values{d.values})
		}
		present = present || !d.opaque && d.key() == o.key() && !d.absent
	}
	if !present && !o.absent {
		return false
	}
	// A request with several values has one in each of some, and all of them
	// are in all. With any of these empty, there is no such request.
	none := func(sets []trust.Values) bool { return e.Disjoint(slices.Concat(all, sets)...) }
	if slices.ContainsFunc(some, none) {
		return true
	}
	other := []trust.Values{o.values.Not()}
	if !o.every {
		for _, one := range some {
			if none(slices.Concat(one, other)) {
				return true
			}
		}
	}
	return none(other)
}

// unsaid reports whether the operator does not say how it compares several
// values. IAM does not document what it does with them then.
func unsaid(c trust.Condition) bool {
	return c.Operator.Set == "" && c.Operator.Base != "Null" && !singleValued(c.Key)
}

// impossible reports whether no request meets all of given.
func impossible(e *trust.Effort, given []demand) bool {
	return slices.ContainsFunc(given, func(d demand) bool {
		never := demand{Condition: d.Condition}
		return !d.opaque && !d.absent && (d.never() || d.contested(given) && never.implied(e, given))
	})
}

// never reports whether no value meets d.
func (d demand) never() bool { return !d.values.Negated && len(d.values.Values) == 0 }

// contested reports whether another of given is about the same key.
func (d demand) contested(given []demand) bool {
	n := 0
	for _, other := range given {
		if other.key() == d.key() {
			n++
		}
	}
	return n > 1
}

// sameCondition reports whether the conditions of both are the same, unknown
// parts included.
func (d demand) sameCondition(o demand) bool {
	return d.Unknown.Same(o.Unknown) && d.Operator == o.Operator && strings.EqualFold(d.Key, o.Key) &&
		slices.EqualFunc(d.Values, o.Values, trust.Value.Same)
}

// singleValuedKeys are those of AWS and STS that have one value at most (IAM
// user guide, AWS global condition context keys; service authorization
// reference, STS). One that is not listed may have several.
var singleValuedKeys = []string{
	"aws:calledviafirst", "aws:calledvialast", "aws:currenttime", "aws:ec2instancesourceprivateipv4", "aws:ec2instancesourcevpc",
	"aws:epochtime", "aws:federatedprovider", "aws:multifactorauthage", "aws:multifactorauthpresent", "aws:principalaccount",
	"aws:principalarn", "aws:principalisawsservice", "aws:principalorgid", "aws:principalservicename", "aws:principaltype",
	"aws:referer", "aws:requestedregion", "aws:securetransport", "aws:sourceaccount", "aws:sourcearn", "aws:sourceidentity",
	"aws:sourceip", "aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:tokenissuetime", "aws:useragent",
	"aws:userid", "aws:username", "aws:viaawsservice", "aws:vpceaccount", "aws:vpceorgid", "aws:vpcsourceip",
	"sts:awsservicename", "sts:durationseconds", "sts:externalid", "sts:rolesessionname", "sts:sourceidentity",
}

// singleValued reports whether requests certainly have at most one value for
// the key: one of these, a tag, or a claim that GitHub's provider has too.
func singleValued(key string) bool {
	key = strings.ToLower(key)
	_, claim := trust.SplitKey(key)
	switch {
	case slices.Contains(singleValuedKeys, key):
		return true
	case strings.HasPrefix(key, "aws:"):
		return strings.HasPrefix(key, "aws:principaltag/") || strings.HasPrefix(key, "aws:requesttag/")
	case strings.HasPrefix(key, "sts:"):
		return false
	}
	return claim != "amr" && slices.Contains(trust.ConditionKeys(oidc.GitHubHost), claim)
}
