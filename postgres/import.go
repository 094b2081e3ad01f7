package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"voucherhouse/promo"
)

// ImportOutcome says what became of the rows that were given to an import.
type ImportOutcome struct {
	// Imported counts the rows that were stored, and Present those that were there already.
	Imported, Present int
	// Rejected are the rows that cannot be stored, in their order.
	Rejected []ImportRejection
}

// ImportRejection is a row that cannot be stored.
type ImportRejection struct {
	// Row is its index among the rows that were given.
	Row int
	// Reason is a sentence for people.
	Reason string
}

// arrivals is how rows of one kind come in. They are copied to the temporary table arriving: COPY is refused for tables
// with row-level security. From there they go to the temporary table judged, whose verdict is null for a row that is
// good, 'present' for one that is there already, and else the reason why it is rejected.
//
// Rows that are given together have different keys. So each can be judged by what the ledger holds.
//
// Whatever is looked up for a row is looked up for it alone, in a subquery with a limit: the planner knows nothing yet of
// tables that are being filled, and would join them whole. Nor does it know a shop that is new: it would take it to have no rows,
// and read all of them from whichever index begins with the shop. So it is not told which shop it is: "create table as" is planned
// for its parameters whatever the scope's planning, so judge has the shop in a subquery.
type arrivals struct {
	what string
	// columns are those of arriving; its first is row, the index of the row.
	columns string
	// judge makes judged, for the shop $1.
	judge string
	// buyers says that judged has a buyer, who is made if not known, and a buyer_id to fill in.
	buyers bool
	// store are the statements that store the good rows of the shop $1 with their facts.
	store []string
}

const (
	outcome = `select row, verdict from judged where verdict is not null order by row`
	present = `present`
	// Everybody who makes several buyers does it in the order of their bytes, so that nobody waits in a circle.
	importBuyers = `
insert into buyers (external_id, name)
select buyer, buyer from judged where verdict is null group by buyer order by buyer collate "C"
on conflict (external_id) do nothing`
	knowBuyers = `
update judged set buyer_id = (select id from buyers where external_id = judged.buyer limit 1) where verdict is null`
)

// mostTries bounds how often rows are judged again because somebody else stored the same at the same time.
const mostTries = 3

// bring stores rows in one transaction. Cells are in the order of the columns after row.
func (l *Ledger) bring(ctx context.Context, shop promo.ShopID, a arrivals, n int, cells func(i int) []any) (ImportOutcome, error) {
	var (
		result ImportOutcome
		err    error
	)
	for range mostTries {
		err = l.inTx(ctx, scope{role: roleImport, shops: []promo.ShopID{shop}}, func(tx *sqlx.Tx) (err error) {
			result, err = a.bring(ctx, tx, shop, n, cells)
			return err
		})
		if pq.As(err, pqerror.UniqueViolation, pqerror.TRDeadlockDetected) == nil {
			break
		}
	}
	if err != nil {
		return ImportOutcome{}, fmt.Errorf("importing %s: %w", a.what, err)
	}
	return result, nil
}

func (a arrivals) bring(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, n int, cells func(i int) []any) (ImportOutcome, error) {
	if err := a.copy(ctx, tx, n, cells); err != nil {
		return ImportOutcome{}, err
	}
	if _, err := tx.ExecContext(ctx, a.judge, shop); err != nil {
		return ImportOutcome{}, err
	}
	if a.buyers {
		if _, err := tx.ExecContext(ctx, importBuyers+`;`+knowBuyers); err != nil {
			return ImportOutcome{}, err
		}
	}
	for _, statement := range a.store {
		if _, err := tx.ExecContext(ctx, statement, shop); err != nil {
			return ImportOutcome{}, err
		}
	}
	return outcomeOf(ctx, tx, n)
}

func (a arrivals) copy(ctx context.Context, tx *sqlx.Tx, n int, cells func(i int) []any) error {
	if _, err := tx.ExecContext(ctx, `create temporary table arriving (`+a.columns+`) on commit drop`); err != nil {
		return err
	}
	rows, err := tx.PrepareContext(ctx, `copy arriving from stdin`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for i := range n {
		if _, err := rows.ExecContext(ctx, append([]any{i}, cells(i)...)...); err != nil {
			return err
		}
	}
	_, err = rows.ExecContext(ctx) // tells of rows that were refused
	return err
}

func outcomeOf(ctx context.Context, tx *sqlx.Tx, n int) (ImportOutcome, error) {
	var judged []struct {
		Row     int
		Verdict string
	}
	if err := tx.SelectContext(ctx, &judged, outcome); err != nil {
		return ImportOutcome{}, err
	}
	result := ImportOutcome{Imported: n - len(judged)}
	for _, j := range judged {
		if j.Verdict == present {
			result.Present++
		} else {
			result.Rejected = append(result.Rejected, ImportRejection{Row: j.Row, Reason: j.Verdict})
		}
	}
	return result, nil
}

// Now is the time by the ledger's clock: history lies before it.
func (l *Ledger) Now() time.Time { return l.now() }
