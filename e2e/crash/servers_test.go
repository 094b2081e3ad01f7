package crash

import (
	"context"
	"math/rand/v2"
	"strings"
)

// startsWithoutClickHouse: a ClickHouse of the operator's own that does not answer does not keep a server from selling. Once
// it answers, the server makes its tables and reports, by itself.
func (i *installation) startsWithoutClickHouse() {
	i.Helper()
	if want := `{"canSell":true,"canReport":false,"reason":"ClickHouse does not answer"}`; i.ready() != want {
		i.Errorf("without ClickHouse it says %s", i.ready())
	}
	i.write(rand.New(rand.NewPCG(*chance, 1)))
	i.sells()
	token := i.seller()
	if got := i.totals(token); !strings.Contains(got, `"UNAVAILABLE"`) {
		i.Errorf("without ClickHouse a report is %s", got)
	}
	i.clickhouse.start(i)
	i.recovers()
	if got := i.totals(token); !strings.Contains(got, `"claims":`) {
		i.Errorf("a report is %s", got)
	}
}

// startsWithASilentClickHouse: nor does one that takes the connection and says nothing.
func (i *installation) startsWithASilentClickHouse() {
	i.Helper()
	i.killServer()
	silent := i.trap.lay(point{toClickHouse, before, "the database", "create database"}, func() then { return stayMute })
	i.serve()
	<-silent
	i.sells()
	i.recovers()
}

// recovers waits until the server says that all is well, and compares.
func (i *installation) recovers() {
	i.Helper()
	until(i, "it reports", func() bool { return i.ready() == canDoBoth })
	must(i, i.reconcile())
}

// handsOver: of two servers on the same stores one delivers. When it is killed, in the middle of a batch, the other goes on
// where it was.
func (i *installation) handsOver() {
	i.Helper()
	first, second := i, i.beside()
	chance := rand.New(rand.NewPCG(*chance, 2))
	before := first.wire.manifests.Load()
	for range 3 {
		first.write(chance)
		must(i, first.reconcile())
	}
	if worked, stood := first.wire.manifests.Load()-before, second.wire.manifests.Load(); worked == 0 || stood != 0 {
		i.Errorf("the first of two delivered %d times, and the second %d times", worked, stood)
	}
	for _, p := range insert.at(half, during) {
		sprung := i.trap.lay(p, func() then { first.killServer(); return hangUp })
		first.write(chance)
		await(i, p.String(), sprung)
		second.recovers()
		first.serve()
		second.write(chance)
		must(i, second.reconcile())
		first, second = second, first // who leads now
	}
}

// asksForARebuildOnAnotherPostgres: a ledger that was restored asks for a rebuild, and nothing is delivered before that.
func (i *installation) asksForARebuildOnAnotherPostgres() {
	i.Helper()
	i.killServer()
	old := *i
	i.newPostgres()
	i.Cleanup(func() { must(i, old.postgres.Stop(context.Background())) })
	program.Run(i, i.dataDir, i.arguments("migrate", "--warehouse=off")...)
	i.restore(old.owner)

	i.serve()
	const asks = "the warehouse was filled from another Postgres server than the ledger is on, or a rebuild was cut off in its last moment: run `voucherhouse rebuild`"
	until(i, "it says so", func() bool { return i.ready() == `{"canSell":true,"canReport":false,"reason":"`+asks+`"}` })
	i.write(rand.New(rand.NewPCG(*chance, 3)))
	i.sells()
	if err := i.reconcile(); err == nil || !strings.Contains(err.Error(), asks) {
		i.Errorf("on another Postgres the comparison says %v", err)
	}
	i.run("rebuild")
	i.recovers()
}
