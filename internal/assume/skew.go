package assume

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signer signs with the walker's clock, corrected by the responses of STS.
type signer struct {
	*v4.Signer
	walker *Walker
}

func (s signer) SignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, payloadHash, service, region string, _ time.Time, o ...func(*v4.SignerOptions)) error {
	return s.Signer.SignHTTP(ctx, c, r, payloadHash, service, region, s.walker.signingTime(), o...)
}

func (w *Walker) now() time.Time {
	if w.Now != nil {
		return w.Now()
	}
	return time.Now()
}

func (w *Walker) signingTime() time.Time { return w.now().Add(time.Duration(w.skew.Load())) }

// Ahead returns how far STS's clock was ahead of ours at the last session, or zero
// if they differed by less than a minute. It is negative if ours is ahead.
func (w *Walker) Ahead() time.Duration { return time.Duration(w.ahead.Load()) }

// endByOurClock converts the end of a session from STS's clock to ours, which its
// users compare it with. at is when STS responded.
func (w *Walker) endByOurClock(s *Session, at time.Time) {
	ahead := at.Sub(w.now())
	if ahead.Abs() < tolerable {
		ahead = 0
	}
	s.Expires = s.Expires.Add(-ahead)
	w.ahead.Store(int64(ahead))
}

// tolerable is the difference between clocks that is ignored; AWS accepts
// signatures for some minutes.
const tolerable = time.Minute

// learnSkew reports whether a signature was refused for its time and a retry with
// STS's clock, from the response's Date header, can succeed. It corrects each skew
// once: signed is the skew that the signature was made with, because concurrent
// calls are refused together and must not all correct it.
func (c call) learnSkew(signed int64) (again bool) {
	d := c.denial
	refused := d.Code == "RequestTimeTooSkewed" || d.Code == "RequestExpired" ||
		d.Code == "SignatureDoesNotMatch" && (strings.Contains(d.Message, "Signature expired") || strings.Contains(d.Message, "Signature not yet current"))
	if !refused || d.At.IsZero() {
		return false
	}
	if c.walker.skew.Load() != signed {
		return true
	}
	off := d.At.Sub(c.walker.signingTime())
	if off.Abs() < tolerable {
		return false
	}
	c.walker.skew.CompareAndSwap(signed, signed+int64(off))
	return true
}
