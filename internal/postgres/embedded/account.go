package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is the user that Postgres runs as.
type account struct {
	uid, gid int
	drop     bool // this process is root and Postgres must not be
}

// chooseAccount decides who runs the cluster at root/data.
func chooseAccount(root *os.Root) (account, error) {
	self := account{uid: os.Geteuid(), gid: os.Getegid()}
	info, err := root.Lstat(dataName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return runAs(self, self, root.Name())
	case err != nil:
		return account{}, fmt.Errorf("data directory: %w", err)
	}
	uid, gid := ownerOf(info)
	return runAs(self, account{uid: uid, gid: gid}, root.Name())
}

// runAs is the owner of the data, but never root, who instead takes an
// unprivileged user: for a new cluster, or one that root has unpacked.
func runAs(self, owner account, dir string) (account, error) {
	switch {
	case owner.uid == 0 && self.uid == 0:
		return unprivileged()
	case self.uid == 0:
		return account{uid: owner.uid, gid: owner.gid, drop: true}, nil
	case owner.uid == self.uid:
		return self, nil
	}
	return account{}, fmt.Errorf("the data directory %s/%s belongs to %s, not to you; "+
		"run as that user or as root, or use another home directory", dir, dataName, userName(owner.uid))
}

// unprivileged finds a system user for the server that root starts.
func unprivileged() (account, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil && uid != 0 {
			return account{uid: uid, gid: gid, drop: true}, nil
		}
	}
	return account{}, errors.New("Postgres does not run as root and there is neither a user postgres nor nobody; create one of them")
}

// credential is for syscall.SysProcAttr; nil means to stay who we are.
func (a account) credential() *syscall.Credential {
	if !a.drop {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// give hands an entry of root to the account. Symlinks are not followed.
func (a account) give(root *os.Root, name string) error {
	if !a.drop {
		return nil
	}
	if err := root.Lchown(name, a.uid, a.gid); err != nil {
		return fmt.Errorf("give %s to %s: %w", name, userName(a.uid), err)
	}
	return nil
}

// giveAll is give for a directory and everything below it. The directory itself
// comes last: it has its new owner only if all the rest has.
func (a account) giveAll(root *os.Root, dir string) error {
	err := fs.WalkDir(root.FS(), dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		return a.give(root, path)
	})
	if err != nil {
		return err
	}
	return a.give(root, dir)
}

func ownerOf(info fs.FileInfo) (uid, gid int) {
	st := info.Sys().(*syscall.Stat_t)
	return int(st.Uid), int(st.Gid)
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return "the user " + u.Username
	}
	return "the user with id " + strconv.Itoa(uid)
}
