package diff

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/aws-oidc-action/internal/trust"
)

// sampler makes requests out of what two policies name: their principals and
// values, and what is next to them, independently of how diff compares them.
type sampler struct {
	*rand.Rand
	principals []trust.Principal
	keys       []string            // in lower case, sorted
	values     map[string][]string // by key
}

var sampledActions = []string{
	trust.WebIdentityAction, trust.WebIdentityAction, "sts:AssumeRole", "sts:AssumeRole", "sts:TagSession", "sts:AssumeRoleWithSAML", "sts:SetSourceIdentity", "sts:SetContext",
}

// multiple are keys for which the sampler sets several values.
var multiple = []string{"aws:calledvia", "aws:principalorgpaths", "aws:tagkeys", "sts:transitivetagkeys", "cognito-identity.amazonaws.com:amr"}

func newSampler(r *rand.Rand, policies ...*trust.Policy) *sampler {
	s := &sampler{Rand: r, values: map[string][]string{}, principals: []trust.Principal{
		{Type: "Federated", ID: "arn:aws:iam::111122223333:oidc-provider/other.example"},
		{Type: "AWS", ID: "arn:aws:iam::999900001111:user/other", Account: "999900001111"},
		{Type: "Service", ID: "other.amazonaws.com"},
	}}
	for _, p := range policies {
		for _, statement := range p.Statements {
			for _, e := range statement.Principal.Entries {
				s.addPrincipal(e)
			}
			for _, c := range statement.Conditions {
				key := strings.ToLower(c.Key)
				for _, v := range c.Values {
					s.values[key] = append(s.values[key], s.around(v.Text)...)
				}
				s.values[key] = append(s.values[key], "x")
			}
		}
	}
	for key, values := range s.values {
		slices.Sort(values)
		s.values[key] = slices.Compact(values)
	}
	s.keys = slices.Sorted(maps.Keys(s.values))
	return s
}

func (s *sampler) addPrincipal(e trust.PrincipalEntry) {
	add := func(p trust.Principal) { s.principals = append(s.principals, p) }
	if e.Type != "AWS" {
		add(trust.Principal{Type: e.Type, ID: e.ID})
		add(trust.Principal{Type: e.Type, ID: e.ID + "x"})
		return
	}
	account := strings.Trim(strings.TrimSuffix(strings.TrimPrefix(e.ID, "arn:aws:iam::"), ":root"), "*")
	if parts := strings.Split(e.ID, ":"); len(parts) == 6 {
		account = parts[4]
		role, session, isSession := strings.Cut(strings.TrimPrefix(parts[5], "assumed-role/"), "/")
		switch {
		case strings.HasPrefix(parts[5], "assumed-role/") && isSession:
			add(trust.Principal{Type: "AWS", ID: "arn:aws:iam::" + account + ":role/" + role, Session: e.ID, Account: account})
			add(trust.Principal{Type: "AWS", ID: "arn:aws:iam::" + account + ":role/" + role, Session: strings.TrimSuffix(e.ID, session) + "x", Account: account})
		case strings.HasPrefix(parts[5], "role/"):
			add(trust.Principal{Type: "AWS", ID: e.ID, Account: account})
			add(trust.Principal{Type: "AWS", ID: e.ID, Session: "arn:aws:sts::" + account + ":assumed-role/" + strings.TrimPrefix(parts[5], "role/") + "/pilot", Account: account})
		default:
			add(trust.Principal{Type: "AWS", ID: e.ID, Account: account})
		}
	}
	if account != "" {
		add(trust.Principal{Type: "AWS", ID: "arn:aws:iam::" + account + ":user/any", Account: account})
	}
}

// around returns values that a value of a policy matches, or nearly.
func (s *sampler) around(v string) []string {
	filled := strings.NewReplacer("*", "", "?", "x").Replace(v)
	all := []string{
		v, filled, strings.NewReplacer("*", "z", "?", "y").Replace(v), strings.NewReplacer("*", "a:b/c", "?", ":").Replace(v),
		filled + "x", "x" + filled, swapCase(filled), strings.ToLower(filled), strings.ToUpper(filled),
	}
	if filled != "" {
		all = append(all, filled[:len(filled)-1], filled[1:])
	}
	if n, err := strconv.ParseFloat(v, 64); err == nil {
		all = append(all, fmt.Sprint(n-1), fmt.Sprint(n+1), v+".0", v+"0", fmt.Sprint(n+0.5), fmt.Sprint(n-0.5), fmt.Sprint(-n))
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, v); err == nil {
			for _, by := range []time.Duration{0, time.Second, -time.Second, time.Hour, -24 * time.Hour} {
				all = append(all, at.Add(by).UTC().Format(time.RFC3339))
			}
		}
	}
	if block, err := netip.ParsePrefix(v); err == nil {
		first := block.Masked().Addr()
		bytes := first.AsSlice()
		bytes[len(bytes)-1] ^= 0xff
		last, _ := netip.AddrFromSlice(bytes)
		all = append(all, first.String(), first.Prev().String(), first.Next().String(), last.String(), last.Next().String())
	}
	if a, err := netip.ParseAddr(v); err == nil {
		all = append(all, a.Next().String(), a.Prev().String())
	}
	return all
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if up := strings.ToUpper(string(r)); up != string(r) {
			return []rune(up)[0]
		}
		return []rune(strings.ToLower(string(r)))[0]
	}, s)
}

func (s *sampler) action() string { return sampledActions[s.IntN(len(sampledActions))] }

func (s *sampler) principal() trust.Principal { return s.principals[s.IntN(len(s.principals))] }

// some returns values of a key for a request, none for an absent key.
func (s *sampler) some(key string) []string {
	n := min(s.IntN(5), 1)
	if slices.Contains(multiple, key) {
		n = s.IntN(4)
	}
	var values []string
	for range n {
		values = append(values, s.values[key][s.IntN(len(s.values[key]))])
	}
	return values
}

func (s *sampler) random() trust.Request {
	request := trust.Request{Action: s.action(), Principal: s.principal(), Context: trust.Context{}}
	for _, key := range s.keys {
		if values := s.some(key); len(values) > 0 {
			request.Context[key] = values
		}
	}
	return request
}

// meeting returns a request that meets a statement, as far as a few tries find
// one, with sometimes a thing or two changed.
func (s *sampler) meeting(statement trust.Statement) trust.Request {
	request := s.random()
	for range 12 {
		if statement.MayApply(request.Action, request.Principal) {
			break
		}
		request.Action, request.Principal = s.action(), s.principal()
	}
	for _, key := range s.keys {
		var on []trust.Condition
		for _, c := range statement.Conditions {
			if strings.EqualFold(c.Key, key) {
				on = append(on, c)
			}
		}
		if len(on) == 0 {
			continue
		}
		about := trust.Statement{Conditions: on}
		for range 10 {
			if !about.ConditionsFail(request.Context) {
				break
			}
			delete(request.Context, key)
			if values := s.some(key); len(values) > 0 {
				request.Context[key] = values
			}
		}
	}
	return request
}

// requests returns requests of both kinds.
func (s *sampler) requests(p *trust.Policy, n int) []trust.Request {
	var all []trust.Request
	for i := range n {
		if statement := p.Statements[s.IntN(len(p.Statements))]; i%4 > 0 && statement.Effect != trust.Deny {
			all = append(all, s.meeting(statement))
		} else {
			all = append(all, s.random())
		}
	}
	return all
}
