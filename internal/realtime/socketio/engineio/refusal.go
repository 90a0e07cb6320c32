package engineio

import (
	"encoding/json"
	"net/http"
)

// refusal is the answer to a request that is not served: a status and the
// protocol's code and message, as JSON.
type refusal struct {
	status  int
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (f *refusal) Error() string { return f.Message }

func (f *refusal) write(w http.ResponseWriter) {
	body, _ := json.Marshal(f) // two plain fields
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(f.status)
	_, _ = w.Write(body) // the client may be gone
}

func unknownTransport() *refusal {
	return &refusal{http.StatusBadRequest, 0, "Transport unknown"}
}

func unknownSession() *refusal {
	return &refusal{http.StatusBadRequest, 1, "Session ID unknown"}
}

func badMethod() *refusal {
	return &refusal{http.StatusBadRequest, 2, "Bad handshake method"}
}

func badRequest() *refusal {
	return &refusal{http.StatusBadRequest, 3, "Bad request"}
}

func forbidden(message string) *refusal {
	return &refusal{http.StatusForbidden, 4, message}
}

// unavailable has the code of forbidden: the protocol has none of its own.
func unavailable(message string) *refusal {
	return &refusal{http.StatusServiceUnavailable, 4, message}
}

func unsupportedVersion() *refusal {
	return &refusal{http.StatusBadRequest, 5, "Unsupported protocol version"}
}

func tooLarge() *refusal {
	return &refusal{http.StatusRequestEntityTooLarge, 3, "Payload too large"}
}
