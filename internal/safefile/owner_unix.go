//go:build unix

package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openNonblock keeps an open from blocking on a pipe in a file's place.
const openNonblock = syscall.O_NONBLOCK

// owner is the user and group to whom a file belongs.
type owner struct{ uid, gid uint32 }

func ownerOf(info fs.FileInfo) owner {
	stat := info.Sys().(*syscall.Stat_t) // os.FileInfo of a Unix file always holds one
	return owner{stat.Uid, stat.Gid}
}

// trusted reports whether what belongs to o was created by this process's user or
// by the user of base. Groups differ where directories pass on theirs.
func (o owner) trusted(base owner) bool {
	return o.uid == base.uid || int(o.uid) == os.Geteuid()
}

func (o owner) String() string { return fmt.Sprintf("uid %d", o.uid) }

// give makes o the owner of f. Only root can and has to do it.
func (o owner) give(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := f.Stat()
	if err != nil || ownerOf(info) == o {
		return err
	}
	return f.Chown(int(o.uid), int(o.gid))
}

// syncDir makes a rename in dir durable. File systems that do not support it
// return an error, which is ignored.
func syncDir(dir *os.Root) (err error) {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer closeInto(f, &err)
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
