//go:build unix && !linux

package embedded

import (
	"os/exec"
	"strconv"
	"strings"
)

// processes lists the postmaster of the cluster if it runs. Its command line
// tells it from an unrelated process that has got its pid. Its children cannot
// be found; they end by themselves when it does, and Postgres checks that no
// old one is attached to the data.
func (c *cluster) processes(postmaster int) []int {
	if postmaster == 0 {
		return nil
	}
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(postmaster)).Output()
	if err != nil || !strings.Contains(string(out), c.home.data()) {
		return nil
	}
	return []int{postmaster}
}
