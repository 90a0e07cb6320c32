// Package line is how the benchmark talks to its processes: requests on the
// standard input, answers on the standard output, a JSON object a line, one at a
// time. A process ends when its input does.
package line
