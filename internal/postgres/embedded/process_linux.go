package embedded

import (
	"os"
	"syscall"
)

// sysProcAttr makes the kernel send a child the signal death when the thread
// that started it ends, and so when this process is killed. The starting goroutine
// must therefore stay locked to its thread until the child has ended.
func sysProcAttr(death syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: death}
}

// dataArg is the name of the data directory, open as descriptor 3, for a
// program that runs as u. Another user may be unable to follow the real path.
func dataArg(u account, path string) string {
	if !u.drop {
		return path
	}
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		return path
	}
	return "/proc/self/fd/3" // 3 is the first of exec.Cmd's ExtraFiles
}
