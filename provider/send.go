package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"

	"portal/failpoint"
)

// unused keeps the SDK from reading the environment's proxy variables, whose
// usual spellings ("host:3128", "(" in NO_PROXY) make every call fail. It never
// applies a proxy to a carrier.
const unused = "http://unused.invalid"

// send has the SDK sign and send one request, and returns what was seen on the
// wire. The SDK's own opinion of the answer is not asked: it calls malformed
// JSON in a 200 a status 400, and an empty 200 a success.
//
// An SDK client is not safe for concurrent use and costs nothing to make, so
// each call has its own, over the shared connections.
//
// mayLeave is models.Call's; nil for calls that change nothing. at names the
// steps of this kind of call, where a test may end the program.
func (c *Client) send(ctx context.Context, key Key, request requests.AcsRequest, mayLeave func() bool, at failpoint.Wire) (ex *exchange) {
	ex = &exchange{}
	defer func() {
		if p := recover(); p != nil {
			// An error body with a numeric Code or RequestId does this.
			ex.mu.Lock()
			defer ex.mu.Unlock()
			ex.panicked, ex.err = true, fmt.Errorf("panic in the SDK: %v", p)
		}
	}()

	scheme := strings.ToUpper(c.endpoint.Scheme)
	config := sdk.NewConfig().WithScheme(scheme).WithAutoRetry(false).WithEnableAsync(false)
	config.Transport = &carrier{ctx: ctx, over: c.transport, endpoint: c.endpoint, mayLeave: mayLeave, ex: ex, at: at}
	client, err := sdk.NewClientWithOptions(Region, config, signer{key})
	if err != nil {
		ex.fail(fmt.Errorf("the SDK takes no such client: %w", err))
		return ex
	}
	client.SetCloseTrace(true) // a registered tracer would be given the signed URL
	client.SetHttpProxy(unused)
	client.SetHttpsProxy(unused)
	client.SetNoProxy(unused)

	request.SetScheme(scheme)
	// Without a domain the SDK would look the endpoint up at other hosts.
	request.SetDomain(c.endpoint.Host)
	// The context is the deadline; the SDK's own must not come before it.
	request.SetReadTimeout(c.timeout + time.Minute)
	begun := time.Now()
	defer func() { c.measure(begun, time.Now(), ex.evidence().date) }() // also when the SDK panics
	if err := client.DoAction(request, responses.NewCommonResponse()); err != nil && !ex.wasEntered() {
		ex.fail(fmt.Errorf("the SDK did not send the request: %w", err))
	}
	return ex
}

func (x *exchange) wasEntered() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.entered
}

// signer gives the SDK the key that was resolved for this call.
type signer struct{ key Key }

func (s signer) GetCredentials() (*credentials.Credentials, error) {
	return &credentials.Credentials{
		AccessKeyId:     s.key.ID,
		AccessKeySecret: s.key.Secret,
		SecurityToken:   s.key.Token,
		ProviderName:    s.key.Source,
	}, nil
}

func (s signer) GetProviderName() string { return s.key.Source }
