package app

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"voucherhouse/warehouse"
)

// bar shows long work on a terminal; elsewhere it shows nothing, and the summary tells.
func bar(total int64, options ...progressbar.Option) *progressbar.ProgressBar {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return progressbar.DefaultSilent(total)
	}
	options = append(options, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionThrottle(50*time.Millisecond),
		progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
	return progressbar.NewOptions64(total, options...)
}

// showFile shows how much of each file is read.
func showFile() func(file string, read, size int64) {
	var (
		current string
		shown   *progressbar.ProgressBar
	)
	return func(file string, read, size int64) {
		if file != current {
			current, shown = file, bar(size, progressbar.OptionSetDescription(file), progressbar.OptionShowBytes(true))
		}
		_ = shown.Set64(min(read, size)) // only shown
	}
}

// showFacts shows how many facts are delivered.
func showFacts() warehouse.Progress {
	var shown *progressbar.ProgressBar
	return func(done, total int64) {
		if shown == nil {
			shown = bar(total, progressbar.OptionSetDescription("facts"), progressbar.OptionShowIts(), progressbar.OptionSetItsString("facts"))
			return // its clock begins now
		}
		_ = shown.Set64(done) // only shown
	}
}
