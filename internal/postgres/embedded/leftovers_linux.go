package embedded

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// processes lists the server processes of the cluster. All of them, and hardly
// anything else, have the data directory as their working directory; the name
// keeps out a shell in which somebody looks around.
func (c *cluster) processes(int) []int {
	data, err := c.home.root.Stat(dataName)
	if err != nil {
		return nil
	}
	dirs, _ := filepath.Glob("/proc/[1-9]*") // only a bad pattern fails
	var pids []int
	for _, dir := range dirs {
		cwd, err := os.Stat(dir + "/cwd")
		if err != nil || !os.SameFile(cwd, data) {
			continue
		}
		name, err := os.ReadFile(dir + "/comm")
		if err != nil || strings.TrimSpace(string(name)) != "postgres" {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
