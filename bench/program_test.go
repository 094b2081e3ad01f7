package bench

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"voucherhouse/internal/testserver"
)

// program is built as users have it.
var program = &testserver.Program{}

// demo starts the demo on a data directory and gives it once it says that the shop is ready.
func demo(b *testing.B, dataDir string) *exec.Cmd {
	b.Helper()
	c := program.Command(b, dataDir, "demo", "--listen", "127.0.0.1:0")
	untilReady(b, c)
	return c
}

// untilReady starts a demo and waits until it says that the shop is ready.
func untilReady(b *testing.B, c *exec.Cmd) {
	b.Helper()
	stdout, err := c.StdoutPipe()
	must(b, err)
	must(b, c.Start())
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if strings.HasSuffix(lines.Text(), "is ready.") {
			go func() {
				for lines.Scan() {
				}
			}()
			return
		}
	}
	b.Fatalf("the demo ended: %v", c.Wait())
}

func stop(b *testing.B, c *exec.Cmd) {
	b.Helper()
	must(b, c.Process.Signal(syscall.SIGTERM))
	must(b, c.Wait())
}

// BenchmarkDemoReady is what `make run` takes after the build: a new data directory, both engines, the sample imported and
// delivered; beside it the same again on the data that is then there.
func BenchmarkDemoReady(b *testing.B) {
	program.Run(b, b.TempDir(), "--help") // built before the clock runs
	var first, again time.Duration
	for b.Loop() {
		dataDir := filepath.Join(b.TempDir(), "data")
		for _, took := range []*time.Duration{&first, &again} {
			began := time.Now()
			c := demo(b, dataDir)
			*took += time.Since(began)
			stop(b, c)
		}
	}
	b.ReportMetric(first.Seconds()/float64(b.N), "s/first-start")
	b.ReportMetric(again.Seconds()/float64(b.N), "s/start-again")
}

// BenchmarkStartWithData is a start on a data directory that holds the sample, until the server is ready; beside it what
// the server does without a warehouse.
func BenchmarkStartWithData(b *testing.B) {
	dataDir := filepath.Join(b.TempDir(), "data")
	stop(b, demo(b, dataDir))
	var whole, ledgerOnly []time.Duration
	for b.Loop() {
		for range 5 {
			whole = append(whole, start(b, dataDir))
			ledgerOnly = append(ledgerOnly, start(b, dataDir, "--warehouse", "off"))
		}
	}
	b.ReportMetric(median(whole).Seconds(), "s/start")
	b.ReportMetric(median(ledgerOnly).Seconds(), "s/start-without-warehouse")
}

func start(b *testing.B, dataDir string, args ...string) time.Duration {
	began := time.Now()
	p := program.Serve(b, dataDir, args...)
	took := time.Since(began)
	stop(b, p.Cmd)
	return took
}

// BenchmarkIdleMemory is what all processes of a server with the sample take after a while of idling. Shared pages count
// once (PSS); the resident sizes, which count them for each process, stand beside it.
func BenchmarkIdleMemory(b *testing.B) {
	dataDir := filepath.Join(b.TempDir(), "data")
	stop(b, demo(b, dataDir))
	for b.Loop() {
		p := program.Serve(b, dataDir)
		settle(b.Context(), 10*time.Second)
		var pss, rss int
		for _, pid := range tree(b, p.Process.Pid) {
			pss += memory(b, pid, "Pss:")
			rss += memory(b, pid, "Rss:")
		}
		b.ReportMetric(float64(pss)/1024, "MB-pss")
		b.ReportMetric(float64(rss)/1024, "MB-rss")
		stop(b, p.Cmd)
	}
}

// tree is a process and its descendants.
func tree(b *testing.B, root int) []int {
	b.Helper()
	output, err := exec.Command("ps", "-e", "-o", "pid=,ppid=").Output()
	must(b, err)
	children := map[int][]int{}
	for line := range strings.Lines(string(output)) {
		var pid, parent int
		if _, err := fmt.Sscan(line, &pid, &parent); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	all := []int{root}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// memory is a figure of a process in kB.
func memory(b *testing.B, pid int, figure string) int {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	must(b, err)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, figure); ok {
			kB, err := strconv.Atoi(strings.Fields(rest)[0])
			must(b, err)
			return kB
		}
	}
	b.Fatalf("process %d has no %s", pid, figure)
	return 0
}

func median[N cmp.Ordered](d []N) N { return quantile(d, 0.5) }

func quantile[N cmp.Ordered](d []N, q float64) N {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// settle lets the server idle.
func settle(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
