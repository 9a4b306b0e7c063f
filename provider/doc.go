// Package provider is the portal's way to the provider's selling API: the five
// calls of the product "Sas-api" (version 2017-07-05), made with
// alibaba-cloud-sdk-go. It is the only package that knows the SDK, so that
// another can take its place.
//
// Where things are:
//
//	client.go       Config, New, Sell: one attempt from call to answer
//	requests.go     the five calls as typed requests, and what is recorded of them
//	outcome.go      what an attempt ended in: the one place that decides it
//	reply.go        what a body says
//	transport.go    connections, and proof of what left and what came back
//	send.go         the SDK, held by its edges
//	redact.go       nothing secret leaves in a text
//	credentials.go  whose key signs
//	count.go        GetInstanceCount for quotes
//	check.go        GetInstanceCount for "portal doctor"
//	quiet.go        the SDK's debug output, switched off
//
// One rule stands over all: the portal never says "not charged" without proof.
// Everything that is neither proof of success nor proof of refusal is unknown.
package provider
