package app

import (
	"fmt"
	"os"
	"time"

	"voucherhouse/warehouse"
)

// progress shows how far long work is, in one line of a terminal that is written anew each time; elsewhere it shows
// nothing, and the summary tells.
type progress struct{ shown time.Time }

// show shows how much of the total is done. At its end the line is cleared.
func (p *progress) show(what string, done, total int64) {
	const clearLine = "\r\x1b[K"
	switch {
	case !onTerminal():
	case done >= total:
		fmt.Fprint(os.Stderr, clearLine)
	case time.Since(p.shown) > 50*time.Millisecond:
		p.shown = time.Now()
		fmt.Fprintf(os.Stderr, clearLine+"%3d %%  %s", 100*done/total, what)
	}
}

func onTerminal() bool {
	stderr, err := os.Stderr.Stat()
	return err == nil && stderr.Mode()&os.ModeCharDevice != 0
}

// showFile shows how much of each file is read.
func showFile() func(file string, read, size int64) {
	var p progress
	return p.show
}

// showFacts shows how many facts are delivered.
func showFacts() warehouse.Progress {
	var p progress
	return func(done, total int64) { p.show(fmt.Sprintf("%d of %d facts", done, total), done, total) }
}
