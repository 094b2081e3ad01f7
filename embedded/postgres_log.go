package embedded

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// keptLines are enough for what a server says when it cannot start.
const keptLines = 50

// serverLog passes each line the server writes on to this program's log, at
// debug level, and keeps the last ones for the errors made of them.
type serverLog struct {
	mu    sync.Mutex
	begun []byte // of a line whose end has not come yet
	lines []string
}

func (l *serverLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = append(l.begun, b...)
	for {
		line, rest, ended := bytes.Cut(l.begun, []byte("\n"))
		if !ended {
			return len(b), nil
		}
		l.add(string(line))
		l.begun = rest
	}
}

func (l *serverLog) add(line string) {
	slog.Debug("postgres", "line", line)
	if len(l.lines) == keptLines {
		l.lines = slices.Delete(l.lines, 0, 1)
	}
	l.lines = append(l.lines, line)
}

// cause is the line that most likely says why the server failed.
func (l *serverLog) cause() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range slices.Backward(l.lines) {
		if strings.HasPrefix(line, "FATAL:") || strings.HasPrefix(line, "PANIC:") {
			return line
		}
	}
	if len(l.lines) == 0 {
		return "it wrote nothing"
	}
	return l.lines[len(l.lines)-1]
}
