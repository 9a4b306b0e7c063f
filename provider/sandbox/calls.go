package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// The five calls of the provider document.
const (
	ActionGetInstanceCount = "GetInstanceCount"
	ActionCreateInstance   = "CreateInstance"
	ActionRenewInstance    = "RenewInstance"
	ActionUpgradeInstance  = "UpgradeInstance"
	ActionRefundInstance   = "RefundInstance"
)

// calls is what each Action does once the gateway has let it in. Callers hold mu.
// The error says what went wrong with the file, which is nobody's parameter.
var calls = map[string]func(*Sandbox, *reader) (result, *apiError, error){
	ActionGetInstanceCount: (*Sandbox).callCount,
	ActionCreateInstance:   (*Sandbox).callCreate,
	ActionRenewInstance:    (*Sandbox).callRenew,
	ActionUpgradeInstance:  (*Sandbox).callUpgrade,
	ActionRefundInstance:   (*Sandbox).callRefund,
}

// result is a successful call's answer besides RequestId. Fields that a call's
// answer does not have stay out of its body.
type result struct {
	RequestID  string `json:"RequestId"`
	OrderID    string `json:"OrderId,omitempty"`
	InstanceID string `json:"InstanceId,omitempty"`
	Data       *int   `json:"Data,omitempty"`
	Success    *bool  `json:"Success,omitempty"`
}

// work does one admitted call, whole, under the lock.
func (s *Sandbox) work(requestID string, p params) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := &reader{params: p}
	res, e, err := calls[p["Action"]](s, in)
	if err != nil {
		s.logFailure(err)
		e = internalError()
	}
	if e != nil {
		return s.errorAnswer(requestID, e)
	}
	res.RequestID = requestID
	return jsonAnswer(http.StatusOK, "", res)
}

// Provider document: GetInstanceCount.
func (s *Sandbox) callCount(in *reader) (result, *apiError, error) {
	owner := in.owner()
	if in.failed != nil {
		return result{}, in.failed, nil
	}
	n, yes := s.countOf(owner), true
	return result{Data: &n, Success: &yes}, nil, nil
}

// Provider document: CreateInstance.
func (s *Sandbox) callCreate(in *reader) (result, *apiError, error) {
	o := order{Action: ActionCreateInstance, OwnerID: in.owner()}
	token := in.clientToken()
	o.Duration, o.PricingCycle = in.term()
	o.VersionCode = in.oneOf("VersionCode", VersionPro, VersionEnterprise)
	o.BuyNumber = in.count("BuyNumber")
	o.IsAutoRenew = in.optionalBool("IsAutoRenew")
	// "Required when auto-renewing": one given without it is checked all the
	// same, and otherwise left alone.
	if o.IsAutoRenew || in.params["AutoRenewDuration"] != "" {
		o.AutoRenewDuration = in.months("AutoRenewDuration", 1)
	}
	if in.failed != nil {
		return result{}, in.failed, nil
	}
	return s.once(in.params["AccessKeyId"], token, o, s.create)
}

// Provider document: RenewInstance.
func (s *Sandbox) callRenew(in *reader) (result, *apiError, error) {
	o := order{Action: ActionRenewInstance, OwnerID: in.owner(), InstanceID: in.text("InstanceId")}
	token := in.clientToken()
	o.Duration, o.PricingCycle = in.term()
	o.BuyNumber = in.count("BuyNumber")
	if in.failed != nil {
		return result{}, in.failed, nil
	}
	return s.once(in.params["AccessKeyId"], token, o, s.renew)
}

// Provider document: UpgradeInstance.
func (s *Sandbox) callUpgrade(in *reader) (result, *apiError, error) {
	o := order{Action: ActionUpgradeInstance, OwnerID: in.owner(), InstanceID: in.text("InstanceId")}
	token := in.clientToken()
	o.VersionCode = in.oneOf("VersionCode", VersionPro, VersionEnterprise)
	o.BuyNumber = in.count("BuyNumber")
	if in.failed != nil {
		return result{}, in.failed, nil
	}
	return s.once(in.params["AccessKeyId"], token, o, s.upgrade)
}

// Provider document: RefundInstance. It has no ClientToken: the instance that it
// names can be released once, and a second call finds it released.
func (s *Sandbox) callRefund(in *reader) (result, *apiError, error) {
	owner, instanceID := in.owner(), in.text("InstanceId")
	if in.failed != nil {
		return result{}, in.failed, nil
	}
	e, err := s.refund(in.params["AccessKeyId"], owner, instanceID)
	return result{}, e, err
}

// reader takes a call's parameters one by one and keeps the first complaint.
type reader struct {
	params params
	failed *apiError
}

func (in *reader) fail(e *apiError) {
	if in.failed == nil {
		in.failed = e
	}
}

// text is a parameter that must be there. An empty one is not.
func (in *reader) text(name string) string {
	v := in.params[name]
	if v == "" {
		in.fail(missing(name))
	}
	return v
}

// whole is a plain decimal number from 1 to top. A sign, a leading zero or a
// space is not one.
func (in *reader) whole(name string, top int64) int64 {
	v := in.text(name)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != v {
		in.fail(invalid(name, "it must be a whole number of at least 1"))
		return 0
	}
	if n > top {
		in.fail(invalid(name, "it is too large"))
		return 0
	}
	return n
}

// owner: "OwnerId Long", an Alibaba UID.
func (in *reader) owner() int64 { return in.whole("OwnerId", 1<<63-1) }

func (in *reader) count(name string) int { return int(in.whole(name, maxMachines)) }

// months is a number of units of perUnit months, ten years at most: the document
// has no limit, and dates must stay printable.
func (in *reader) months(name string, perUnit int) int {
	return int(in.whole(name, int64(120/perUnit)))
}

// term: "Duration", and "PricingCycle Year,Month".
func (in *reader) term() (duration int, cycle string) {
	cycle = in.oneOf("PricingCycle", cycleYear, cycleMonth)
	return in.months("Duration", cycleMonths(cycle)), cycle
}

func (in *reader) oneOf(name, a, b string) string {
	v := in.text(name)
	if v != "" && v != a && v != b {
		in.fail(invalid(name, "it must be "+a+" or "+b))
	}
	return v
}

func (in *reader) optionalBool(name string) bool {
	switch strings.ToLower(in.params[name]) {
	case "true":
		return true
	case "", "false":
		return false
	default:
		in.fail(invalid(name, "it must be true or false"))
		return false
	}
}

// clientToken: at most 64 ASCII characters, case-sensitive (shared page, "Common
// gateway errors").
func (in *reader) clientToken() string {
	v := in.text("ClientToken")
	if len(v) > 64 {
		in.fail(invalid("ClientToken", "it is longer than 64 characters"))
	}
	for i := range len(v) {
		if v[i] < 0x20 || v[i] > 0x7e {
			in.fail(invalid("ClientToken", "it must be printable ASCII"))
			break
		}
	}
	return v
}
