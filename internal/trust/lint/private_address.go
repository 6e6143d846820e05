package lint

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/org/aws-oidc-action/internal/trust"
)

var privateAddress = Rule{
	ID:       "private-address",
	Severity: Error,
	Summary:  "aws:SourceIp is compared with a private address",
	Why: "aws:SourceIp is the public address from which a request reaches AWS, and is absent from a request through a VPC endpoint. " +
		"GitHub's runners reach STS from public addresses. Access Analyzer reports PRIVATE_IP_ADDRESS, and PRIVATE_IP_ADDRESS_SUBSET if only some are private.",
	check: func(in *inspection) {
		for _, s := range in.statements() {
			for _, c := range s.Conditions {
				if c.Unknown == nil && strings.EqualFold(c.Key, "aws:SourceIp") {
					in.checkAddresses(s, c)
				}
			}
		}
	},
}

func (in *inspection) checkAddresses(s trust.Statement, c trust.Condition) {
	var private []trust.Value
	for _, v := range c.Values {
		if isPrivate(v.Text) {
			private = append(private, v)
		}
	}
	severity, follows := Error, "the condition never matches"
	if c.Operator.Negated() {
		follows = "the condition always matches"
	}
	if len(private) < len(c.Values) {
		severity, follows = Warning, "the value has no effect"
	}
	for _, v := range private {
		in.report(severity, v.Pos, fmt.Sprintf("%s %q is a private address, from which no request reaches AWS; %s", c.Key, v.Text, follows))
	}
}

// privateBlocks are the addresses that the internet does not route: private
// (RFC 1918, RFC 4193), shared (RFC 6598), loopback and link-local ones.
var privateBlocks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("fe80::/10"),
}

// isPrivate reports whether all of an address or block is private.
func isPrivate(text string) bool {
	block, err := netip.ParsePrefix(text)
	if err != nil {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return false
		}
		block = netip.PrefixFrom(address, address.BitLen())
	}
	for _, private := range privateBlocks {
		if private.Bits() <= block.Bits() && private.Contains(block.Addr()) {
			return true
		}
	}
	return false
}
