// Package score keeps what a benchmark has measured, of several systems in
// several rounds, and makes of it the results that are published.
package score
