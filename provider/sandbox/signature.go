package sandbox

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- the RPC signature 1.0 is HMAC-SHA1 by definition
	"encoding/base64"
	"slices"
	"strings"
)

// signature computes the RPC signature 1.0: the base64 of the HMAC-SHA1, keyed
// with the secret and a trailing "&", of the string to sign. Every parameter of
// query and form takes part except Signature itself.
func signature(method, secret string, p params) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(stringToSign(method, p)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func stringToSign(method string, p params) string {
	names := make([]string, 0, len(p))
	for name := range p {
		if name != "Signature" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	pairs := make([]string, len(names))
	for i, name := range names {
		pairs[i] = percentEncode(name) + "=" + percentEncode(p[name])
	}
	return method + "&" + percentEncode("/") + "&" + percentEncode(strings.Join(pairs, "&"))
}

// percentEncode is RFC 3986 over UTF-8 bytes: only A-Z a-z 0-9 - _ . ~ stay as
// they are. url.QueryEscape differs (a space becomes "+"), so it is not used.
func percentEncode(s string) string {
	const upperHex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9',
			c == '-', c == '_', c == '.', c == '~':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// sameSignature compares in constant time, so that an answer's delay tells
// nothing about how much of a forged signature was right.
func sameSignature(a, b string) bool {
	return hmac.Equal([]byte(a), []byte(b))
}
