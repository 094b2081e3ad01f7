package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// Claims are stored by few statements, however many they are. Ids are drawn first, so that they come back in the order of the
// claims.
const (
	insertClaims = `
with made as materialized (
    select nextval('claims_id_seq') as id, ordinal, voucher_id, buyer_id, source, payload, valid_from, valid_to,
        nullif(distribution_id, 0) as distribution_id
    from unnest($3::bigint[], $4::bigint[], $5::claim_source[], $6::json[], $7::timestamptz[], $8::timestamptz[], $9::bigint[])
        with ordinality as m (voucher_id, buyer_id, source, payload, valid_from, valid_to, distribution_id, ordinal)
), claimed as (
    insert into claims (shop_id, id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to, distribution_id)
    overriding system value
    select $1, id, voucher_id, buyer_id, source, $2, valid_from, valid_to, distribution_id from made
), ` + countMade + `, facts as (
    insert into outbox (shop_id, kind, at, payload)
    select $1, 'claim', $2, payload from made
)
select id from made order by ordinal`
	// countMade counts the rows of made at their vouchers. The arrays have the counters looked up: joined, all of the shop would be read
	// where their number is not known yet.
	countMade = `sums as materialized (
    select voucher_id, count(*) as claims from made group by 1
), counted as (
    update vouchers v set claimed = v.claimed + n.claims
    from sums n
    where v.shop_id = $1 and v.id = any (array(select voucher_id from sums)) and v.id = n.voucher_id
)`
	countHandedOut = `
update distributions d set claimed = d.claimed + n.claims
from (select distribution_id, count(*) as claims from unnest($2::bigint[]) as made (distribution_id) where distribution_id > 0 group by 1) n
where d.shop_id = $1 and d.id = any ($2) and d.id = n.distribution_id`
	insertCards = `
insert into messages (shop_id, conversation_id, at, sender, written_by, voucher_id, claim_id)
select $1, conversation_id, $2, 'SHOP', caller, voucher_id, claim_id
from unnest($3::bigint[], $4::text[], $5::bigint[], $6::bigint[]) as made (conversation_id, caller, voucher_id, claim_id)
where conversation_id > 0`
	bindKeys = `
insert into idempotency_keys (shop_id, caller, key, body, result_id, used_at)
select $1, caller, key, body, claim_id, $2
from unnest($4::text[], $5::text[], $6::bytea[], $7::bigint[]) as made (caller, key, body, claim_id)
where key <> ''
order by caller, key -- batches that bind the same keys wait for each other in one order
on conflict (shop_id, caller, key) do update
    set body = excluded.body, result_id = excluded.result_id, used_at = excluded.used_at
    where idempotency_keys.used_at <= $3`
)

// madeClaims are the claims to store, column by column.
type madeClaims struct {
	vouchers, buyers, distributions, conversations []int64
	sources, facts, callers, keys                  []string
	validFrom, validTo                             []string
	bodies                                         [][]byte
	// bind is how many come with a key, and cards how many are sent into a chat.
	bind, cards int
}

// store writes the claims that were decided on, with the counters, facts, coupon cards and keys that go with them.
func (b *claimBatch) store(ctx context.Context, tx *sqlx.Tx) error {
	var m madeClaims
	for _, at := range b.made {
		c, err := b.make(&m, b.pending[at].request)
		if err != nil {
			return err
		}
		b.outcomes[at].claim = c
	}
	var ids pq.Int64Array
	if err := tx.SelectContext(ctx, &ids, insertClaims, b.shop, b.now, pq.Array(m.vouchers), pq.Array(m.buyers), pq.Array(m.sources), pq.Array(m.facts),
		pq.Array(m.validFrom), pq.Array(m.validTo), pq.Array(m.distributions)); err != nil {
		return fmt.Errorf("storing claims: %w", err)
	}
	if err := b.storeBeside(ctx, tx, m, ids); err != nil {
		return err
	}
	for i, at := range b.made {
		b.outcomes[at].claim.ID.Serial = ids[i]
		b.vouchers[b.pending[at].request.Voucher].Claimed++
	}
	return nil
}

