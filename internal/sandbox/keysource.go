package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keySource fetches the keys of the scenario's issuer as STS does, by
// discovery and over HTTP, from the server itself. It keeps them.
type keySource struct {
	issuer string // the one that the tokens name
	url    string // where its documents are served
	client *http.Client

	mu   sync.Mutex
	keys jose.JSONWebKeySet
}

func newKeySource(issuer, url string) *keySource {
	return &keySource{issuer: issuer, url: url, client: &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true}, // no proxy, no idle connection left behind
	}}
}

// key returns the key of an issuer by its id.
func (k *keySource) key(issuer, id string) (jose.JSONWebKey, error) {
	if issuer != k.issuer {
		return jose.JSONWebKey{}, fmt.Errorf("the sandbox has no issuer %q", issuer)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if found := k.keys.Key(id); len(found) > 0 {
		return found[0], nil
	}
	if err := k.fetch(); err != nil {
		return jose.JSONWebKey{}, err
	}
	if found := k.keys.Key(id); len(found) > 0 {
		return found[0], nil
	}
	return jose.JSONWebKey{}, errors.New("the issuer does not publish the token's key")
}

func (k *keySource) fetch() error {
	var discovery struct {
		Issuer  string `json:"issuer"`
		KeysURL string `json:"jwks_uri"`
	}
	if err := k.get(k.url+"/.well-known/openid-configuration", &discovery); err != nil {
		return err
	}
	if discovery.Issuer != k.issuer || !strings.HasPrefix(discovery.KeysURL, k.url+"/") {
		return errors.New("the discovery document is of another issuer")
	}
	return k.get(discovery.KeysURL, &k.keys)
}

func (k *keySource) get(url string, v any) error {
	response, err := k.client.Get(url)
	if err != nil {
		return fmt.Errorf("fetch the issuer's keys: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch the issuer's keys: status %d", response.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(v); err != nil {
		return fmt.Errorf("read the issuer's keys: %w", err)
	}
	return nil
}
