package document

import (
	"cmp"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
	"github.com/org/aws-oidc-action/internal/trust/jsonlex"
)

// ofConfig are the attributes in AWS Config's record of a role.
var ofConfig = attributes{"assumeRolePolicyDocument", "roleName", "arn", "maxSessionDuration"}

// configured is a role as AWS Config recorded it at a time.
type configured struct {
	role    Role
	time    string // as AWS Config writes it, which sorts
	deleted bool
}

// configItems reads configuration items of AWS Config: a snapshot, a history,
// the answer to a query, a notification, or one item. Of several of a role
// the newest counts.
func (d *document) configItems(o opened) error {
	var all []configured
	found := 0 // items of any kind
	add := func(item node) error {
		found++
		if c, ok := d.configured(item); ok {
			all = append(all, c)
		}
		return d.budget.err
	}
	if key := o.key.name(); key == "configuration" {
		item, err := d.whole(o)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(item.get("resourceType").name(), "AWS::") && configuration(item).get(ofConfig.policy).isNull() {
			return &FormError{item.pos, "an object with a configuration that is none of AWS Config's"}
		}
		if err := add(item); err != nil {
			return err
		}
		return d.newest(all)
	}
	err := o.each(func(key node, value trust.Token) error {
		switch name := key.name(); {
		case (name == "configurationItems" || name == "baseConfigurationItems" || name == "Results") && value.Kind == jsonlex.ListStart:
			return d.nodes(o.in, add)
		case name == "configurationItem" && value.Kind == jsonlex.ObjectStart:
			item, err := fromStream(value, o.in, d.budget)
			if err != nil {
				return err
			}
			return add(item)
		}
		return o.in.Skip(value.Token)
	})
	if err != nil {
		return err
	}
	if o.key.name() == "Results" && found > 0 && len(all) == 0 {
		return &FormError{o.head.pos, "results without roles; select resourceName, arn and configuration.assumeRolePolicyDocument of AWS::IAM::Role"}
	}
	return d.newest(all)
}

// eventDetail reads what EventBridge sends of an item.
func (d *document) eventDetail(o opened) error {
	return o.each(func(key node, value trust.Token) error {
		if key.name() == "detail" && value.Kind == jsonlex.ObjectStart {
			return d.object(value, o.in)
		}
		return o.in.Skip(value.Token)
	})
}

// configured makes a role of an item, if it is about one.
func (d *document) configured(item node) (configured, bool) {
	if text, ok := item.known(); ok { // of a query
		var err error
		if item, err = parseText(trust.Known(text), item.pos, d.budget); err != nil {
			return configured{}, false
		}
	}
	values := configuration(item)
	if values.isScalar() && !values.isNull() {
		values, _ = parseText(values.text, values.pos, d.budget)
	}
	kind, policy := item.get("resourceType").name(), values.get(ofConfig.policy)
	if kind != "AWS::IAM::Role" && (kind != "" || policy.isNull()) {
		return configured{}, false
	}
	name := cmp.Or(values.get(ofConfig.name).name(), item.get("resourceName").name(), item.get("resourceId").name())
	arn := cmp.Or(values.get(ofConfig.arn).name(), item.get("arn").name(), item.get("ARN").name())
	status := item.get("configurationItemStatus").name()
	c := configured{
		role:    d.roleOf(name, item.pos, ofConfig, values),
		time:    item.get("configurationItemCaptureTime").name(),
		deleted: strings.HasPrefix(status, "ResourceDeleted"),
	}
	c.role.ARN, c.role.LogicalID = arn, ""
	if name != "" {
		c.role.names = []trust.Text{trust.Known(name)}
	}
	return c, true
}

// configuration returns what an item says of its resource. A query may name
// the parts of it one by one.
func configuration(item node) node {
	values := item.get("configuration")
	if values.isNull() && !item.get("configuration."+ofConfig.policy).isNull() {
		values = node{kind: jsonlex.ObjectStart, pos: item.pos}
		values.add(stringNode(trust.Known(ofConfig.policy), item.pos), item.get("configuration."+ofConfig.policy))
	}
	return values
}

// newest yields the newest record of each role that is not of its end.
func (d *document) newest(all []configured) error {
	latest := map[string]int{}
	for i, c := range all {
		key := cmp.Or(c.role.ARN, c.role.Name)
		if j, ok := latest[key]; !ok || key == "" || c.time > all[j].time {
			latest[key] = i
		}
	}
	for i, record := range all {
		key := cmp.Or(record.role.ARN, record.role.Name)
		if (latest[key] == i || key == "") && !record.deleted {
			if err := d.yield(record.role); err != nil {
				return err
			}
		}
	}
	return nil
}
