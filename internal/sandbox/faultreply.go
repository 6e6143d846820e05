package sandbox

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/org/aws-oidc-action/internal/arn"
	"github.com/org/aws-oidc-action/internal/scenario"
)

// faultReply returns the reply that a fault sends in place of an answer, and
// whether there is one.
func (s *Server) faultReply(kind scenario.FaultKind, call *Call, now time.Time) (reply, bool) {
	if status, ok := statusFaults[kind]; ok {
		return s.statusReply(status, call.Kind), true
	}
	if answer, ok := stsFaults[kind]; ok {
		return s.mustFail(answer(arn.Account(call.Role()), now)), true
	}
	return reply{}, false
}

// statusReply returns the response of the server that usually sends such a status:
// STS, the token service, or a load balancer.
func (s *Server) statusReply(status int, kind string) reply {
	switch {
	case status == http.StatusBadGateway || status == http.StatusGatewayTimeout:
		return htmlReply(status)
	case kind == scenario.CallToken:
		return tokenError(status, http.StatusText(status))
	case status == http.StatusInternalServerError:
		return s.mustFail(errInternal)
	case status == http.StatusServiceUnavailable:
		return s.mustFail(errUnavailable)
	default:
		return htmlReply(status)
	}
}

// mustFail encodes an error, or returns the page of a broken server if that fails.
func (s *Server) mustFail(e apiError) reply {
	encode := failure
	if s.scenario.Dialect == scenario.MinIO {
		encode = minioFailure
	}
	out, err := encode(e, s.names.uuid())
	if err != nil {
		return htmlReply(http.StatusInternalServerError)
	}
	return out
}

// tokenError is a refusal of GitHub's token service.
func tokenError(status int, message string) reply {
	body, _ := json.Marshal(map[string]string{"message": message}) // two texts: cannot fail
	return reply{status: status, contentType: "application/json; charset=utf-8", body: body, message: message}
}
