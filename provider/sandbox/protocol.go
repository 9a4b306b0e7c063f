package sandbox

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxBody is far more than any of the five calls needs.
const maxBody = 64 << 10

// params are a request's parameters, query and form together.
type params map[string]string

// apiError is an error as the gateway answers it.
type apiError struct {
	status  int
	code    string
	message string
}

func refuse(status int, code, format string, args ...any) *apiError {
	return &apiError{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func missing(name string) *apiError {
	return refuse(http.StatusBadRequest, "MissingParameter."+name, "The parameter %q is needed but not provided.", name)
}

func invalid(name, why string) *apiError {
	return refuse(http.StatusBadRequest, "InvalidParameter."+name, "The specified parameter %q is not valid: %s.", name, why)
}

func internalError() *apiError {
	return refuse(http.StatusInternalServerError, "InternalError", "The request processing has failed due to some unknown error.")
}

// errorBody is what the gateway writes for every error.
type errorBody struct {
	RequestID string `json:"RequestId"`
	HostID    string `json:"HostId"`
	Code      string `json:"Code"`
	Message   string `json:"Message"`
}

// answer is a response that has not been written yet.
type answer struct {
	status int
	body   []byte
	code   string // for the log: an error's Code, else empty
}

func jsonAnswer(status int, code string, body any) answer {
	b, err := json.Marshal(body)
	if err != nil {
		// Only our own plain structs and maps come here.
		panic(fmt.Sprintf("sandbox: answer cannot be written as JSON: %v", err))
	}
	return answer{status: status, body: b, code: code}
}

func (s *Sandbox) errorAnswer(requestID string, e *apiError) answer {
	return jsonAnswer(e.status, e.code, errorBody{RequestID: requestID, HostID: s.cfg.HostID, Code: e.code, Message: e.message})
}

// readParams collects the parameters of the query and, for a POST, of a form
// body. The gateway signs both alike; a name that stands twice is ambiguous and
// therefore refused.
func readParams(w http.ResponseWriter, r *http.Request) (params, *apiError) {
	all := make(params)
	if e := all.addEncoded(r.URL.RawQuery); e != nil {
		return all, e
	}
	if r.Method != http.MethodPost {
		return all, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return all, refuse(http.StatusBadRequest, "InvalidParameter", "The request body cannot be read.")
	}
	// Any other body is not the RPC protocol's, and no part of the signature.
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return all, nil
	}
	return all, all.addEncoded(string(bytes.TrimSpace(body)))
}

func (p params) addEncoded(encoded string) *apiError {
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return refuse(http.StatusBadRequest, "InvalidParameter", "The parameters are not well encoded.")
	}
	for name, v := range values {
		if _, twice := p[name]; twice || len(v) > 1 {
			return invalid(name, "it is given more than once")
		}
		p[name] = v[0]
	}
	return nil
}

// write sends an answer whole. Content-Length is set, so that a client can tell
// a cut one.
func write(w http.ResponseWriter, contentType string, a answer) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	// A client that has gone is the client's affair: the work stands.
	_, _ = w.Write(a.body)
}

const (
	contentJSON = "application/json;charset=utf-8"
	contentHTML = "text/html;charset=utf-8"
)

// Ids are random, not counted, so that two sandboxes never sell the same order.

// newRequestID has the gateway's form, an upper-case UUID.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}

// newOrderID is 15 digits, as the provider's orders are: a String, by the
// document, although it looks like a number.
func newOrderID() string {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000_000_000))
	if err != nil {
		panic(fmt.Sprintf("sandbox: no randomness: %v", err)) // never since Go 1.24
	}
	return fmt.Sprintf("2%014d", n)
}

func newInstanceID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return "sas-" + hex.EncodeToString(b[:])
}
