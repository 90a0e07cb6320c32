package child

import "syscall"

// attributes make the kernel end a child when we are killed. It does so when
// the thread that started the child ends, which Go's runtime leaves alive.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
