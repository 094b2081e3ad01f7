package crash

import (
	"database/sql"
	"fmt"
)

// restored are the tables that the tests fill, in an order in which they can be filled.
var restored = []string{"identity", "shops", "promotions", "vouchers", "buyers", "claims", "outbox", "streams", "manifests", "manifest_batches"}

const (
	// The copy of a table is whole: triggers and references are those of the ledger that it is from.
	restoring  = `set local session_replication_role = replica`
	unload     = `select coalesce(json_agg(t), '[]') from %s as t`
	empty      = `delete from %s`
	load       = `insert into %[1]s overriding system value select * from json_populate_recordset(null::%[1]s, $1)`
	setNumbers = `select setval(pg_get_serial_sequence('outbox', 'id'), (select max(id) from outbox))`
)

// restore brings the rows of another ledger into this one, as from a dump: the server counts its own transactions.
func (i *installation) restore(from *sql.DB) {
	i.Helper()
	tx, err := i.owner.Begin()
	must(i, err)
	defer tx.Rollback()
	_, err = tx.Exec(restoring)
	must(i, err)
	for _, table := range restored {
		var rows string
		must(i, from.QueryRow(fmt.Sprintf(unload, table)).Scan(&rows))
		_, err := tx.Exec(fmt.Sprintf(empty, table))
		must(i, err)
		_, err = tx.Exec(fmt.Sprintf(load, table), rows)
		must(i, err)
	}
	_, err = tx.Exec(setNumbers)
	must(i, err)
	must(i, tx.Commit())
}
