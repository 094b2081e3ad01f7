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
    select nextval('claims_id_seq') as id, ordinal, buyer_id, source, payload, nullif(distribution_id, 0) as distribution_id
    from unnest($3::bigint[], $4::claim_source[], $5::json[], $6::bigint[]) with ordinality as m (buyer_id, source, payload, distribution_id, ordinal)
), claimed as (
    insert into claims (shop_id, id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to, distribution_id)
    overriding system value
    select $1, id, $2, buyer_id, source, $7, $8, $9, distribution_id from made
), counted as (
    update vouchers set claimed = claimed + (select count(*) from made) where shop_id = $1 and id = $2
), facts as (
    insert into outbox (shop_id, kind, at, payload)
    select $1, 'claim', $7, payload from made
)
select id from made order by ordinal`
	countHandedOut = `
update distributions d set claimed = d.claimed + n.claims
from (select distribution_id, count(*) as claims from unnest($2::bigint[]) as made (distribution_id) where distribution_id > 0 group by 1) n
where d.shop_id = $1 and d.id = n.distribution_id`
	insertCards = `
insert into messages (shop_id, conversation_id, at, sender, written_by, voucher_id, claim_id)
select $1, conversation_id, $3, 'SHOP', caller, $2, claim_id
from unnest($4::bigint[], $5::text[], $6::bigint[]) as made (conversation_id, caller, claim_id)
where conversation_id > 0`
	bindKeys = `
insert into idempotency_keys (shop_id, caller, key, body, result_id, used_at)
select $1, caller, key, body, claim_id, $2
from unnest($4::text[], $5::text[], $6::bytea[], $7::bigint[]) as made (caller, key, body, claim_id)
where key <> ''
on conflict (shop_id, caller, key) do update
    set body = excluded.body, result_id = excluded.result_id, used_at = excluded.used_at
    where idempotency_keys.used_at <= $3`
)

// madeClaims are the claims to store, column by column.
type madeClaims struct {
	buyers, distributions         []int64
	conversations                 []int64
	sources, facts, callers, keys []string
	bodies                        [][]byte
	// bind is how many come with a key, and cards how many are sent into a chat.
	bind, cards int
}

// store writes the claims that were decided on, with the counters, facts, coupon cards and keys that go with them.
func (b *claimBatch) store(ctx context.Context, tx *sqlx.Tx) error {
	validity := b.voucher.Validity.For(b.now)
	var m madeClaims
	for _, at := range b.made {
		c, err := b.make(&m, b.pending[at].request, validity)
		if err != nil {
			return err
		}
		b.outcomes[at].claim = c
	}
	var ids pq.Int64Array
	if err := tx.SelectContext(ctx, &ids, insertClaims, b.id.Shop, b.id.Serial, pq.Array(m.buyers), pq.Array(m.sources), pq.Array(m.facts),
		pq.Array(m.distributions), b.now, validity.From, validity.To); err != nil {
		return fmt.Errorf("storing claims: %w", err)
	}
	if err := b.storeBeside(ctx, tx, m, ids); err != nil {
		return err
	}
	for i, at := range b.made {
		b.outcomes[at].claim.ID.Serial = ids[i]
	}
	b.voucher.Claimed += len(b.made)
	return nil
}

// storeBeside writes what only some claims come with.
func (b *claimBatch) storeBeside(ctx context.Context, tx *sqlx.Tx, m madeClaims, ids pq.Int64Array) error {
	if len(b.standings) > 0 {
		if _, err := tx.ExecContext(ctx, countHandedOut, b.id.Shop, pq.Array(m.distributions)); err != nil {
			return fmt.Errorf("counting what was handed out: %w", err)
		}
	}
	if m.cards > 0 {
		if _, err := tx.ExecContext(ctx, insertCards, b.id.Shop, b.id.Serial, b.now, pq.Array(m.conversations), pq.Array(m.callers), ids); err != nil {
			return fmt.Errorf("storing coupon cards: %w", err)
		}
	}
	if m.bind == 0 {
		return nil
	}
	bound, err := tx.ExecContext(ctx, bindKeys, b.id.Shop, b.now, b.now.Add(-keyLifetime), pq.Array(m.callers), pq.Array(m.keys), pq.Array(m.bodies), ids)
	if err != nil {
		return fmt.Errorf("binding keys: %w", err)
	}
	if n, err := bound.RowsAffected(); err != nil || int(n) != m.bind {
		return errors.Join(err, errKeyTaken)
	}
	return nil
}

// make adds the claim that a request is granted; it has no number yet.
func (b *claimBatch) make(m *madeClaims, r promo.ClaimRequest, validity promo.Period) (*promo.Claim, error) {
	c := &promo.Claim{
		ID: promo.ClaimID{Shop: b.id.Shop}, Voucher: b.id, Buyer: b.buyers[r.Subject], Source: r.Source(), ClaimedAt: b.now, Validity: validity,
	}
	distribution := int64(0)
	if s := b.standing(r); s != nil {
		c.Distribution, distribution = &s.Distribution.ID, s.Distribution.ID.Serial
	} else if c.Source == promo.FromLive {
		c.Source = promo.FromStorefront // the livestream has no part in it
	}
	body := promo.Fact{
		Promotions: []int64{b.id.Serial}, Tools: []string{string(b.voucher.Tool)}, Buyer: int64(c.Buyer), Quantity: 1,
		Channel: string(c.Source), Distribution: distribution, Until: validity.To.UnixMicro(), Actor: r.Caller(),
	}
	if s := b.standing(r); s != nil {
		body.Livestream, body.Account = s.Distribution.Livestream.Serial, s.Distribution.Account.Serial
	}
	fact, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encoding a claim fact: %w", err)
	}
	m.buyers, m.sources, m.facts = append(m.buyers, int64(c.Buyer)), append(m.sources, string(c.Source)), append(m.facts, string(fact))
	m.callers, m.keys, m.bodies = append(m.callers, r.Caller()), append(m.keys, r.IdempotencyKey), append(m.bodies, claimDigest(r))
	m.distributions = append(m.distributions, distribution)
	m.conversations = append(m.conversations, r.Conversation.Serial)
	if r.Conversation.Serial != 0 {
		m.cards++
	}
	if r.IdempotencyKey != "" {
		m.bind++
	}
	return c, nil
}

// answer hands the outcomes out. It runs after the commit: what is answered is durable.
func (b *claimBatch) answer() {
	for i, p := range b.pending {
		p.claim = b.outcomes[i].claim
		// A buyer who was refused learns nothing of a voucher that is neither on the shop's pages nor handed out before its eyes.
		if b.voucher != nil && (p.claim != nil || b.voucher.Tool == promo.RegularVoucher || b.standing(p.request) != nil) {
			p.voucher = b.voucher
		}
		p.settle(b.outcomes[i].err)
	}
}
