package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"voucherhouse/internal/testserver"
)

// program has the race detector, as the tests have.
var program = &testserver.Program{Flags: []string{"-race"}}

// postmaster is the pid of the embedded Postgres.
func postmaster(t *testing.T, dataDir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dataDir, "postgres", "postmaster.pid"))
	must(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	must(t, err)
	return pid
}

// A claim that was answered survives kill -9 of the server, no child outlives it, and the next start recovers by itself.
func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	dataDir := filepath.Join(t.TempDir(), "data")
	p := program.Serve(t, dataDir)

	summary := program.Run(t, dataDir, "import", "testdata/history", "--rejects", filepath.Join(t.TempDir(), "rejects.csv"))
	if !strings.Contains(summary, "order_lines.csv") {
		t.Errorf("the import of a running server's history said %q", summary)
	}
	buyer := program.Run(t, dataDir, "token", "--role", "BUYER", "--client", "MARKETPLACE_APP", "--subject", "bob")
	seller := program.Run(t, dataDir, "token", "--role", "SELLER", "--client", "SELLER_CENTER", "--subject", "sam", "--shop", "U2hvcDoxOjA")
	const claim = `mutation { claimVoucher(input: { voucherId: "Vm91Y2hlcjoxOjE", idempotencyKey: "k" }) { claim { id } userErrors { code } } }`
	claimed := p.Ask(t, buyer, claim)
	if !strings.Contains(claimed, `"claim":{"id":`) {
		t.Fatalf("the claim was answered %s", claimed)
	}

	child := postmaster(t, dataDir)
	must(t, p.Process.Kill())
	p.Wait()
	until(t, "Postgres has gone with its parent", func() bool { return syscall.Kill(child, 0) != nil })

	p = program.Serve(t, dataDir, "--reservation", "90m")
	if again := p.Ask(t, buyer, claim); again != claimed {
		t.Errorf("after the restart the same claim was answered %s, before it %s", again, claimed)
	}
	platform := program.Run(t, dataDir, "token", "--role", "PLATFORM", "--client", "SERVICE", "--subject", "market", "--shop", "U2hvcDoxOjA")
	placed := p.Ask(t, platform, `mutation { placeOrder(input: { orderNumber: "o3", cart: { shopId: "U2hvcDoxOjA", buyerId: "QnV5ZXI6MDox",
		lines: [{ productId: "UHJvZHVjdDoxOjE", quantity: 1 }] }, expectedPayable: { amount: "10.00", currency: "USD" } }) {
		order { placedAt reservedUntil } userErrors { code } } }`)
	var answer struct {
		Data struct {
			PlaceOrder struct {
				Order struct{ PlacedAt, ReservedUntil time.Time }
			}
		}
	}
	must(t, json.Unmarshal([]byte(placed), &answer))
	if o := answer.Data.PlaceOrder.Order; o.ReservedUntil.Sub(o.PlacedAt) != 90*time.Minute {
		t.Errorf("with a reservation of 90 minutes the answer is %s", placed)
	}
	policy := []string{"policy", "--tool", "CHAT_COUPON", "--minimum", "10", "--maximum", "50.5", "--from", "2099-01-01T00:00:00Z"}
	for _, work := range [][]string{{"reconcile"}, {"rebuild"}, {"reconcile"}, policy} {
		program.Run(t, dataDir, work...) // through the running server; differences would fail it
	}
	report := p.Ask(t, seller, `{ coreData(input: { shopId: "U2hvcDoxOjA", granularity: NONE, period: { from: "2026-01-01T00:00:00Z", to: "2035-01-01T00:00:00Z" } }) { totals { claims usage revenue { amount } orders } } }`)
	if want := `{"data":{"coreData":{"totals":{"claims":3,"usage":2,"revenue":{"amount":"18.00"},"orders":1}}}}`; report != want {
		t.Errorf("the report is %s, want %s", report, want)
	}

	must(t, p.Process.Signal(syscall.SIGTERM))
	must(t, p.Wait())
	program.Run(t, dataDir, "reconcile") // and without a server
	output, err := program.Command(t, dataDir, "demo", "--listen", "127.0.0.1:0").CombinedOutput()
	if err == nil || !strings.Contains(string(output), "--data-dir") {
		t.Errorf("the sample was put beside a real shop: %v, %s", err, output)
	}
}

// A full disk can leave the facts without a definition. The server sells all the same, asks for a rebuild, and reports after it.
func TestAWarehouseThatAFullDiskMadeUnreadable(t *testing.T) {
	t.Parallel()
	dataDir := filepath.Join(t.TempDir(), "data")
	program.Run(t, dataDir, "import", "testdata/history", "--rejects", filepath.Join(t.TempDir(), "rejects.csv"))
	program.Run(t, dataDir, "rebuild")
	must(t, os.Truncate(filepath.Join(dataDir, "clickhouse", "metadata", "voucherhouse", "facts.sql"), 0))

	p := program.Serve(t, dataDir)
	if ready := testserver.Get(t, p.URL+"/readyz"); !strings.Contains(ready, `"canSell":true,"canReport":false`) || !strings.Contains(ready, "voucherhouse rebuild") {
		t.Errorf("with the warehouse set aside it is said: %s", ready)
	}
	program.Run(t, dataDir, "rebuild")
	program.Run(t, dataDir, "reconcile")
	until(t, "reports are answered", func() bool { return strings.Contains(testserver.Get(t, p.URL+"/readyz"), `"canReport":true`) })
}

