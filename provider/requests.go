package provider

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	sas "github.com/aliyun/alibaba-cloud-sdk-go/services/sas-api"

	"portal/models"
)

const (
	product = "Sas-api"
	version = "2017-07-05"

	actionCount = "GetInstanceCount"
)

// maxClientToken is the longest ClientToken in bytes (shared provider page,
// from the provider's sister products).
const maxClientToken = 64

// The SDK knows GetInstanceCount only; these are the other four, written as its
// generator writes them. The names in the tags and their order are the provider
// document's.

type createInstance struct {
	*requests.RpcRequest
	OwnerID           requests.Integer `position:"Query" name:"OwnerId"`
	ClientToken       string           `position:"Query" name:"ClientToken"`
	Duration          requests.Integer `position:"Query" name:"Duration"`
	PricingCycle      string           `position:"Query" name:"PricingCycle"`
	VersionCode       string           `position:"Query" name:"VersionCode"`
	BuyNumber         requests.Integer `position:"Query" name:"BuyNumber"`
	IsAutoRenew       requests.Boolean `position:"Query" name:"IsAutoRenew"`
	AutoRenewDuration requests.Integer `position:"Query" name:"AutoRenewDuration"` // months
}

type renewInstance struct {
	*requests.RpcRequest
	OwnerID      requests.Integer `position:"Query" name:"OwnerId"`
	InstanceID   string           `position:"Query" name:"InstanceId"`
	ClientToken  string           `position:"Query" name:"ClientToken"`
	Duration     requests.Integer `position:"Query" name:"Duration"`
	PricingCycle string           `position:"Query" name:"PricingCycle"`
	BuyNumber    requests.Integer `position:"Query" name:"BuyNumber"`
}

type upgradeInstance struct {
	*requests.RpcRequest
	OwnerID     requests.Integer `position:"Query" name:"OwnerId"`
	InstanceID  string           `position:"Query" name:"InstanceId"`
	ClientToken string           `position:"Query" name:"ClientToken"`
	VersionCode string           `position:"Query" name:"VersionCode"`
	BuyNumber   requests.Integer `position:"Query" name:"BuyNumber"`
}

type refundInstance struct {
	*requests.RpcRequest
	OwnerID    requests.Integer `position:"Query" name:"OwnerId"`
	InstanceID string           `position:"Query" name:"InstanceId"`
}

// rpc is the common part of a request: POST, which net/http never replays once
// a byte of it was written. The SDK's common request would be a GET.
func rpc(action string) *requests.RpcRequest {
	r := &requests.RpcRequest{}
	r.InitWithApiInfo(product, version, action, "", "")
	r.Method = requests.POST
	return r
}

// newRequest is a valid call in the SDK's words.
func newRequest(call models.Call) requests.AcsRequest {
	owner := requests.NewInteger64(call.OwnerID)
	count := requests.NewInteger(call.InstanceCount)
	duration := requests.NewInteger(call.Duration)
	switch call.Kind {
	case models.Buy:
		r := &createInstance{
			RpcRequest: rpc(call.Kind.Action()), OwnerID: owner, ClientToken: call.ClientToken, Duration: duration,
			PricingCycle: string(call.Cycle), VersionCode: call.VersionCode, BuyNumber: count,
			// Said even when false, so that no default of the provider's decides.
			IsAutoRenew: requests.NewBoolean(call.AutoRenew),
		}
		if call.AutoRenew {
			// Only then: the provider document's column calls it required, but its
			// text says "required when auto-renewing" and its sample leaves it out.
			// Without auto-renew there is no number of months that would be true.
			r.AutoRenewDuration = requests.NewInteger(call.AutoRenewMonths)
		}
		return r
	case models.Renew:
		return &renewInstance{
			RpcRequest: rpc(call.Kind.Action()), OwnerID: owner, InstanceID: call.InstanceID, ClientToken: call.ClientToken,
			Duration: duration, PricingCycle: string(call.Cycle), BuyNumber: count,
		}
	case models.Upgrade:
		return &upgradeInstance{
			RpcRequest: rpc(call.Kind.Action()), OwnerID: owner, InstanceID: call.InstanceID, ClientToken: call.ClientToken,
			VersionCode: call.VersionCode, BuyNumber: count,
		}
	case models.Refund:
		return &refundInstance{RpcRequest: rpc(call.Kind.Action()), OwnerID: owner, InstanceID: call.InstanceID}
	}
	return nil
}

// newCountRequest is GetInstanceCount, the one call that the SDK knows itself.
func newCountRequest(ownerID int64) requests.AcsRequest {
	r := sas.CreateGetInstanceCountRequest()
	r.Method = requests.POST
	r.OwnerId = requests.NewInteger64(ownerID)
	return r
}

// actionOf is what the provider calls an order of this kind.
func actionOf(kind models.Kind) string { return cmp.Or(kind.Action(), "none") }

// Request is what is recorded of a call before it is made: the action and the
// parameters that say what is wanted, sorted and escaped as in a URL. It holds
// no key and no signature; the ClientToken stands in it, for staff.
func (c *Client) Request(call models.Call) string {
	r := newRequest(call)
	if r == nil {
		return "none"
	}
	// The SDK itself says what it will send, so that the record can't differ.
	if err := requests.InitParams(r); err != nil {
		return actionOf(call.Kind)
	}
	var b strings.Builder
	b.WriteString(r.GetActionName())
	params := r.GetQueryParams()
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString(" " + name + "=" + url.QueryEscape(params[name]))
	}
	return b.String()
}

// validate refuses a call that lacks a part. The SDK would drop an empty
// parameter silently, and a create without its ClientToken is not idempotent.
func validate(call models.Call) error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New(what))
		}
	}
	need(call.OwnerID > 0, "OwnerId must be positive")
	switch call.Kind {
	case models.Buy:
		need(call.VersionCode != "", "VersionCode is missing")
		need(!call.AutoRenew || call.AutoRenewMonths > 0, "AutoRenewDuration must be at least 1 month")
	case models.Upgrade:
		need(call.VersionCode != "", "VersionCode is missing")
	case models.Renew, models.Refund:
	default:
		return fmt.Errorf("not sent: there is no call for %q", call.Kind)
	}
	if call.Kind == models.Buy || call.Kind == models.Renew {
		need(call.Cycle == models.Month || call.Cycle == models.Year, "PricingCycle must be Month or Year")
		need(call.Duration > 0, "Duration must be at least 1")
	}
	if call.Kind != models.Buy {
		need(call.InstanceID != "", "InstanceId is missing")
	}
	if call.Kind != models.Refund {
		need(call.InstanceCount > 0, "BuyNumber must be at least 1")
		need(validToken(call.ClientToken), "ClientToken must be 1 to 64 ASCII characters")
	}
	if len(errs) > 0 {
		return fmt.Errorf("not sent: %s: %w", actionOf(call.Kind), errors.Join(errs...))
	}
	return nil
}

func validToken(s string) bool {
	return s != "" && len(s) <= maxClientToken && printable(s)
}

// printable says whether s is ASCII without spaces and control characters.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
