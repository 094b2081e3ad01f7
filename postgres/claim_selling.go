package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"voucherhouse/promo"
)

const (
	// lockSelling tells claimSelling which vouchers it has locked: what is behind a lock can only be seen by another statement.
	lockSelling = `
with ` + buyersMade + `, locked as materialized (
    select p.id
    from promotions p join vouchers v on v.shop_id = p.shop_id and v.id = p.id
    where p.shop_id = $1 and p.id = any ($2) and (select count(*) from made) >= 0
    order by p.id
    for no key update of v skip locked for share of p skip locked
)
select set_config('app.locked', coalesce(array_agg(id), '{}')::text, true) from locked`
	// claimSelling makes those claims that nothing stands against: the voucher is as it was when it was looked at, the buyer may
	// have another copy, one is left, and the key is new.
	claimSelling = `
with selling as materialized (
    select v.id, p.version, v.claims_per_customer, v.claimed, v.total_quantity
    from vouchers v join promotions p on p.shop_id = v.shop_id and p.id = v.id
    where v.shop_id = $1 and v.id = any (current_setting('app.locked')::bigint[])
), made as materialized (
    select nextval('claims_id_seq') as id, a.ordinal, s.id as voucher_id, s.claimed, s.total_quantity, b.id as buyer_id,
        a.fact, a.valid_from, a.valid_to, a.caller, a.key, a.body
    from unnest($3::bigint[], $4::int[], $5::int[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[], $12::bytea[])
            with ordinality as a (voucher_id, version, place, subject, fact, valid_from, valid_to, caller, key, body, ordinal)
        join selling s on s.id = a.voucher_id and s.version = a.version and s.claimed + a.place <= s.total_quantity
        cross join lateral (select id from buyers where external_id = a.subject limit 1) b
    where (select count(*) from claims c where c.shop_id = $1 and c.voucher_id = s.id and c.buyer_id = b.id) < s.claims_per_customer
      and (a.key = '' or (select true from idempotency_keys k where k.shop_id = $1 and k.caller = a.caller and k.key = a.key limit 1) is null)
), claimed as (
    insert into claims (shop_id, id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to)
    overriding system value
    select $1, id, voucher_id, buyer_id, 'STOREFRONT', $2::timestamptz, valid_from, valid_to from made
), ` + countMade + `, facts as (
    insert into outbox (shop_id, kind, at, payload)
    select $1, 'claim', $2::timestamptz, ('{"buyer":' || buyer_id || ',' || substr(fact, 2))::json from made
), bound as (
    insert into idempotency_keys (shop_id, caller, key, body, result_id, used_at)
    select $1, caller, key, body, id, $2::timestamptz from made where key <> '' order by caller, key
)
select ordinal, id, buyer_id, claimed, total_quantity from made`
)

// sellClaims makes the claims of vouchers that are selling, in one round trip, and gives back those that something may stand
// against: which rule that is, only a closer look can tell. What a hot voucher's claims take is mostly waiting for one statement after
// another; here Postgres goes through all of them while the callers of the claims before are answered.
func (l *Ledger) sellClaims(ctx context.Context, pending []*pendingClaim) (others []*pendingClaim) {
	first, twice := apart(pending)
	b, others := l.sellable(first)
	others = append(others, twice...)
	if len(b.pending) == 0 {
		return others
	}
	undone, err := b.sell(ctx)
	switch {
	case undone: // one of them is bad, or its key was bound on another server meanwhile
		return pending
	case err != nil: // it may have been committed
		for _, p := range b.pending {
			p.settle(err)
		}
		return others
	}
	l.learnWhatSells(b)
	for i, p := range b.pending {
		if b.outcomes[i].claim.ID.Serial == 0 {
			others = append(others, p)
			continue
		}
		p.claim, p.voucher = b.outcomes[i].claim, b.vouchers[p.request.Voucher]
		p.settle(nil)
	}
	return others
}

