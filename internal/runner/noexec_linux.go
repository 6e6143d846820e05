package runner

import "syscall"

// noExec is ST_NOEXEC of statfs(2).
const noExec = 0x8

// NoExec reports whether the kernel refuses to start programs in the directory,
// because it is mounted noexec. A container sees that of a directory of its
// host too: a bind mount has the flags of the mount that it repeats. Where
// it is unknown it is false.
func (s Shared) NoExec() bool {
	var fs syscall.Statfs_t
	if syscall.Statfs(s.Here, &fs) != nil {
		return false
	}
	flags := int64(fs.Flags) //nolint:unconvert // 32 bits on some architectures
	return flags&noExec != 0
}