// Wrong configuration ends with one line that names what is wrong and what to do, status 1, and nothing touched.
func TestRefusalsToStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { taken.Close() })
	foreign := t.TempDir()
	must(t, os.WriteFile(filepath.Join(foreign, "thesis.txt"), []byte("precious"), 0o600))
	for name, c := range map[string]struct {
		dataDir string
		args    []string
		says    []string
	}{
		"used port":          {args: []string{"serve", "--listen", taken.Addr().String()}, says: []string{"--listen", "choose another"}},
		"foreign directory":  {dataDir: foreign, args: []string{"serve", "--listen", "127.0.0.1:0"}, says: []string{foreign, "--data-dir"}},
		"no directory":       {args: []string{"serve", "--data-dir", ""}, says: []string{"--data-dir", "such as data"}},
		"no URL of Postgres": {args: []string{"serve", "--listen", "127.0.0.1:0", "--postgres-url", "secret"}, says: []string{"--postgres-url", "postgres://"}},
		"Postgres away":      {args: []string{"serve", "--listen", "127.0.0.1:0", "--postgres-url", "postgres://u:secret@127.0.0.1:1/x?sslmode=disable", "--warehouse", "off"}, says: []string{"--postgres-url"}},
		"both warehouses":    {args: []string{"serve", "--clickhouse-url", "clickhouse://h:9000/x", "--warehouse", "off"}, says: []string{"--clickhouse-url", "--warehouse=off"}},
		"no time to pay":     {args: []string{"serve", "--reservation", "0s"}, says: []string{"--reservation", "15m"}},
		"unknown flag":       {args: []string{"serve", "--lisen", "x"}, says: []string{"--lisen", "--help"}},
		"unknown role":       {args: []string{"token", "--role", "KING", "--client", "SERVICE", "--subject", "x"}, says: []string{"--role", "KING", "HOST"}},
		"no shop's id":       {args: []string{"token", "--role", "SELLER", "--client", "SERVICE", "--subject", "x", "--shop", "7"}, says: []string{"--shop"}},
		"no data yet":        {args: []string{"token", "--role", "ADMIN", "--client", "SERVICE", "--subject", "x"}, says: []string{"--data-dir"}},
		"nothing to rebuild": {args: []string{"rebuild"}, says: []string{"--data-dir"}},
		"policy of the past": {args: []string{"policy", "--tool", "CHAT_COUPON", "--minimum", "5", "--maximum", "50", "--from", "2024-01-01T00:00:00Z"}, says: []string{"--from", "past"}},
		"no policy":          {args: []string{"policy", "--tool", "CHAT_COUPON", "--minimum", "50", "--maximum", "5", "--from", "2099-01-01T00:00:00Z"}, says: []string{"--maximum"}},
		"no folder":          {args: []string{"import", "/nowhere"}, says: []string{"/nowhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dataDir := c.dataDir
			if dataDir == "" {
				dataDir = filepath.Join(t.TempDir(), "data")
			}
			var stderr strings.Builder
			run := program.Command(t, dataDir, c.args...)
			run.Stderr = &stderr
			err := run.Run()
			if run.ProcessState.ExitCode() != 1 {
				t.Errorf("it ended with %v, want exit status 1", err)
			}
			line, more, _ := strings.Cut(stderr.String(), "\n")
			if more != "" {
				t.Errorf("it said more than one line: %s", stderr.String())
			}
			for _, words := range c.says {
				if !strings.Contains(line, words) {
					t.Errorf("it said %q, which does not name %q", line, words)
				}
			}
			if strings.Contains(line, "secret") {
				t.Errorf("it repeated a secret: %q", line)
			}
		})
	}
	t.Cleanup(func() {
		entries, err := os.ReadDir(foreign)
		must(t, err)
		if len(entries) != 1 {
			t.Errorf("the foreign directory was touched: %v", entries)
		}
	})
}

// A second server on a data directory is refused, and the first goes on.
func TestDataDirectoryInUse(t *testing.T) {
	t.Parallel()
	dataDir := filepath.Join(t.TempDir(), "data")
	first := program.Serve(t, dataDir)
	output, err := program.Command(t, dataDir, "serve", "--listen", "127.0.0.1:0").CombinedOutput()
	if err == nil || !strings.Contains(string(output), strconv.Itoa(first.Process.Pid)) || !strings.Contains(string(output), "--data-dir") {
		t.Errorf("a second server ended with %v and said %q", err, output)
	}
	response, err := http.Get(first.URL + "/readyz")
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != `{"canSell":true,"canReport":true}` {
		t.Errorf("the first server answers %d %s", response.StatusCode, body)
	}
	must(t, first.Process.Signal(syscall.SIGTERM))
	must(t, first.Wait())
}