// storeBeside writes what only some claims come with.
func (b *claimBatch) storeBeside(ctx context.Context, tx *sqlx.Tx, m madeClaims, ids pq.Int64Array) error {
	if len(b.standings) > 0 {
		if _, err := tx.ExecContext(ctx, countHandedOut, b.shop, pq.Array(m.distributions)); err != nil {
			return fmt.Errorf("counting what was handed out: %w", err)
		}
	}
	if m.cards > 0 {
		if _, err := tx.ExecContext(ctx, insertCards, b.shop, b.now, pq.Array(m.conversations), pq.Array(m.callers), pq.Array(m.vouchers), ids); err != nil {
			return fmt.Errorf("storing coupon cards: %w", err)
		}
	}
	if m.bind == 0 {
		return nil
	}
	bound, err := tx.ExecContext(ctx, bindKeys, b.shop, b.now, b.now.Add(-keyLifetime), pq.Array(m.callers), pq.Array(m.keys), pq.Array(m.bodies), ids)
	if err != nil {
		return fmt.Errorf("binding keys: %w", err)
	}
	if n, err := bound.RowsAffected(); err != nil || int(n) != m.bind {
		return errors.Join(err, errKeyTaken)
	}
	return nil
}

// make adds the claim that a request is granted; it has no number yet.
func (b *claimBatch) make(m *madeClaims, r promo.ClaimRequest) (*promo.Claim, error) {
	voucher := b.vouchers[r.Voucher]
	c := &promo.Claim{
		ID: promo.ClaimID{Shop: b.shop}, Voucher: r.Voucher, Buyer: b.buyers[r.Subject], Source: r.Source(), ClaimedAt: b.now,
		Validity: voucher.Validity.For(b.now),
	}
	distribution := int64(0)
	if s := b.standing(r); s != nil {
		c.Distribution, distribution = &s.Distribution.ID, s.Distribution.ID.Serial
	} else if c.Source == promo.FromLive {
		c.Source = promo.FromStorefront // the livestream has no part in it
	}
	what := promo.Fact{
		Promotions: []int64{r.Voucher.Serial}, Tools: []string{string(voucher.Tool)}, Buyer: int64(c.Buyer), Quantity: 1,
		Channel: string(c.Source), Until: c.Validity.To.UnixMicro(), Agent: r.Sender, Actor: r.Caller(),
	}
	if s := b.standing(r); s != nil {
		throughFact(&what, s.Distribution)
	}
	fact, err := json.Marshal(what)
	if err != nil {
		return nil, fmt.Errorf("encoding a claim fact: %w", err)
	}
	m.vouchers, m.validFrom, m.validTo = append(m.vouchers, r.Voucher.Serial), append(m.validFrom, instant(c.Validity.From)), append(m.validTo, instant(c.Validity.To))
	m.buyers, m.sources, m.facts = append(m.buyers, int64(c.Buyer)), append(m.sources, string(c.Source)), append(m.facts, string(fact))
	m.callers, m.keys = append(m.callers, r.Caller()), append(m.keys, r.IdempotencyKey)
	m.distributions = append(m.distributions, distribution)
	m.conversations = append(m.conversations, r.Conversation.Serial)
	if r.Conversation.Serial != 0 {
		m.cards++
	}
	var body []byte
	if r.IdempotencyKey != "" {
		body = claimDigest(r)
		m.bind++
	}
	m.bodies = append(m.bodies, body)
	return c, nil
}

// answer hands the outcomes out. It runs after the commit: what is answered is durable.
func (b *claimBatch) answer() {
	for i, p := range b.pending {
		p.claim = b.outcomes[i].claim
		// A buyer who was refused learns nothing of a voucher that is neither on the shop's pages nor handed out before its eyes.
		v := b.vouchers[p.request.Voucher]
		if v != nil && (p.claim != nil || v.Tool == promo.RegularVoucher || b.standing(p.request) != nil) {
			p.voucher = v
		}
		p.settle(b.outcomes[i].err)
	}
}
