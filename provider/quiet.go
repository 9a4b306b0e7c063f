package provider

import (
	_ "unsafe" // go:linkname asks for it

	_ "github.com/aliyun/alibaba-cloud-sdk-go/sdk/utils" // linked into, below
)

// sdkPrint is where the SDK's debug output ends. With "sdk" in the environment
// variable DEBUG it prints every request and answer on standard output:
// AccessKeyId, signature, security token and ClientToken. The SDK reads DEBUG
// before any code of ours can run and offers no way to turn it off, so its
// printing function is replaced by one that prints nothing. An SDK that names it
// otherwise still builds: TestDebugPrintsNothing is what notices.
//
//go:linkname sdkPrint github.com/aliyun/alibaba-cloud-sdk-go/sdk/utils.hookPrint
var sdkPrint func(string)

func init() { sdkPrint = func(string) {} } // before any call, and only once
