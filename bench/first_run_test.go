package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// given are the packages that the project is built on, as the program imports them.
var given = []string{
	"github.com/99designs/gqlgen/graphql/handler", "github.com/99designs/gqlgen/graphql/handler/transport",
	"github.com/vektah/gqlparser/v2", "github.com/ClickHouse/clickhouse-go/v2", "github.com/jmoiron/sqlx", "github.com/lib/pq",
}

// BenchmarkFirstRun is `make run` on a fresh clone with nothing fetched or compiled before, until the shop is ready to be explored.
// Beside it is the floor: compiling the packages that the project is built on, and what they need, which are then there.
func BenchmarkFirstRun(b *testing.B) {
	var whole, floor time.Duration
	for b.Loop() {
		clone := filepath.Join(b.TempDir(), "clone")
		must(b, exec.Command("git", "clone", "--quiet", "..", clone).Run())
		env := emptyCaches(b)
		whole += firstRun(b, clone, env)
		build := exec.Command("go", append([]string{"build"}, given...)...)
		build.Dir = clone
		// As the Makefile builds.
		build.Env = append(env, "GOCACHE="+b.TempDir(), "GOFLAGS=-gcflags=all=-dwarf=false", "CGO_ENABLED=0", "GOGC=off", "GOMEMLIMIT=512MiB")
		began := time.Now()
		must(b, build.Run())
		floor += time.Since(began)
	}
	b.ReportMetric(whole.Seconds()/float64(b.N), "s/first-run")
	b.ReportMetric(floor.Seconds()/float64(b.N), "s/packages-alone")
	b.ReportMetric(float64(whole)/float64(floor), "×packages-alone")
}

// emptyCaches is the environment of somebody who has never used Go or npm.
func emptyCaches(b *testing.B) []string {
	b.Helper()
	env := append(os.Environ(), "GOCACHE="+b.TempDir(), "GOMODCACHE="+b.TempDir(), "npm_config_cache="+b.TempDir())
	b.Cleanup(func() {
		clean := exec.Command("go", "clean", "-modcache") // which is read-only
		clean.Env = env
		must(b, clean.Run())
	})
	return env
}

// firstRun is how long `make run` takes to say that the shop is ready.
func firstRun(b *testing.B, clone string, env []string) time.Duration {
	b.Helper()
	run := exec.CommandContext(b.Context(), "make", "run")
	run.Dir, run.Env = clone, append(env, "VOUCHERHOUSE_LISTEN=127.0.0.1:0")
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	began := time.Now()
	untilReady(b, run)
	took := time.Since(began)
	must(b, syscall.Kill(-run.Process.Pid, syscall.SIGINT)) // like Ctrl-C, to make and the program
	_ = run.Wait()                                          // make fails, since it was interrupted
	return took
}
