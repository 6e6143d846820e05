package action

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestRefreshNeedsADirectoryThatRunsPrograms(t *testing.T) {
	w := newWorld(t, "")
	temp := w.Job.Temp()
	if err := syscall.Mount(temp, temp, "", syscall.MS_BIND, ""); err != nil {
		t.Skip("cannot mount: ", err)
	}
	t.Cleanup(func() { must(w, syscall.Unmount(temp, syscall.MNT_DETACH)) })
	must(w, syscall.Mount("", temp, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_NOEXEC, ""))

	before := w.Calls()
	r := w.use(inputs{"refresh": "true"})
	if !r.Failed || len(r.Env) > 0 || w.Calls() != before {
		t.Errorf("exit code %d, exported %v, calls %s", r.ExitCode, r.Env, w.Calls())
	}
	log := w.Job.Log()
	for _, part := range []string{strconv.Quote(temp) + " is mounted noexec", "refresh: false", "work folder"} {
		if !strings.Contains(log, part) {
			t.Errorf("the log does not say %q:\n%s", part, log)
		}
	}
	if r := w.use(inputs{"refresh": "false"}); r.Failed {
		t.Errorf("without refresh it fails too:\n%s", w.Job.Log())
	}
}
