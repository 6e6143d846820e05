package refresh

import (
	"bytes"
	"fmt"
	"time"
)

// spareSize is the space, in bytes, that the lock's file reserves on disk: for a
// session, whose token has about 1,000 characters and rarely more than 4,000, or
// for a diagnosis.
const spareSize = 16 << 10

// spare is the content of the lock's file, which its holder writes in place. It
// records when a renewal began, and what could not be written elsewhere: on a
// full disk, or in a directory that accepts no new files, the result of a renewal
// would otherwise be lost, and every caller would repeat it.
//
// Only the holder of the lock may use the session: other processes can read half
// of it. File systems that write each change to a new place (btrfs, ZFS) may have
// no space for it on a full disk either, and on a read-only one nothing can be
// stored at all.
type spare struct {
	Began   time.Time     // of the renewal in progress; zero if there is none
	Session *savedSession `json:",omitempty"`
	Failure *failure      `json:",omitempty"`
}

// spare reads the content of a profile's lock. One that cannot be read is
// empty: the loss costs one renewal.
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

// encodeSpare pads the content with blanks to the reserved size.
func encodeSpare(name string, sp spare) ([]byte, error) {
	content, err := encode(name, sp)
	if err != nil {
		return nil, err
	}
	if len(content) > spareSize {
		return nil, fmt.Errorf("profile %q: %d bytes exceed the %d that its lock reserves", name, len(content), spareSize)
	}
	return append(content, bytes.Repeat([]byte{' '}, spareSize-len(content))...), nil
}