// sell makes the claims that can be made. With an error it tells whether the server has refused, and so nothing is done.
func (b *claimBatch) sell(ctx context.Context) (undone bool, err error) {
	var made []soldRow
	calls, err := b.calls(&made)
	if err != nil {
		return true, err
	}
	s := claimScope(b.shop)
	s.at = b.now
	err = b.ledger.inOneMessage(ctx, s, calls...)
	_, refused := errors.AsType[*pq.Error](err)
	switch {
	case err == nil:
		b.sold(made)
		return false, nil
	case errors.Is(err, errAway) || errors.Is(err, errSlow):
		return false, err
	case errors.Is(err, errBytes) || pq.As(err, pqerror.UniqueViolation, pqerror.TRDeadlockDetected) != nil:
		return true, err
	case refused:
		slog.ErrorContext(ctx, "selling claims in one message", "error", err) // decided one rule after another, they take longer
		return true, err
	}
	return false, fmt.Errorf("%w: %w", errAway, err)
}

// sellable are the claims that buyers make by themselves of vouchers that were selling and can be claimed by what was known then. The
// moment is that at which they had their turn: nothing they then wait for is another claim. Of several copies that a buyer asks for, one is
// made here: whether there may be another is not known before.
func (l *Ledger) sellable(pending []*pendingClaim) (b *claimBatch, others []*pendingClaim) {
	b = &claimBatch{ledger: l, shop: pending[0].request.Voucher.Shop, now: l.now(), vouchers: map[promo.VoucherID]*promo.Voucher{}}
	asked := map[copyAsked]bool{}
	for _, p := range pending {
		v, selling := l.selling.Get(p.request.Voucher)
		another := copyAsked{p.request.Voucher, p.request.Subject}
		if selling && !asked[another] && p.request.Source() == promo.FromStorefront && v.Claimable(promo.FromStorefront, b.now) == nil {
			b.pending, b.vouchers[v.ID], asked[another] = append(b.pending, p), v, true
		} else {
			others = append(others, p)
		}
	}
	return b, others
}

// copyAsked is a buyer's wish for a copy of a voucher.
type copyAsked struct {
	voucher promo.VoucherID
	subject string
}

// calls are the statements that lock the vouchers and make the claims.
func (b *claimBatch) calls(made *[]soldRow) ([]call, error) {
	var m madeClaims
	versions, places := make([]int64, len(b.pending)), make([]int64, len(b.pending))
	before := map[promo.VoucherID]int64{}
	b.outcomes = make([]claimOutcome, len(b.pending))
	for i, p := range b.pending {
		c, err := b.make(&m, p.request)
		if err != nil {
			return nil, err
		}
		v := p.request.Voucher
		before[v]++
		b.outcomes[i].claim, versions[i], places[i] = c, int64(b.vouchers[v].Version), before[v]
	}
	subjects, _ := b.asked()
	return []call{
		{"locking vouchers that sell", lockSelling, []any{b.shop, pq.Array(b.serials()), pq.Array(subjects)}, pass},
		{"reading claims that were made", claimSelling, []any{
			b.shop, b.now, pq.Array(m.vouchers), pq.Array(versions), pq.Array(places), pq.Array(subjects), pq.Array(m.facts),
			pq.Array(m.validFrom), pq.Array(m.validTo), pq.Array(m.callers), pq.Array(m.keys), pq.Array(m.bodies),
		}, into(made)},
	}, nil
}

// soldRow is a claim that claimSelling has made: the how-manyth of its batch it is, and how its voucher's quantity stood before the batch.
type soldRow struct {
	Ordinal       int
	ID            int64
	BuyerID       promo.BuyerID `db:"buyer_id"`
	Claimed       int
	TotalQuantity int `db:"total_quantity"`
}

// sold takes over what was made. The vouchers become what they were by the last of their claims: what is remembered of them others
// read, so they are copies.
func (b *claimBatch) sold(made []soldRow) {
	sold := map[promo.VoucherID]int{}
	for _, r := range made {
		c := b.outcomes[r.Ordinal-1].claim
		c.ID.Serial, c.Buyer = r.ID, r.BuyerID
		sold[c.Voucher]++
		v := *b.vouchers[c.Voucher]
		v.Claimed, v.TotalQuantity = r.Claimed+sold[c.Voucher], r.TotalQuantity
		b.vouchers[c.Voucher] = &v
		b.made = append(b.made, r.Ordinal-1)
	}
}
