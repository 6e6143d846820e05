package cli

import (
	"bytes"
	"context"
	"log"
	"strings"
	"testing"
	"time"
)

// Of every command: net/http logs a server's bytes whenever it likes.
func TestTheStandardLoggerIsSilent(t *testing.T) {
	former := log.Writer()
	t.Cleanup(func() { log.SetOutput(former) })
	lines := [][]string{nil, {"--help"}, {"unknown"}}
	for _, c := range commands() {
		lines = append(lines, []string{c.name, "--no-such-flag"})
	}
	for _, args := range lines {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var logged, out bytes.Buffer
			log.SetOutput(&logged)
			Run(context.Background(), Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now}, args)
			log.Print("Unsolicited response received on idle HTTP channel starting with a secret")
			if logged.Len() > 0 {
				t.Errorf("logged %s", &logged)
			}
		})
	}
}
