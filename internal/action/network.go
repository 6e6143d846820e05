package action

import (
	"context"
	"fmt"
	"strings"

	"github.com/org/aws-oidc-action/internal/assume"
	"github.com/org/aws-oidc-action/internal/transport"
)

// connect returns what a login of the plan needs: the network options for STS,
// from the plan and the environment, and for the runner's token endpoint.
func (p *phase) connect(ctx context.Context) *assume.Login {
	o := transport.Options{Proxies: transport.FromEnvironment(p.runner.Getenv)}
	// http-proxy is for STS only, and the job's request token passes no proxy unencrypted.
	toTokens := o.EncryptedOnly()
	if proxy := p.plan.Network.Proxy; proxy.URL != "" {
		o.HTTPProxy, o.HTTPSProxy = proxy, proxy
	}
	if p.plan.Network.NoProxy != "" {
		o.NoProxy = p.plan.Network.NoProxy
	}
	p.readRoots(ctx, &o)
	return &assume.Login{
		Getenv:       p.runner.Getenv,
		HTTP:         p.HTTP,
		Network:      o,
		TokenProxies: toTokens,
		Attempts:     p.plan.Attempts,
		Parallel:     p.plan.Parallel,
		UserAgent:    fmt.Sprintf("aws-oidc-action/%s run/%s-%s", p.Version, p.runner.Getenv("GITHUB_RUN_ID"), p.runner.Getenv("GITHUB_RUN_ATTEMPT")),
		Now:          p.Now,
		Sleep:        p.Sleep,
		Files:        p.runner.Files(),
		Mask:         p.runner.Mask,
	}
}

// announceEndpoint logs an endpoint that replaces the region's own, because the
// server at that address gets the job's token or keys.
func (p mainPhase) announceEndpoint() {
	e := p.plan.Endpoint
	if e.URL == "" {
		return
	}
	if e.URL == p.Rehearsed {
		p.runner.Info("STS endpoint: %s (sandbox)", e.URL)
		return
	}
	whose := ""
	if e.Foreign {
		whose = ", not AWS's"
	}
	p.runner.Info("STS endpoint: %s (%s)%s", e.URL, e.From, whose)
	plain, leave := e.Unencrypted()
	text := e.From + ": " + e.URL + " is not encrypted: anyone who can read the connection gets the token and the credentials; use https:// unless only this job can read it"
	switch {
	case leave:
		p.runner.Warning("STS endpoint", text)
	case plain: // one log line: an annotation would show up in each job that tests against a simulation
		p.runner.Info("Warning: %s", text)
	}
}

// maxRoots bounds a file of certificates, in bytes. Mozilla's roots take about
// a quarter of a MiB.
const maxRoots = 2 << 20

// readRoots reads the certificate authorities that the environment adds to the
// default ones (AWS_CA_BUNDLE of AWS SDKs, NODE_EXTRA_CA_CERTS of the runner and
// of JavaScript actions) or sets in their place (SSL_CERT_FILE of OpenSSL and
// Go), and logs which ones are used.
func (p *phase) readRoots(ctx context.Context, o *transport.Options) {
	counted := []string{"the default ones"}
	if roots, ok := p.rootsOf(ctx, "SSL_CERT_FILE"); ok {
		o.Roots, counted[0] = roots, "SSL_CERT_FILE (in place of the default ones)"
	} else if p.runner.Getenv("SSL_CERT_FILE") != "" {
		o.Roots = []byte{} // otherwise crypto/x509 reads the file itself
	}
	for _, variable := range []string{"AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
		if roots, ok := p.rootsOf(ctx, variable); ok {
			o.MoreRoots = append(append(o.MoreRoots, roots...), '\n')
			counted = append(counted, variable)
		}
	}
	if len(counted) > 1 || o.Roots != nil {
		p.runner.Info("Trusted certificate authorities: %s", strings.Join(counted, ", "))
	}
}

// rootsOf returns the certificates in the file that a variable names. Without
// them the action continues, because most servers have certificates of a public
// authority.
func (p *phase) rootsOf(ctx context.Context, variable string) (roots []byte, ok bool) {
	path := p.runner.Getenv(variable)
	if path == "" {
		return nil, false
	}
	roots, err := p.runner.Files().ReadFile(ctx, path, maxRoots)
	switch {
	case err != nil:
		p.runner.Warning(variable, err.Error()+"; the action continues without the file: a container action sees only the workspace and the runner's temporary directory")
		return nil, false
	case !transport.HasCertificate(roots):
		p.runner.Warning(variable, "the file contains no certificate in PEM format; the action continues without it")
		return nil, false
	}
	return roots, true
}
