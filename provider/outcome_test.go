package provider

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"portal/models"
)

// TestOutcomes reads like the table "Outcomes" of the shared provider page, with
// one column for a first attempt and one for an attempt after an unknown one.
func TestOutcomes(t *testing.T) {
	const (
		done     = models.OutcomeDone
		inferred = models.OutcomeInferredDone
		notSent  = models.OutcomeNotSent
		later    = models.OutcomeLater
		rejected = models.OutcomeRejected
		unknown  = models.OutcomeUnknown
		nothing  = models.OutcomeProvesNothing
		contra   = models.OutcomeContradicted
	)
	code := func(c string) string { return `{"RequestId":"R-1","HostId":"h","Code":"` + c + `","Message":"m"}` }
	all := models.Kinds()
	only := func(k ...models.Kind) []models.Kind { return k }
	for _, tc := range []struct {
		what         string
		kinds        []models.Kind
		status       int
		body         string
		first, again models.Outcome
	}{
		{"create with OrderId and InstanceId", only(models.Buy), 200, bought, done, done},
		{"create with a list of one instance", only(models.Buy), 200, `{"OrderId":"1","InstanceIds":["sas-1"]}`, done, done},
		{"create with an SDK's list of one", only(models.Buy), 200, `{"OrderId":"1","InstanceIds":{"InstanceId":["sas-1"]}}`, done, done},
		{"create with two instances", only(models.Buy), 200, `{"OrderId":"1","InstanceIds":["a","b"]}`, unknown, unknown},
		{"create without InstanceId", only(models.Buy), 200, `{"OrderId":"1","RequestId":"R"}`, unknown, unknown},
		{"create without OrderId", only(models.Buy), 200, `{"InstanceId":"sas-1","RequestId":"R"}`, unknown, unknown},
		{"create with an empty OrderId", only(models.Buy), 200, `{"OrderId":"","InstanceId":"sas-1"}`, unknown, unknown},
		{"create with a numeric OrderId", only(models.Buy), 200, `{"OrderId":200123456789012345,"InstanceId":"sas-1"}`, done, done},
		{"create with an OrderId that is no id", only(models.Buy), 200, `{"OrderId":{"a":1},"InstanceId":"sas-1"}`, unknown, unknown},
		{"renew, upgrade with OrderId", only(models.Renew, models.Upgrade), 200, `{"OrderId":"1","RequestId":"R"}`, done, done},
		{"renew, upgrade without OrderId", only(models.Renew, models.Upgrade), 200, `{"RequestId":"R"}`, unknown, unknown},
		{"refund with RequestId", only(models.Refund), 200, `{"RequestId":"R"}`, done, done},
		{"refund with an empty RequestId", only(models.Refund), 200, `{"RequestId":""}`, unknown, unknown},
		{"refund without RequestId", only(models.Refund), 200, `{"OrderId":"1"}`, unknown, unknown},
		{"no call of ours", only(""), 200, bought, unknown, unknown},
		{"Success true", all, 200, `{"Success":true,"OrderId":"1","InstanceId":"i","RequestId":"R"}`, done, done},
		{"Success false", all, 200, `{"Success":false,"OrderId":"1","InstanceId":"i","RequestId":"R"}`, unknown, unknown},
		{"Success as a word", all, 200, `{"Success":"false","OrderId":"1","InstanceId":"i","RequestId":"R"}`, unknown, unknown},
		{"Success a number", all, 200, `{"Success":0,"OrderId":"1","InstanceId":"i","RequestId":"R"}`, unknown, unknown},
		{"a good Code", all, 200, `{"Code":"200","OrderId":"1","InstanceId":"i","RequestId":"R"}`, done, done},
		{"a good Code as a number", all, 200, `{"Code":200,"OrderId":"1","InstanceId":"i","RequestId":"R"}`, done, done},
		{"a good Code as a word", all, 200, `{"Code":"Success","OrderId":"1","InstanceId":"i","RequestId":"R"}`, done, done},
		{"an empty Code", all, 200, `{"Code":"","OrderId":"1","InstanceId":"i","RequestId":"R"}`, done, done},
		{"a failing Code", all, 200, `{"Code":"PayFailed","OrderId":"1","InstanceId":"i","RequestId":"R"}`, unknown, unknown},
		{"a failing Code as a number", all, 200, `{"Code":500,"OrderId":"1","InstanceId":"i","RequestId":"R"}`, unknown, unknown},
		{"Code 0, which nobody explains", all, 200, `{"Code":"0","OrderId":"1","InstanceId":"i","RequestId":"R"}`, unknown, unknown},
		{"throttled, but with 200", all, 200, code("Throttling.User"), unknown, unknown},
		{"an empty 200", all, 200, ``, unknown, unknown},
		{"a field-less 200", all, 200, `{}`, unknown, unknown},
		{"null", all, 200, `null`, unknown, unknown},
		{"a list", all, 200, `[` + bought + `]`, unknown, unknown},
		{"HTML", all, 200, `<html><body>Welcome</body></html>`, unknown, unknown},
		{"malformed JSON", all, 200, `{"OrderId":"1","InstanceId":"i","RequestId":"R"`, unknown, unknown},
		{"two JSON values", all, 200, bought + bought, unknown, unknown},
		{"another 2xx", all, 202, bought, unknown, unknown},
		{"no content", all, 204, ``, unknown, unknown},

		{"throttled", all, 400, code("Throttling"), later, later},
		{"throttled by user", all, 400, code("Throttling.User"), later, later},
		{"throttled by API with 429", all, 429, code("Throttling.Api"), later, later},
		{"being worked on", all, 400, code("IdempotentProcessing"), unknown, unknown},

		{"no money", all, 400, code("InsufficientBalance"), rejected, contra},
		{"a code nobody has seen", all, 409, code("Whatever.Else"), rejected, contra},
		{"a code like an API's that is gone", all, 404, code("InvalidApi.NotFound"), rejected, contra},
		{"the same token, other parameters", all, 400, code("IdempotentParameterMismatch"), rejected, contra},
		{"a success flag beside an error", all, 400, `{"Code":"X","Success":true}`, rejected, contra},

		{"signature", all, 400, code("SignatureDoesNotMatch"), rejected, nothing},
		{"half a signature", all, 400, code("IncompleteSignature"), rejected, nothing},
		{"clock", all, 400, code("InvalidTimeStamp.Expired"), rejected, nothing},
		{"key", all, 404, code("InvalidAccessKeyId.NotFound"), rejected, nothing},
		{"key switched off", all, 400, code("InvalidAccessKeyId.Inactive"), rejected, nothing},
		{"security token", all, 400, code("InvalidSecurityToken.Expired"), rejected, nothing},
		{"403", all, 403, code("Forbidden.RAM"), rejected, nothing},
		{"403 with any code, even of an instance", all, 403, code("InstanceNotFound"), rejected, nothing},
		{"401", all, 401, code("Whatever"), rejected, nothing},
		{"nonce used: a copy arrived", all, 400, code("SignatureNonceUsed"), unknown, unknown},

		{"refund: instance not found", only(models.Refund), 404, code("InvalidInstanceId.NotFound"), rejected, inferred},
		{"refund: instance does not exist", only(models.Refund), 400, code("InstanceNotExist"), rejected, inferred},
		{"refund: instance released", only(models.Refund), 400, code("InstanceReleased"), rejected, inferred},
		{"refund: instance not released", only(models.Refund), 400, code("InstanceNotReleased"), rejected, contra},
		{"refund: instance can't be released", only(models.Refund), 400, code("InstanceCanNotBeReleased"), rejected, contra},
		{"refund: instance was not to be released", only(models.Refund), 400, code("Instance.ReleasedFailed"), rejected, contra},
		{"refund: something else not found", only(models.Refund), 404, code("Order.NotFound"), rejected, contra},
		{"others: instance gone", only(models.Buy, models.Renew, models.Upgrade), 404, code("InvalidInstanceId.NotFound"), rejected, contra},

		{"408", all, 408, code("Throttling"), unknown, unknown},
		{"500", all, 500, code("InternalError"), unknown, unknown},
		{"503", all, 503, code("ServiceUnavailable"), unknown, unknown},
		{"503 that says throttled", all, 503, code("Throttling"), unknown, unknown},
		{"4xx HTML", all, 400, `<html>Bad Request</html>`, unknown, unknown},
		{"4xx empty", all, 400, ``, unknown, unknown},
		{"4xx without Code", all, 400, `{"Message":"m"}`, unknown, unknown},
		{"4xx with an empty Code", all, 400, code(""), unknown, unknown},
		{"4xx with a numeric Code", all, 400, `{"Code":400,"Message":"m"}`, unknown, unknown},
		{"4xx with a null Code", all, 400, `{"Code":null}`, unknown, unknown},
		{"4xx with a numeric RequestId", all, 400, `{"Code":"X","RequestId":17}`, unknown, unknown},
		{"4xx in a list", all, 400, `[{"Code":"X"}]`, unknown, unknown},
		{"a redirect", all, 302, bought, unknown, unknown},
	} {
		for _, kind := range tc.kinds {
			e := evidence{left: true, whole: true, status: tc.status, body: []byte(tc.body)}
			for _, earlier := range []bool{false, true} {
				want := tc.first
				if earlier {
					want = tc.again
				}
				if got, _ := decide(kind, earlier, e); got != want {
					t.Errorf("%s, %q, earlier unknown %t: %s, want %s", tc.what, kind, earlier, got, want)
				}
				if tc.what == "a redirect" {
					continue
				}
				// The same answer, had it not come whole, or had the SDK stumbled.
				cut, stumbled, never := e, e, e
				cut.whole, stumbled.panicked, never.left, never.whole = false, true, false, false
				if got, _ := decide(kind, earlier, cut); got != unknown {
					t.Errorf("%s, %q, cut: %s", tc.what, kind, got)
				}
				if got, _ := decide(kind, earlier, stumbled); got != unknown {
					t.Errorf("%s, %q, panic: %s", tc.what, kind, got)
				}
				if got, _ := decide(kind, earlier, never); got != notSent {
					t.Errorf("%s, %q, never sent: %s", tc.what, kind, got)
				}
			}
		}
	}
}

