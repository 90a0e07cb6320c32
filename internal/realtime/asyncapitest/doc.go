// Package asyncapitest checks AsyncAPI documents, and what a server sends
// against them. Only tests import it.
//
// In testdata/asyncapi is the JSON schema of AsyncAPI 3.0.0 as published in the
// npm package @asyncapi/specs 6.11.1, with its licence (Apache-2.0) and notice.
package asyncapitest
