package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// Claim makes one claim for a buyer, or refuses with the first rule that forbids it (product.md Q3). The claim is durable
// when it is answered. The voucher comes with both answers, unless there is none.
func (l *Ledger) Claim(ctx context.Context, r promo.ClaimRequest) (*promo.Claim, *promo.Voucher, error) {
	p, err := l.claims.join(r)
	if err != nil {
		return nil, nil, err
	}
	select {
	case <-p.settled:
		return p.claim, p.voucher, p.err
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// claimScope is what a batch acts in: the voucher's shop, and all buyers.
func claimScope(v promo.VoucherID) scope {
	return scope{role: roleClaims, shops: []promo.ShopID{v.Shop}}
}

// decideClaims settles the claims of one voucher in one transaction.
//
// The voucher is looked at first without a lock: refusals that need none, and those of a sold-out voucher, never wait for
// a claim. Otherwise the buyers are made sure of, the voucher's row is locked, and everything that can have changed is
// read again behind the lock before it is decided.
func (l *Ledger) decideClaims(ctx context.Context, pending []*pendingClaim) error {
	id := pending[0].request.Voucher
	b := &claimBatch{pending: pending, id: id}
	err := errKeyTaken
	// A lone claim whose key was taken meanwhile is looked at again: it is a repeat now. In a batch it is decided alone first.
	for tries := 0; errors.Is(err, errKeyTaken) && tries < 1+2/len(pending); tries++ {
		err = l.inTx(ctx, claimScope(id), func(tx *sqlx.Tx) error {
			if err := b.look(ctx, tx, l.now()); err != nil || b.closed() {
				return err
			}
			return b.decideLocked(ctx, tx, l.now)
		})
	}
	if err != nil {
		return err
	}
	b.answer()
	return nil
}

// claimBatch is what is known of a batch while it is decided. Outcomes are handed out only after the commit.
type claimBatch struct {
	id      promo.VoucherID
	pending []*pendingClaim
	now     time.Time
	voucher *promo.Voucher
	buyers  map[string]promo.BuyerID
	// held counts the copies that each buyer has, those of this batch included.
	held map[promo.BuyerID]int
	// outcomes are in the order of pending.
	outcomes []claimOutcome
	made     []int
}

type claimOutcome struct {
	claim *promo.Claim
	err   error
}

// look reads what the decision needs and decides in memory; nothing is stored.
func (b *claimBatch) look(ctx context.Context, tx *sqlx.Tx, now time.Time) error {
	b.now = now
	b.outcomes, b.made, b.voucher = make([]claimOutcome, len(b.pending)), nil, nil
	row, err := one[voucherRow](ctx, tx, voucherByID, b.id.Shop, b.id.Serial)
	if errors.Is(err, promo.ErrNotFound) {
		b.refuseAll(promo.RefuseClaim(promo.ClaimVoucherUnknown))
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading a voucher: %w", err)
	}
	b.voucher = row.promo()
	if err := b.repeats(ctx, tx); err != nil {
		return err
	}
	if refusal := b.voucher.Claimable(now); refusal != nil {
		b.refuseAll(refusal)
		return nil
	}
	if err := b.count(ctx, tx); err != nil {
		return err
	}
	b.decide()
	return nil
}

// closed tells whether the batch makes no claim, so that what look decided stands.
func (b *claimBatch) closed() bool { return len(b.made) == 0 }

func (b *claimBatch) refuseAll(refusal error) {
	for i := range b.outcomes {
		if b.outcomes[i].claim == nil && b.outcomes[i].err == nil {
			b.outcomes[i].err = refusal
		}
	}
}

// decide takes the claims in their order: the buyer's limit, then the quantity.
func (b *claimBatch) decide() {
	left := b.voucher.TotalQuantity - b.voucher.Claimed
	for i, p := range b.pending {
		if b.outcomes[i].claim != nil || b.outcomes[i].err != nil {
			continue
		}
		buyer, known := b.buyers[p.request.Subject]
		switch {
		case known && b.held[buyer] >= b.voucher.ClaimsPerCustomer:
			b.outcomes[i].err = promo.RefuseClaim(promo.ClaimCustomerLimit)
		case left <= 0:
			b.outcomes[i].err = promo.RefuseClaim(promo.ClaimSoldOut)
		default:
			left--
			b.held[buyer]++
			b.made = append(b.made, i)
		}
	}
}

const (
	insertBuyers = `
insert into buyers (external_id, name)
select subject, subject from unnest($1::text[]) as subject
on conflict (external_id) do nothing`
	lockVoucher = `
select v.claimed
from vouchers v join promotions p on p.shop_id = v.shop_id and p.id = v.id
where v.shop_id = $1 and v.id = $2
for update of v for share of p`
)

// decideLocked decides again behind the voucher's lock, and stores what was made.
func (b *claimBatch) decideLocked(ctx context.Context, tx *sqlx.Tx, clock func() time.Time) error {
	subjects := make([]string, len(b.made))
	for i, n := range b.made {
		subjects[i] = b.pending[n].request.Subject
	}
	slices.Sort(subjects) // batches that make the same buyers wait for each other in one order
	if _, err := tx.ExecContext(ctx, insertBuyers, pq.Array(slices.Compact(subjects))); err != nil {
		return fmt.Errorf("making sure of the buyers: %w", err)
	}
	if _, err := tx.ExecContext(ctx, lockVoucher, b.id.Shop, b.id.Serial); err != nil {
		return fmt.Errorf("locking a voucher: %w", err)
	}
	if err := b.look(ctx, tx, clock()); err != nil || b.closed() {
		return err
	}
	return b.store(ctx, tx)
}

type usedKeyRow struct {
	Caller string `db:"caller"`
	Key    string `db:"key"`
	Same   bool   `db:"same"`
	claimRow
}

const usedClaimKeys = `
select k.caller, k.key, k.body = $4 as same, ` + claimColumns + `
from idempotency_keys k
    left join claims c on c.shop_id = k.shop_id and c.id = k.result_id and k.body = $4
    left join redemptions r on r.shop_id = c.shop_id and r.claim_id = c.id and r.reversed_at is null
where k.shop_id = $1 and (k.caller, k.key) in (select * from unnest($2::text[], $3::text[])) and k.used_at > $5`

// repeats answers the claims whose key has made one before (product.md Q2).
func (b *claimBatch) repeats(ctx context.Context, tx *sqlx.Tx) error {
	callers, keys := b.keys()
	if len(keys) == 0 {
		return nil
	}
	var rows []usedKeyRow
	if err := tx.SelectContext(ctx, &rows, usedClaimKeys, b.id.Shop, pq.Array(callers), pq.Array(keys), claimDigest(b.id), b.now.Add(-keyLifetime)); err != nil {
		return fmt.Errorf("looking up idempotency keys: %w", err)
	}
	used := map[[2]string]usedKeyRow{}
	for _, r := range rows {
		used[[2]string{r.Caller, r.Key}] = r
	}
	for i, p := range b.pending {
		r, ok := used[[2]string{callerOf(p.request), p.request.IdempotencyKey}]
		if ok && r.Same {
			b.outcomes[i].claim = r.claimRow.promo()
		} else if ok {
			b.outcomes[i].err = errConflict
		}
	}
	return nil
}

// keys are the idempotency keys of the batch with their callers.
func (b *claimBatch) keys() (callers, keys []string) {
	for _, p := range b.pending {
		if p.request.IdempotencyKey != "" {
			callers, keys = append(callers, callerOf(p.request)), append(keys, p.request.IdempotencyKey)
		}
	}
	return callers, keys
}

func callerOf(r promo.ClaimRequest) string {
	return promo.Actor{Role: promo.RoleBuyer, Subject: r.Subject}.Caller()
}

// claimDigest stands for the body of a claim of the voucher: it has nothing else.
func claimDigest(id promo.VoucherID) []byte {
	sum, _ := digest("claimVoucher", id) // two numbers always marshal
	return sum
}

const heldByBuyers = `
select b.external_id, b.id,
    (select count(*) from claims c where c.shop_id = $1 and c.voucher_id = $2 and c.buyer_id = b.id) as held
from buyers b
where b.external_id = any ($3)`

// count reads how many copies each buyer has.
func (b *claimBatch) count(ctx context.Context, tx *sqlx.Tx) error {
	subjects := make([]string, len(b.pending))
	for i, p := range b.pending {
		subjects[i] = p.request.Subject
	}
	var rows []struct {
		ExternalID string `db:"external_id"`
		ID         promo.BuyerID
		Held       int
	}
	if err := tx.SelectContext(ctx, &rows, heldByBuyers, b.id.Shop, b.id.Serial, pq.Array(subjects)); err != nil {
		return fmt.Errorf("counting the buyers' claims: %w", err)
	}
	b.buyers, b.held = map[string]promo.BuyerID{}, map[promo.BuyerID]int{}
	for _, r := range rows {
		b.buyers[r.ExternalID], b.held[r.ID] = r.ID, r.Held
	}
	return nil
}

// One statement stores the claims with their counter, facts and keys. Ids are drawn first, so that each row knows its own.
const insertClaims = `
with made as materialized (
    select nextval('claims_id_seq') as id, ordinal, buyer_id, payload, caller, key
    from unnest($3::bigint[], $4::json[], $5::text[], $6::text[]) with ordinality as m (buyer_id, payload, caller, key, ordinal)
), claimed as (
    insert into claims (shop_id, id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to)
    overriding system value
    select $1, id, $2, buyer_id, 'STOREFRONT', $7, $8, $9 from made
), counted as (
    update vouchers set claimed = claimed + (select count(*) from made) where shop_id = $1 and id = $2
), facts as (
    insert into outbox (shop_id, kind, at, payload)
    select $1, 'claim', $7, payload from made
), keys as (
    insert into idempotency_keys (shop_id, caller, key, body, result_id, used_at)
    select $1, caller, key, $10, id, $7 from made where key <> ''
    on conflict (shop_id, caller, key) do update
        set body = excluded.body, result_id = excluded.result_id, used_at = excluded.used_at
        where idempotency_keys.used_at <= $11
    returning 1
)
select id, (select count(*) from keys) as bound from made order by ordinal`

// store writes the claims that were decided on.
func (b *claimBatch) store(ctx context.Context, tx *sqlx.Tx) error {
	n := len(b.made)
	buyers, facts, callers, keys := make([]int64, n), make([]string, n), make([]string, n), make([]string, n)
	validity := b.voucher.Validity.For(b.now)
	bind := 0
	for i, at := range b.made {
		r := b.pending[at].request
		buyer := b.buyers[r.Subject]
		body, err := json.Marshal(b.fact(buyer, validity, callerOf(r)))
		if err != nil {
			return fmt.Errorf("encoding a claim fact: %w", err)
		}
		buyers[i], facts[i], callers[i], keys[i] = int64(buyer), string(body), callerOf(r), r.IdempotencyKey
		if r.IdempotencyKey != "" {
			bind++
		}
		b.outcomes[at].claim = &promo.Claim{
			ID: promo.ClaimID{Shop: b.id.Shop}, Voucher: b.id, Buyer: buyer, Source: promo.FromStorefront, ClaimedAt: b.now, Validity: validity,
		}
	}
	var rows []struct {
		ID    int64
		Bound int
	}
	if err := tx.SelectContext(ctx, &rows, insertClaims, b.id.Shop, b.id.Serial, pq.Array(buyers), pq.Array(facts), pq.Array(callers),
		pq.Array(keys), b.now, validity.From, validity.To, claimDigest(b.id), b.now.Add(-keyLifetime)); err != nil {
		return fmt.Errorf("storing claims: %w", err)
	}
	if rows[0].Bound != bind {
		return errKeyTaken
	}
	for i, at := range b.made {
		b.outcomes[at].claim.ID.Serial = rows[i].ID
	}
	b.voucher.Claimed += n
	return nil
}

// errKeyTaken says that another transaction bound a key of the batch after the batch had looked.
var errKeyTaken = errors.New("an idempotency key was bound meanwhile")

func (b *claimBatch) fact(buyer promo.BuyerID, validity promo.Period, caller string) promo.Fact {
	return promo.Fact{
		Promotions: []int64{b.id.Serial}, Tools: []string{string(b.voucher.Tool)}, Buyer: int64(buyer), Quantity: 1,
		Channel: string(promo.FromStorefront), Until: validity.To.UnixMicro(), Actor: caller,
	}
}

// answer hands the outcomes out. It runs after the commit: what is answered is durable.
func (b *claimBatch) answer() {
	for i, p := range b.pending {
		p.claim = b.outcomes[i].claim
		// A buyer who was refused learns nothing of a voucher that is not on the shop's pages.
		if b.voucher != nil && (p.claim != nil || b.voucher.Tool == promo.RegularVoucher) {
			p.voucher = b.voucher
		}
		p.settle(b.outcomes[i].err)
	}
}
