package sandbox

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The examples that the provider's public documentation works through.
func TestSignatureOfPublishedExamples(t *testing.T) {
	describeRegions := params{
		"AccessKeyId": "testid", "Action": "DescribeRegions", "Format": "XML",
		"SignatureMethod": "HMAC-SHA1", "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
		"SignatureVersion": "1.0", "Timestamp": "2016-02-23T12:46:24Z", "Version": "2014-05-26",
		"Signature": "takes no part",
	}
	const text = "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26SignatureMethod%3DHMAC-SHA1" +
		"%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1.0" +
		"%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26"
	if have := stringToSign("GET", describeRegions); have != text {
		t.Errorf("string to sign:\n%s\nwant\n%s", have, text)
	}
	if have := signature("GET", "testsecret", describeRegions); have != "OLeaidS1JvxuMvnyHOwuJ+uX5qY=" {
		t.Errorf("DescribeRegions: %s", have)
	}
	if signature("POST", "testsecret", describeRegions) == signature("GET", "testsecret", describeRegions) {
		t.Error("the method takes part in the signature")
	}

	// SendSms: Chinese, JSON and slashes among the values.
	sendSms := params{
		"AccessKeyId": "testId", "Action": "SendSms", "Format": "XML", "OutId": "123",
		"PhoneNumbers": "15300000001", "RegionId": "cn-hangzhou", "SignName": "阿里云短信测试专用",
		"SignatureMethod": "HMAC-SHA1", "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466",
		"SignatureVersion": "1.0", "TemplateCode": "SMS_71390007", "TemplateParam": `{"customer":"test"}`,
		"Timestamp": "2017-07-12T02:42:19Z", "Version": "2017-05-25",
	}
	if have := signature("GET", "testSecret", sendSms); have != "zJDF+Lrzhj/ThnlvIToysFRq6t4=" {
		t.Errorf("SendSms: %s", have)
	}
}

func TestPercentEncode(t *testing.T) {
	for in, want := range map[string]string{
		"aZ09-_.~": "aZ09-_.~", " ": "%20", "+": "%2B", "*": "%2A", "/": "%2F", "=&": "%3D%26", "专": "%E4%B8%93", "!'()": "%21%27%28%29",
	} {
		if have := percentEncode(in); have != want {
			t.Errorf("%q: %q, want %q", in, have, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.String().Draw(t, "text")
		back, err := url.PathUnescape(percentEncode(in))
		if err != nil || back != in {
			t.Fatalf("%q came back as %q, %v", in, back, err)
		}
		if strings.ContainsAny(percentEncode(in), "+ /&=*") {
			t.Fatalf("%q leaves a reserved character", in)
		}
	})
}
