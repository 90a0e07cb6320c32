// Package httpapi is the REST face of Son1k: routes, request and response
// shapes, and the one mapping of error kinds to HTTP statuses.
//
// Every answer with a body of ours is an envelope:
//
//	{"success": true,  "data": …}
//	{"success": false, "error": {"code", "message", "details"?}, "requestId"}
package httpapi
