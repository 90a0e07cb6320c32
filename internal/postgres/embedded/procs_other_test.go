//go:build unix && !linux

package embedded

import (
	"os/exec"
	"strings"
)

// processesBelow lists the processes whose command line names dir.
func processesBelow(dir string) []string {
	var found []string
	out, _ := exec.Command("ps", "-axo", "pid=,command=").Output()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, dir+"/") {
			found = append(found, line)
		}
	}
	return found
}
