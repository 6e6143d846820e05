package sandbox

import (
	"net/http"
	"time"

	"github.com/org/aws-oidc-action/internal/scenario"
)

// stsFaults are the faults that are an error response of STS, for an account at a
// time.
var stsFaults = map[scenario.FaultKind]func(account string, now time.Time) apiError{
	scenario.FaultThrottling:       always(errThrottling),
	scenario.FaultRequestLimit:     always(apiError{http.StatusBadRequest, "RequestLimitExceeded", "Rate exceeded"}),
	scenario.FaultVerificationKey:  always(errVerificationKey),
	scenario.FaultIDPCommunication: always(apiError{http.StatusBadRequest, "IDPCommunicationError", "The request to the identity provider timed out"}),
	scenario.FaultIDPRejectedClaim: always(apiError{http.StatusForbidden, "IDPRejectedClaim", "The identity provider rejected the claim"}),
	scenario.FaultPackedPolicy:     always(errPackedPolicy(112)),
	scenario.FaultExpiredToken:     func(_ string, now time.Time) apiError { return errTokenExpired(now, now) },
	scenario.FaultRegionDisabled:   func(account string, _ time.Time) apiError { return errRegionDisabled(account) },
}

func always(e apiError) func(string, time.Time) apiError {
	return func(string, time.Time) apiError { return e }
}

// statusFaults are the faults that are a bare HTTP status.
var statusFaults = map[scenario.FaultKind]int{
	scenario.FaultHTTP400: http.StatusBadRequest,
	scenario.FaultHTTP401: http.StatusUnauthorized,
	scenario.FaultHTTP403: http.StatusForbidden,
	scenario.FaultHTTP404: http.StatusNotFound,
	scenario.FaultHTTP429: http.StatusTooManyRequests,
	scenario.FaultHTTP500: http.StatusInternalServerError,
	scenario.FaultHTTP502: http.StatusBadGateway,
	scenario.FaultHTTP503: http.StatusServiceUnavailable,
	scenario.FaultHTTP504: http.StatusGatewayTimeout,
}

// spoils reports whether a fault damages a response of status 200.
func spoils(k scenario.FaultKind) bool {
	switch k {
	case scenario.FaultTruncated, scenario.FaultContentType, scenario.FaultEmptyBody, scenario.FaultNoValue, scenario.FaultNotJSON:
		return true
	}
	return false
}

// mangle damages a response before it is sent.
func mangle(k scenario.FaultKind, r reply) reply {
	switch k {
	case scenario.FaultTruncated:
		r.body = r.body[:len(r.body)/2]
	case scenario.FaultContentType:
		return htmlReply(http.StatusOK)
	case scenario.FaultEmptyBody:
		r.status, r.body = http.StatusOK, nil
	case scenario.FaultNoValue:
		r.status, r.body = http.StatusOK, []byte("{}")
	case scenario.FaultNotJSON:
		r.status, r.contentType, r.body = http.StatusOK, "text/plain", []byte("upstream connect error or disconnect/reset before headers")
	}
	return r
}
