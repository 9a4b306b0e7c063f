// Package sandbox is a stand-in for the provider's selling API: an [http.Handler]
// that speaks the POP gateway's RPC protocol over the real wire, keeps the
// provider document's rules, remembers what it sold in a file, writes every
// charge and refund into a ledger, and fails on demand.
//
// It shares nothing with the adapter in package provider, so that the two cannot
// share a mistake. Every rule here comes from the provider's own document
// (selling-api-original.txt), from the gateway's public pages, or is marked as
// "the sandbox's own": a choice the document leaves open.
//
// Where to look:
//
//	sandbox.go    Config, New, Close
//	gateway.go    a request's way: gateway checks, fault, work, answer
//	protocol.go   parameters in, JSON and gateway errors out
//	signature.go  RPC signature 1.0
//	nonces.go     each SignatureNonce once
//	calls.go      the five calls: their parameters and answers
//	rules.go      what each call may do, and does
//	instance.go   what was sold: an instance and its periods
//	autorenew.go  what time alone does to an instance
//	calendar.go   Beijing months
//	prices.go     fen
//	state.go      all that is remembered, and the one function that changes it
//	journal.go    the file under it, and what a crash leaves
//	ledger.go     the oracle for tests
//	faults.go     rules that make calls fail; deliver.go carries them out
//	control.go    the same levers over HTTP
//	settings.go   the same settings from a JSON file
//
// Two clocks run in it. The gateway's (Timestamp window, nonces, Date header)
// must agree with whoever signs requests. The calendar's (periods, ledger, token
// lifetime) may be moved ahead on its own, so that a test can wait for a renewal
// while the client's SDK still signs with today's time.
package sandbox
