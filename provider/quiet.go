package provider

import (
	_ "unsafe" // go:linkname asks for it

	_ "github.com/aliyun/alibaba-cloud-sdk-go/sdk/utils" // linked into, below
)

// sdkPrint is where the SDK's debug output ends. With "sdk" in the environment
// variable DEBUG it prints every request and answer on standard output:
// AccessKeyId, signature, security token and ClientToken. The SDK reads DEBUG
// before any code of ours can run and offers no way to turn it off, so its
// printing function is replaced by one that prints nothing. Should an SDK
// without this variable be linked, then the build fails, not the secrecy.
//
//go:linkname sdkPrint github.com/aliyun/alibaba-cloud-sdk-go/sdk/utils.hookPrint
var sdkPrint func(string)

func init() { sdkPrint = func(string) {} } //nolint:gochecknoinits // before any call, and only once
