package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/sync/semaphore"

	"voucherhouse/promo"
)

// Ledger is the store of record.
type Ledger struct {
	// ChatWindow is for how long after a buyer's message coupons may be sent (product.md C3). To be set before the ledger
	// is used.
	ChatWindow time.Duration
	// Reservation is for how long an unpaid order holds what it needs (product.md K4). To be set before the ledger is used.
	Reservation time.Duration

	db, claiming *sqlx.DB
	// checkouts bounds the changes of orders that are under way, and backtests the long readings.
	checkouts, backtests *semaphore.Weighted
	clock                func() time.Time
	claims               *claimQueues
	// selling are vouchers that probably have something to claim, as they were when somebody last did.
	selling *lru.Cache[promo.VoucherID, *promo.Voucher]
	// shops are as they were seen.
	shops *lru.Cache[sight, seenShop]
	// feed tells of new messages, and of what livestreams hand out.
	feed     feed
	messages topic[followed, *promo.Message]
	scenes   topic[watchedScene, *promo.Distribution]
}

// mostConnections is enough to keep a few cores of a server busy; more would only queue inside it.
const mostConnections = 16

// mostClaiming are the connections that claims have to themselves: whatever else keeps the others busy, claims go on.
const mostClaiming = 8

// Open connects to the ledger at dsn (a URL or lib/pq's key=value form). The clock gives the time of every decision.
func Open(ctx context.Context, dsn string, clock func() time.Time) (*Ledger, error) {
	pqConnector, err := pq.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("reading where Postgres is: %w", err)
	}
	db := openPool(connector{Connector: pqConnector}, mostConnections)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("connecting to Postgres: %w", err)
	}
	if err := checkServer(ctx, db); err != nil {
		db.Close()
		return nil, err
	}
	l := &Ledger{
		ChatWindow: promo.ChatWindow, Reservation: promo.Reservation, db: db, claiming: openPool(connector{Connector: pqConnector, asking: true}, mostClaiming),
		checkouts: semaphore.NewWeighted(mostCheckouts), backtests: semaphore.NewWeighted(mostBacktests), clock: clock,
	}
	l.claims = newClaimQueues(l.sellClaims, l.decideClaims)
	l.selling, _ = lru.New[promo.VoucherID, *promo.Voucher](mostSelling) // fails only for a size below one
	l.shops, _ = lru.New[sight, seenShop](mostShops)                     // likewise
	l.messages = topic[followed, *promo.Message]{feed: &l.feed, every: 1, read: l.newMessages}
	l.scenes = topic[watchedScene, *promo.Distribution]{feed: &l.feed, every: distributionsEvery, read: l.newDistributions, over: watchedScene.over}
	l.feed.topics = []subject{&l.messages, &l.scenes}
	return l, nil
}

func openPool(c connector, most int) *sqlx.DB {
	db := sqlx.NewDb(sql.OpenDB(c), "postgres")
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db
}

// Close waits for the claims that are being decided, ends what follows the ledger and lets the connections go.
func (l *Ledger) Close() error {
	l.feed.close()
	l.claims.drain()
	return errors.Join(l.claiming.Close(), l.db.Close())
}

// Ping says whether the ledger answers.
func (l *Ledger) Ping(ctx context.Context) error {
	if err := l.db.PingContext(ctx); err != nil {
		return asError(ctx, fmt.Errorf("asking Postgres: %w", err))
	}
	return nil
}

// now is the clock's time as the ledger keeps it: to the microsecond.
func (l *Ledger) now() time.Time { return l.clock().UTC().Truncate(time.Microsecond) }