// FuzzDecide holds the rules that matter most against any answer at all.
func FuzzDecide(f *testing.F) {
	for _, body := range []string{
		bought, ``, `{}`, `null`, `{"Code":"X"}`, `{"Code":1}`, `{"Code":"Throttling"}`, `{"Code":"X","Code":7}`,
		`{"Code":"InvalidInstanceId.NotFound"}`, `{"Code":"SignatureNonceUsed"}`, `<html>`, `{"RequestId":"R","Success":false}`,
	} {
		for i := range 4 {
			f.Add(200, []byte(body), i, false)
			f.Add(400, []byte(body), i, true)
			f.Add(403, []byte(body), i, false)
			f.Add(503, []byte(body), i, true)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, k int, earlier bool) {
		kind := models.Kinds()[((k%4)+4)%4]
		got, r := decide(kind, earlier, evidence{left: true, whole: true, status: status, body: body})
		var m map[string]any
		isObject := json.Unmarshal(body, &m) == nil && m != nil
		code, codeIsString := m["Code"].(string)
		refusable := status >= 400 && status < 500 && status != http.StatusRequestTimeout && isObject && codeIsString && code != ""
		switch got {
		case models.OutcomeDone:
			if status != 200 || !isObject || m["Success"] == false {
				t.Fatalf("done with status %d, %q", status, body)
			}
			for _, name := range map[models.Kind][]string{
				models.Buy: {"OrderId"}, models.Renew: {"OrderId"}, models.Upgrade: {"OrderId"}, models.Refund: {"RequestId"},
			}[kind] {
				if m[name] == nil || m[name] == "" {
					t.Fatalf("done without %s: %q", name, body)
				}
			}
			if kind == models.Buy && r.instanceID == "" {
				t.Fatalf("bought without an instance: %q", body)
			}
		case models.OutcomeRejected:
			if !refusable || earlier {
				t.Fatalf("rejected with status %d, earlier %t: %q", status, earlier, body)
			}
		case models.OutcomeLater:
			if !refusable || !strings.HasPrefix(code, "Throttling") {
				t.Fatalf("later: status %d, %q", status, body)
			}
		case models.OutcomeInferredDone:
			if kind != models.Refund || !earlier || !refusable || !strings.Contains(code, "Instance") {
				t.Fatalf("inferred: status %d, %q", status, body)
			}
		case models.OutcomeProvesNothing, models.OutcomeContradicted:
			if !earlier || !refusable {
				t.Fatalf("%s: status %d, earlier %t, %q", got, status, earlier, body)
			}
		case models.OutcomeNotSent:
			t.Fatalf("not sent, though it left: %q", body)
		case models.OutcomeUnknown:
		default:
			t.Fatalf("no outcome: %q", got)
		}
	})
}
