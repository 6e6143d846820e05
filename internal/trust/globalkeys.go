package trust

import (
	"strings"

	"github.com/org/aws-oidc-action/internal/spelling"
)

// KeyType is what the values of a condition key are compared as.
type KeyType string

// The types of condition keys.
const (
	TypeString  KeyType = "text"
	TypeARN     KeyType = "an ARN"
	TypeBool    KeyType = "true or false"
	TypeDate    KeyType = "a date"
	TypeNumeric KeyType = "a number"
	TypeAddress KeyType = "an IP address"
)

// globalKeys are the condition keys of AWS itself and of STS with their types
// (IAM user guide, AWS global condition context keys; service authorization
// reference, AWS STS; as of September 2026). A key that ends in a slash is
// followed by the name of a tag or the like.
var globalKeys = []struct {
	name string
	kind KeyType
}{
	{"aws:Arn", TypeARN}, // the deprecated name of aws:PrincipalArn
	{"aws:AssumedRoot", TypeBool},
	{"aws:CalledVia", TypeString},
	{"aws:CalledViaAWSMCP", TypeString},
	{"aws:CalledViaFirst", TypeString},
	{"aws:CalledViaLast", TypeString},
	{"aws:ChatbotSourceArn", TypeARN},
	{"aws:CurrentTime", TypeDate},
	{"aws:Ec2InstanceSourcePrivateIPv4", TypeAddress},
	{"aws:Ec2InstanceSourceVpc", TypeString},
	{"aws:EpochTime", TypeDate},
	{"aws:FederatedProvider", TypeString},
	{"aws:IsMcpServiceAction", TypeBool},
	{"aws:MultiFactorAuthAge", TypeNumeric},
	{"aws:MultiFactorAuthPresent", TypeBool},
	{"aws:PrincipalAccount", TypeString},
	{"aws:PrincipalArn", TypeARN},
	{"aws:PrincipalIsAWSService", TypeBool},
	{"aws:PrincipalOrgID", TypeString},
	{"aws:PrincipalOrgPaths", TypeString},
	{"aws:PrincipalServiceName", TypeString},
	{"aws:PrincipalServiceNamesList", TypeString},
	{"aws:PrincipalTag/", TypeString},
	{"aws:PrincipalType", TypeString},
	{"aws:referer", TypeString},
	{"aws:RequestedRegion", TypeString},
	{"aws:RequestTag/", TypeString},
	{"aws:ResourceAccount", TypeString},
	{"aws:ResourceOrgID", TypeString},
	{"aws:ResourceOrgPaths", TypeString},
	{"aws:ResourceTag/", TypeString},
	{"aws:SecureTransport", TypeBool},
	{"aws:SourceAccount", TypeString},
	{"aws:SourceArn", TypeARN},
	{"aws:SourceIdentity", TypeString},
	{"aws:SourceIp", TypeAddress},
	{"aws:SourceOrgID", TypeString},
	{"aws:SourceOrgPaths", TypeString},
	{"aws:SourceOwner", TypeString},
	{"aws:SourceVpc", TypeString},
	{"aws:SourceVpcArn", TypeARN},
	{"aws:SourceVpce", TypeString},
	{"aws:TagKeys", TypeString},
	{"aws:TokenIssueTime", TypeDate},
	{"aws:UserAgent", TypeString},
	{"aws:userid", TypeString},
	{"aws:username", TypeString},
	{"aws:ViaAWSMCPService", TypeBool},
	{"aws:ViaAWSService", TypeBool},
	{"aws:VpceAccount", TypeString},
	{"aws:VpceOrgID", TypeString},
	{"aws:VpceOrgPaths", TypeString},
	{"aws:VpcSourceIp", TypeAddress},
	{"sts:AWSServiceName", TypeString},
	{"sts:DurationSeconds", TypeNumeric},
	{"sts:ExternalId", TypeString},
	{"sts:IdentityTokenAudience", TypeString},
	{"sts:RequestContext/", TypeString},
	{"sts:RequestContextProviders", TypeARN},
	{"sts:RoleAuthorizedByIdp", TypeBool},
	{"sts:RoleSessionName", TypeString},
	{"sts:SigningAlgorithm", TypeString},
	{"sts:SourceIdentity", TypeString},
	{"sts:TaskPolicyArn", TypeARN},
	{"sts:TransitiveTagKeys", TypeString},
}

var typeOfKey = func() map[string]KeyType {
	types := make(map[string]KeyType, len(globalKeys))
	for _, k := range globalKeys {
		types[strings.ToLower(k.name)] = k.kind
	}
	return types
}()

// IsGlobalKey reports whether key is one of AWS itself or of STS by its
// prefix, whether it exists or not.
func IsGlobalKey(key string) bool {
	return len(key) > 3 && key[3] == ':' && (strings.EqualFold(key[:3], "aws") || strings.EqualFold(key[:3], "sts"))
}

// GlobalKey returns the type of a condition key of AWS itself or of STS, and
// whether there is such a key.
func GlobalKey(key string) (KeyType, bool) {
	key, tag, tagged := strings.Cut(strings.ToLower(key), "/")
	if tagged {
		key += "/"
	}
	t, known := typeOfKey[key]
	return t, known && tagged == (tag != "")
}

// NearestGlobalKey returns the key that a misspelled one may mean, or "".
func NearestGlobalKey(key string) string {
	best, least := "", spelling.Most(key)+1
	for _, k := range globalKeys {
		if d := spelling.Distance(strings.ToLower(key), strings.ToLower(k.name)); d < least {
			best, least = k.name, d
		}
	}
	return best
}
