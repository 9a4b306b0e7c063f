package provider

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// reply is what a body says, read once and judged in outcome.go. Member names
// are matched as the provider spells them.
type reply struct {
	object     bool   // the body is one JSON object
	gateway    bool   // it could be a gateway's error: a string Code, nothing oddly typed beside it
	code       string // as text, whatever its type
	message    string
	requestID  string
	orderID    string
	instanceID string
	failing    bool // says by Success or Code that it failed, whatever its status
	data       int  // GetInstanceCount's machines, 0 when there is no sensible number
}

// readReply reads a body. It never fails: what it can't read is absent.
func readReply(body []byte) reply {
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil || m == nil {
		return reply{}
	}
	r := reply{
		object:     true,
		code:       scalar(m["Code"]),
		message:    scalar(m["Message"]),
		requestID:  identifier(m["RequestId"]),
		orderID:    identifier(m["OrderId"]),
		instanceID: identifier(m["InstanceId"]),
		failing:    !trueOrAbsent(m["Success"]) || !goodOrAbsent(m["Code"]),
		data:       machines(m["Data"]),
	}
	if r.instanceID == "" {
		r.instanceID = onlyInstance(m["InstanceIds"])
	}
	code, ok := str(m["Code"])
	r.gateway = ok && code != ""
	for _, name := range []string{"RequestId", "HostId", "Message", "Recommend"} {
		if _, ok := str(m[name]); !ok && !absent(m[name]) {
			// The SDK panics on these. Whatever wrote them is not the gateway.
			r.gateway = false
		}
	}
	return r
}

func absent(v json.RawMessage) bool { return len(v) == 0 || bytes.Equal(v, []byte("null")) }

func str(v json.RawMessage) (string, bool) {
	var s string
	if absent(v) || json.Unmarshal(v, &s) != nil {
		return "", false
	}
	return s, true
}

// scalar is a string's content, or the raw JSON of anything else.
func scalar(v json.RawMessage) string {
	if absent(v) {
		return ""
	}
	if s, ok := str(v); ok {
		return s
	}
	return string(v)
}

// identifier is an id that the provider promises: a string, or a whole number
// (which a JSON writer makes of an all-digit id), kept digit by digit. Anything
// that could not be quoted to the provider again is no id.
func identifier(v json.RawMessage) string {
	s, ok := str(v)
	if !ok {
		s = string(v)
		if s == "" || strings.Trim(s, "0123456789") != "" {
			return ""
		}
	}
	if len(s) > maxCode || !printable(s) {
		return ""
	}
	return s
}

// onlyInstance reads InstanceIds, which some of the provider's SDKs know
// instead of InstanceId: a list, or an object with one list, of exactly one.
func onlyInstance(v json.RawMessage) string {
	var list []json.RawMessage
	if json.Unmarshal(v, &list) != nil {
		var m map[string][]json.RawMessage
		if json.Unmarshal(v, &m) != nil || len(m) != 1 {
			return ""
		}
		for _, l := range m {
			list = l
		}
	}
	if len(list) != 1 {
		return ""
	}
	return identifier(list[0])
}

func trueOrAbsent(v json.RawMessage) bool {
	return absent(v) || strings.EqualFold(scalar(v), "true")
}

// goodOrAbsent says whether the Code of a 200 speaks of success: none, empty,
// 200, OK or Success. Any other value, "0" too, is a failing one.
func goodOrAbsent(v json.RawMessage) bool {
	switch strings.ToLower(scalar(v)) {
	case "", "200", "ok", "success":
		return true
	}
	return false
}

// machines reads Data (provider document: GetInstanceCount, Integer). The
// provider counts at least 1, so that nothing is sold for nothing.
func machines(v json.RawMessage) int {
	n, err := strconv.ParseInt(scalar(v), 10, 32)
	if err != nil || n < 1 {
		return 0
	}
	return int(n)
}
