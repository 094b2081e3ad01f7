package crash

import (
	"fmt"
	"strings"
	"sync"
)

// moment is when, on its way, a statement is interrupted.
type moment string

const (
	before moment = "before" // it is not sent
	half   moment = "half"   // half of its rows are sent
	during moment = "during" // all of it is sent, and what becomes of it is not waited for
	after  moment = "after"  // it is done, and nobody hears of it
	later  moment = "later"  // what follows has begun
)

// store is who a statement is for.
type store string

const (
	toPostgres   store = "Postgres"
	toClickHouse store = "ClickHouse"
)

// point is a place on the way of the facts: a moment of a statement, which is known by a part of its text.
type point struct {
	store     store
	moment    moment
	name      string
	statement string
}

func (p point) String() string { return fmt.Sprintf("%s %s", p.moment, p.name) }

// The statements on the way of facts into the warehouse, in their order.
var (
	manifest       = part{toPostgres, "the manifest", "insert into manifests "}
	manifestEnd    = part{toPostgres, "the manifest's batches", "insert into manifest_batches "}
	manifestCommit = part{toPostgres, "the manifest's commit", commitOf + "insert into manifest_batches "}
	names          = part{toClickHouse, "the names", "insert into promotions "}
	insert         = part{toClickHouse, "the insert", "insert into facts "}
	mark           = part{toPostgres, "the mark", "update manifest_batches set done"}
	advance        = part{toPostgres, "Advance", "delete from manifests "}
	advanceMove    = part{toPostgres, "Advance's move", "id = $3 where name = $1"}
	advanceCommit  = part{toPostgres, "Advance's commit", commitOf + "update streams set tx"}

	rebuildTable  = part{toClickHouse, "the table to rebuild into", "create table facts_rebuild"}
	rebuildInsert = part{toClickHouse, "the rebuild's insert", "insert into facts_rebuild "}
	reserve       = part{toPostgres, "the reservation of the facts", "select pg_advisory_lock("}
	exchangeBegin = part{toPostgres, "the beginning of the exchange", commitOf + "insert into streams (name, system_identifier) values ($1, 0)"}
	exchange      = part{toClickHouse, "the exchange", "exchange tables"}
	exchangeEnd   = part{toPostgres, "the end of the exchange", "system_identifier = (select"}
	rebuildDrop   = part{toClickHouse, "the drop of the old facts", "drop table if exists facts_rebuild"}
)

// part is a statement that is sent once for each range of facts, or for each batch.
type part struct {
	store           store
	name, statement string
}

func (p part) at(moments ...moment) []point {
	points := make([]point, len(moments))
	for i, m := range moments {
		points[i] = point{p.store, m, p.name, p.statement}
	}
	return points
}

// commitOf stands before the last statement of a transaction that is committed.
const commitOf = "commit of "

// then says how a connection goes on that reached a point.
type then int

const (
	hangUp   then = iota // it ends
	stayMute             // it stays, and says nothing any more
)

// trap does something when a point is reached. There is one for all wires of an installation.
type trap struct {
	mu     sync.Mutex
	set    bool
	point  point
	strike func() then
	sprung chan struct{}
}

// lay makes the trap spring at the point: once, from now on. What it gives is closed when strike has been done.
func (tr *trap) lay(p point, strike func() then) (sprung <-chan struct{}) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.set, tr.point, tr.strike, tr.sprung = true, p, strike, make(chan struct{})
	return tr.sprung
}

// meets tells whether a statement is the one that the trap waits for, and at which moment of it to spring the trap. Who is
// told so has to.
func (tr *trap) meets(s store, statement string) (moment, bool) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if !tr.set || s != tr.point.store || !strings.Contains(statement, tr.point.statement) {
		return "", false
	}
	tr.set = false
	return tr.point.moment, true
}

func (tr *trap) spring() then {
	defer close(tr.sprung)
	return tr.strike()
}

// plain is a statement's text in one line.
func plain(statement string) string { return strings.Join(strings.Fields(statement), " ") }
