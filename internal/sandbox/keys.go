package sandbox

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// signingKeyID is the kid header of every token.
const signingKeyID = "38826B17-6A30-5F9B-B169-8BEB8202F723"

// signingKey is generated once per process, because that takes a tenth of a second
// or more. Only the sandbox itself trusts it.
var signingKey = sync.OnceValues(func() (jose.JSONWebKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("make the issuer's key: %w", err)
	}
	// GitHub publishes a certificate with each key; x5t is its thumbprint.
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "sandbox issuer"},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Unix(1<<34, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("make the issuer's certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("read the issuer's certificate: %w", err)
	}
	thumbprint := sha1.Sum(der)
	return jose.JSONWebKey{
		Key:                       key,
		KeyID:                     signingKeyID,
		Algorithm:                 string(jose.RS256),
		Use:                       "sig",
		Certificates:              []*x509.Certificate{cert},
		CertificateThumbprintSHA1: thumbprint[:],
	}, nil
})

// thumbprint is the x5t header of tokens signed with a key.
func thumbprint(key jose.JSONWebKey) string {
	return base64.RawURLEncoding.EncodeToString(key.CertificateThumbprintSHA1)
}

// names generates the identifiers and secrets of the server: the same ones in the
// same order for every server with the same seed.
type names struct {
	seed uint64

	mu sync.Mutex
	n  uint64
}

// bytes returns n bytes that no earlier call returned.
func (g *names) bytes(n int) []byte {
	g.mu.Lock()
	g.n++
	counter := g.n
	g.mu.Unlock()
	return derive(g.seed, fmt.Sprint("next ", counter), n)
}

// uuid returns a fresh request id.
func (g *names) uuid() string {
	b := g.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// accessKey returns the id of temporary keys: ASIA and 16 characters.
func (g *names) accessKey() string {
	return "ASIA" + base32.StdEncoding.EncodeToString(g.bytes(10))
}

// secretKey returns 40 characters of base64, as AWS does.
func (g *names) secretKey() string {
	return base64.StdEncoding.EncodeToString(g.bytes(30))
}

// sessionToken returns an opaque text that looks like AWS's.
func (g *names) sessionToken() string {
	return "IQoJb3JpZ2luX2Vj" + base64.StdEncoding.EncodeToString(g.bytes(420))
}

// uniqueID returns the id of an IAM entity, which stays the same for its ARN:
// AROA or AIDA and 17 characters.
func uniqueID(prefix, arn string) string {
	return prefix + base32.StdEncoding.EncodeToString(derive(0, arn, 15))[:17]
}

// derive returns n bytes that depend on seed and label only.
func derive(seed uint64, label string, n int) []byte {
	key := binary.BigEndian.AppendUint64(nil, seed)
	var out []byte
	for block := uint32(0); len(out) < n; block++ {
		mac := hmac.New(sha256.New, key)
		mac.Write(binary.BigEndian.AppendUint32([]byte(label), block))
		out = mac.Sum(out)
	}
	return out[:n]
}
