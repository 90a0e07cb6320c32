// Package driver is the process that stands between the benchmark and one job
// queue. It reads requests from its standard input and answers on its standard
// output, a JSON object a line, one at a time, and ends when its input does.
//
// It takes the time of what it does itself, so that the pipe is not measured.
// Every system runs in such processes, whatever it is written in: those in Go
// through Serve, those for Node through node/driver.js, which does the same.
// A driver is a producer or a worker, as the requests have it.
package driver
