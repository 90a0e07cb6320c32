package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// cluster is a data directory that is ready to be served.
type cluster struct {
	home     *home
	bin      binaries
	user     account
	settings map[string]string
	patience patience
	log      *slog.Logger
}

// prepare finds or makes the cluster in h.
func prepare(ctx context.Context, h *home, o Options, log *slog.Logger) (*cluster, error) {
	version, err := dataVersion(h.root)
	if err != nil {
		return nil, err
	}
	bin, err := chooseBinaries(os.Getenv, o.BinDir, version)
	if err != nil {
		return nil, err
	}
	if version != 0 && version != bin.version {
		return nil, wrongVersion(h, version, bin)
	}
	user, err := chooseAccount(h.root)
	if err != nil {
		return nil, err
	}
	c := &cluster{home: h, bin: bin, user: user, settings: o.Settings, patience: o.patience, log: log}
	if user.drop { // lets the user pass to data and socket, but not look around
		if err := h.root.Chmod(".", 0o711); err != nil {
			return nil, fmt.Errorf("home directory: %w", err)
		}
	}
	if version == 0 {
		log.Info("creating a private Postgres cluster", "dir", h.data(), "version", bin.version)
		return c, c.create(ctx)
	}
	return c, c.adopt()
}

// dataVersion is the major version that made the data directory, 0 if there is
// no data directory.
func dataVersion(root *os.Root) (int, error) {
	if _, err := root.Lstat(dataName); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	content, err := root.ReadFile(dataName + "/PG_VERSION")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("data directory: %w", err)
	}
	version, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil || version <= 0 {
		return 0, fmt.Errorf("%s/%s is damaged or no Postgres data directory (its file PG_VERSION says %.20q); "+
			"restore it from a backup, or move it away to start with an empty database", root.Name(), dataName, content)
	}
	return version, nil
}

func wrongVersion(h *home, version int, bin binaries) error {
	return fmt.Errorf("the data in %s was made by Postgres %d, but %s has version %d: "+
		"set PGBIN to the directory of Postgres %d; to upgrade, run son1k with it, save the data with pg_dump, "+
		"move the directory away and load the dump with the new version", h.data(), version, bin.dir, bin.version, version)
}

// adopt makes an existing data directory usable for the account.
func (c *cluster) adopt() error {
	info, err := c.home.root.Lstat(dataName)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if uid, _ := ownerOf(info); uid == c.user.uid {
		return nil
	}
	if err := c.user.giveAll(c.home.root, dataName); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// freshSocketDir makes the directory of the socket anew, so that nothing of an
// earlier server, or of another user, is in it. Only call it when none runs.
func (c *cluster) freshSocketDir() error {
	root := c.home.root
	if err := root.RemoveAll(socketName); err != nil {
		return fmt.Errorf("socket directory: %w", err)
	}
	if err := root.Mkdir(socketName, 0o700); err != nil {
		return fmt.Errorf("socket directory: %w", err)
	}
	return c.user.give(root, socketName)
}

// onData prepares cmd to run on the data directory named dir, below
// Home/postgres, and to get the signal death when we die. The caller closes the
// file once cmd has started.
func (c *cluster) onData(cmd *exec.Cmd, death syscall.Signal, dir string, args ...string) (*os.File, error) {
	data, err := c.home.root.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	cmd.Dir = "/"
	cmd.Env = environment(os.Environ())
	cmd.ExtraFiles = []*os.File{data}
	cmd.Args = append(cmd.Args, "-D", dataArg(c.user, data.Name()))
	cmd.Args = append(cmd.Args, args...)
	cmd.SysProcAttr = sysProcAttr(death)
	cmd.SysProcAttr.Setsid = true
	cmd.SysProcAttr.Credential = c.user.credential()
	return data, nil
}

// explain adds to an error of starting a program what is probably wrong.
func (c *cluster) explain(err error) error {
	switch {
	case c.user.drop && errors.Is(err, syscall.EINVAL): // a container with few users
		return fmt.Errorf("%w (cannot become %s)", err, userName(c.user.uid))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w (%s must be able to run the programs in %s)", err, userName(c.user.uid), c.bin.dir)
	}
	return err
}

// environment keeps what programs need to be loaded, nothing else: PG… and LC_…
// variables would change the server, and the secrets of son1k are not for it.
func environment(all []string) []string {
	keep := []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, e := range all {
		if name, _, _ := strings.Cut(e, "="); slices.Contains(keep, name) {
			env = append(env, e)
		}
	}
	return env
}

// defaults suit one developer's machine, where durability matters (a song must
// not be lost) and memory is shared with a browser.
func defaults() map[string]string {
	return map[string]string{
		"max_connections":    "200",
		"shared_buffers":     "128MB",
		"synchronous_commit": "on",
		"timezone":           "UTC",
		"log_timezone":       "UTC",
		"log_line_prefix":    "%m [%p] %q%u@%d %a ",
		"log_checkpoints":    "off", // every five minutes otherwise
		"cluster_name":       "son1k",
	}
}

// arguments are the settings for the command line of postgres. They are given
// there and not in a file so that they are always those of this program.
func (c *cluster) arguments() []string {
	all := defaults()
	maps.Copy(all, c.settings)
	maps.Copy(all, map[string]string{
		"listen_addresses":        "",
		"port":                    port,
		"unix_socket_directories": "../" + socketName, // from the data directory, where postgres works
		"unix_socket_permissions": "0700",
	})
	var args []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		args = append(args, "-c", name+"="+all[name])
	}
	return args
}
