package crash

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// fault is what happens at a point, and how it is mended.
type fault struct {
	name   string
	strike func(*installation) then
	mend   func(*installation)
}

var (
	killServer     = fault{"the server is killed", func(i *installation) then { i.killServer(); return hangUp }, (*installation).serve}
	killPostgres   = fault{"Postgres is killed", func(i *installation) then { i.killPostgres(); return hangUp }, (*installation).startPostgres}
	killClickHouse = fault{"ClickHouse is killed", func(i *installation) then { i.clickhouse.kill(); return hangUp }, func(i *installation) { i.clickhouse.start(i) }}
	cut            = fault{"the connection is cut", func(*installation) then { return hangUp }, func(*installation) {}}
	// silence lasts longer than the server waits for an answer.
	silence = fault{"the answer does not come", func(*installation) then { return stayMute }, func(*installation) {}}
)

// cell is a place of the matrix.
type cell struct {
	point
	fault
}

// cells are the faults that can happen at points, the first of each point before the second of any.
func cells(points []point) (all []cell) {
	faults := map[store][]fault{toPostgres: {killServer, killPostgres, cut}, toClickHouse: {killServer, killClickHouse, cut}}
	for n := range 3 {
		for _, p := range points {
			all = append(all, cell{p, faults[p.store][n]})
		}
	}
	for _, p := range points {
		if p.store == toClickHouse && p.moment == after {
			all = append(all, cell{p, silence})
		}
	}
	return all
}

var (
	// theWay is that of facts into the warehouse.
	theWay = slices.Concat(
		manifest.at(before), manifestEnd.at(before), manifestCommit.at(before, during, after), names.at(before, during, after),
		insert.at(before, half, during, after), mark.at(before, during, after),
		advance.at(before), advanceMove.at(before), advanceCommit.at(before, during, after),
	)
	// theWayInOneProcess has no wire to the engine.
	theWayInOneProcess = slices.Concat(
		manifest.at(before), manifestCommit.at(during, after, later, later, later), mark.at(before, during, after),
		advance.at(before), advanceCommit.at(during, after),
	)
	// theRebuild is what comes beside it in a rebuild.
	theRebuild = slices.Concat(
		rebuildTable.at(before, after), manifestCommit.at(before, after), rebuildInsert.at(half, during, after), advanceCommit.at(before, after),
		reserve.at(before, during, after), exchangeBegin.at(before, during, after), exchange.at(before, during, after), exchangeEnd.at(before, during, after), rebuildDrop.at(during),
	)
)

// Whatever ends at whichever step, each fact is in the warehouse once. Here every store is a server of its own.
func TestDelivery(t *testing.T) {
	t.Parallel()
	i := install(t, away)
	i.startsWithoutClickHouse()
	m := matrix{installation: i, cells: cells(theWay)}
	m.run(m.delivers)
	i.handsOver()
	i.startsWithASilentClickHouse()
}

// The same where ClickHouse is in the server's process, and dies with it.
func TestDeliveryInOneProcess(t *testing.T) {
	t.Parallel()
	i := install(t, inProcess)
	m := matrix{installation: i}
	for _, p := range theWayInOneProcess {
		m.cells = append(m.cells, cell{p, killServer})
	}
	m.run(m.delivers)
	i.asksForARebuildOnAnotherPostgres()
}

// A rebuild that ends in the middle leaves a warehouse that is right, or that asks for a rebuild; and the next rebuild is right.
func TestRebuild(t *testing.T) {
	t.Parallel()
	i := install(t, apart)
	m := matrix{installation: i, cells: cells(theRebuild)}
	i.write(rand.New(rand.NewPCG(*chance, 4)))
	must(t, i.reconcile())
	m.run(m.rebuilds)
	i.goesOnWithAKilledRebuild()
}

// matrix crashes an installation cell by cell, and compares after each.
type matrix struct {
	*installation
	cells      []cell
	violations int
}

// delivers sets facts off on their way; nothing has to be done to bring them to its end.
func (m *matrix) delivers(chance *rand.Rand) (end func()) {
	m.write(chance)
	return func() {}
}

// rebuilds sets a rebuild off. After a crash another one has to be possible, and needed only if the comparison asks for it.
func (m *matrix) rebuilds(*rand.Rand) (end func()) {
	m.Helper()
	rebuild := m.command("rebuild")
	must(m, rebuild.Start())
	return func() {
		_ = rebuild.Wait() // it may have been interrupted
		if err := m.reconcile(); err != nil && !strings.Contains(err.Error(), "run `voucherhouse rebuild`") {
			m.violations++
			m.Errorf("after an interrupted rebuild: %v", err)
		}
		m.installation.run("rebuild")
	}
}

// run begins somewhere in the matrix. Each time begin sets something off, and what it gives brings that to its end once the
// fault is mended.
func (m *matrix) run(begin func(*rand.Rand) (end func())) {
	m.Helper()
	made, began := map[string]int{}, time.Now()
	first := int(*chance % uint64(len(m.cells)))
	for n := range *crashes {
		c := m.cells[(first+n)%len(m.cells)]
		m.crash(c, rand.New(rand.NewPCG(*chance, uint64(100+n))), begin)
		made[fmt.Sprintf("%-42s %s", c.point, c.fault.name)]++
	}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		m.Logf("%4d × %s", made[name], name)
	}
	m.Logf("%d crashes at %d of %d cells in %.0f s, %d violations; -chance %d",
		*crashes, len(made), len(m.cells), time.Since(began).Seconds(), m.violations, *chance)
}

// crash is one crash: set off, struck, mended, compared.
func (m *matrix) crash(c cell, chance *rand.Rand, begin func(*rand.Rand) (end func())) {
	m.Helper()
	sprung := m.trap.lay(c.point, func() then { return c.strike(m.installation) })
	end := begin(chance)
	await(m, c.point.String(), sprung)
	c.mend(m.installation)
	end()
	if err := m.reconcile(); err != nil {
		m.violations++
		m.Errorf("%s, %s: %v", c.point, c.fault.name, err)
		m.installation.run("rebuild") // for those that follow
	}
}
