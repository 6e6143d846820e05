package refresh

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/org/aws-oidc-action/internal/diagnosis"
)

// A spare that exceeds the space of its lock is not written: a file system that
// is full must still hold it.
func TestASpareFitsItsLock(t *testing.T) {
	w := newWorld(t, "")
	w.put("deploy", w.login())
	before, err := os.ReadFile(w.path("deploy", lockFile))
	if err != nil {
		t.Fatal(err)
	}
	large := spare{Failure: &failure{Diagnosis: diagnosis.Diagnosis{What: strings.Repeat("w", spareSize)}}}
	if err := w.Store.writeSpare("deploy", large); err == nil || !strings.HasPrefix(err.Error(), `profile "deploy": `) {
		t.Errorf("a spare that is too large: %v", err)
	}
	if after, err := os.ReadFile(w.path("deploy", lockFile)); err != nil || string(after) != string(before) {
		t.Errorf("the lock holds %d bytes, %v", len(after), err)
	}
}

// Whose state it is, is said where the system refuses it.
func TestARefusedFileNamesItsOwner(t *testing.T) {
	if d := failed(fmt.Errorf("open the state: %w", os.ErrPermission)); d.Code != diagnosis.Failed || !strings.Contains(d.Cure, "the user of the job's steps") {
		t.Errorf("%+v", d)
	}
	if d := failed(os.ErrInvalid); d.Cure != "" {
		t.Errorf("%+v", d)
	}
}
