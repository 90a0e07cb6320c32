//go:build unix && !linux

package embedded

import "syscall"

// sysProcAttr has nothing to add where the kernel does not tell a child of the
// death of its parent: an orphan is stopped at the next start.
func sysProcAttr(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// dataArg is the name of the data directory for a program that runs as u.
func dataArg(_ account, path string) string { return path }
