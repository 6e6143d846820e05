package refresh

import (
	"bytes"
	"fmt"
	"time"
)

// spareSize is the room, in bytes, that the lock's file keeps on disk: for a
// session, whose token has about 1,000 characters and rarely more than 4,000,
// or for a diagnosis.
const spareSize = 16 << 10

// spare is the content of the lock's file, which its holder writes in place. It
// says since when a renewal is under way, and holds what could not be written
// elsewhere: on a full disk, or in a directory that takes no new files, a
// renewal would otherwise be forgotten and repeated by every caller.
//
// Only the lock's holder may use the session: to everybody else the content
// can be a half of it. File systems that write each change to a new place
// (btrfs, ZFS) may have no room for it on a full disk either, and on one that is
// mounted read-only nothing can be kept at all.
type spare struct {
	Began   time.Time     // of the renewal under way; zero if there is none
	Session *savedSession `json:",omitempty"`
	Failure *failure      `json:",omitempty"`
}

// spare reads the content of a profile's lock. One that cannot be read is
// empty: it is the last resort, and its loss costs one renewal.
func (s *Store) spare(name string) spare {
	sp, err := load[spare](s, name, lockFile)
	if err != nil {
		return spare{}
	}
	return sp
}

// writeSpare replaces the content of a profile's lock. The caller holds it.
func (s *Store) writeSpare(name string, sp spare) error {
	content, err := encodeSpare(name, sp)
	if err != nil {
		return err
	}
	return s.dir.OverwriteFile(folder(name)+"/"+lockFile, content)
}

// encodeSpare fills the content up to the size that is kept, with blanks.
func encodeSpare(name string, sp spare) ([]byte, error) {
	content, err := encode(name, sp)
	if err != nil {
		return nil, err
	}
	if len(content) > spareSize {
		return nil, fmt.Errorf("profile %q: %d bytes do not fit into the %d that its lock keeps", name, len(content), spareSize)
	}
	return append(content, bytes.Repeat([]byte{' '}, spareSize-len(content))...), nil
}
