// Package synth is the built-in provider. (see below)
package synth
