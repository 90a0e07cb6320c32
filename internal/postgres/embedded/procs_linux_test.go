package embedded

import (
	"os"
	"path/filepath"
	"strings"
)

// processesBelow lists the processes, other than this one, that work in or have
// open what is below dir.
func processesBelow(dir string) []string {
	var found []string
	procs, _ := filepath.Glob("/proc/[1-9]*")
	for _, proc := range procs {
		if self, err := os.Readlink("/proc/self"); err == nil && filepath.Base(proc) == self {
			continue
		}
		links, _ := filepath.Glob(proc + "/fd/*")
		for _, link := range append(links, proc+"/cwd") {
			if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, dir+"/") {
				found = append(found, link+" -> "+target)
			}
		}
	}
	return found
}
