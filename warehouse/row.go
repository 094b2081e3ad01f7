package warehouse

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// rows are facts on their way into one partition, column by column as the insert wants them.
type rows struct {
	shop            []uint64
	kind            []string
	at              []time.Time
	promotions      [][]uint64
	tools           [][]string
	buyer           []uint64
	order           []uint64
	product         []uint64
	category        []string
	channel         []string
	quantity        []int64
	currency        []string
	revenue         []decimal.Decimal
	itemDiscount    []decimal.Decimal
	voucherDiscount []decimal.Decimal
	subsidy         []decimal.Decimal
	validTo         []time.Time
	tx              []uint64
	id              []uint64
}

func (r *rows) len() int { return len(r.id) }

// add appends a fact of a shop.
func (r *rows) add(f promo.RecordedFact, body *promo.Fact, shop promo.Shop) {
	digits := shop.Currency.Digits()
	r.shop = append(r.shop, uint64(f.Shop))
	r.kind = append(r.kind, string(f.Kind))
	r.at = append(r.at, f.At.UTC())
	r.promotions = append(r.promotions, unsigned(body.Promotions))
	r.tools = append(r.tools, body.Tools)
	r.buyer = append(r.buyer, uint64(body.Buyer))
	r.order = append(r.order, uint64(body.Order))
	r.product = append(r.product, uint64(body.Product))
	r.category = append(r.category, body.Category)
	r.channel = append(r.channel, body.Channel)
	r.quantity = append(r.quantity, body.Quantity)
	r.currency = append(r.currency, string(shop.Currency))
	r.revenue = append(r.revenue, amount(body.Revenue, digits))
	r.itemDiscount = append(r.itemDiscount, amount(body.ItemDiscount, digits))
	r.voucherDiscount = append(r.voucherDiscount, amount(body.VoucherDiscount, digits))
	r.subsidy = append(r.subsidy, amount(body.Subsidy, digits))
	r.validTo = append(r.validTo, time.UnixMicro(body.Until).UTC())
	r.tx = append(r.tx, f.Tx)
	r.id = append(r.id, uint64(f.ID))
}

// columns are in the order of insertFacts; the batch's number comes last.
func (r *rows) columns(batch int64) []any {
	batches := make([]uint64, r.len())
	for i := range batches {
		batches[i] = uint64(batch)
	}
	return []any{
		r.shop, r.kind, r.at, r.promotions, r.tools, r.buyer, r.order, r.product, r.category, r.channel, r.quantity, r.currency,
		r.revenue, r.itemDiscount, r.voucherDiscount, r.subsidy, r.validTo, r.tx, r.id, batches,
	}
}

func unsigned(n []int64) []uint64 {
	u := make([]uint64, len(n))
	for i, x := range n {
		u[i] = uint64(x)
	}
	return u
}

// amount turns minor units into units. Most facts have no amounts: zero costs nothing.
func amount(minor int64, digits int32) decimal.Decimal {
	if minor == 0 {
		return decimal.Decimal{}
	}
	return decimal.New(minor, -digits)
}

// partitionOf is the partition of facts that a fact belongs to: the month of its own time.
func partitionOf(at time.Time) int {
	at = at.UTC()
	return at.Year()*100 + int(at.Month())
}

// promotionRow is a promotion as it became.
type promotionRow struct {
	Shop    uint64
	ID      uint64
	Tool    string
	Name    string
	Version uint64
}

// cargo is a range of facts, ready for the warehouse.
type cargo struct {
	partitions map[int]*rows
	promotions []promotionRow
}

// pack turns a range of recorded facts into rows. A fact that cannot be read stops the stream: skipping it would make
// every later number quietly wrong.
func pack(facts []promo.RecordedFact, shops map[promo.ShopID]promo.Shop) (*cargo, error) {
	c := &cargo{partitions: map[int]*rows{}}
	for _, f := range facts {
		var body promo.Fact
		if err := json.Unmarshal(f.Payload, &body); err != nil {
			return nil, fmt.Errorf("reading fact %d of transaction %d: %w", f.ID, f.Tx, err)
		}
		if f.Kind == promo.FactPromotion {
			c.promotions = append(c.promotions, promotionRow{
				Shop: uint64(f.Shop), ID: uint64(body.Promotions[0]), Tool: body.Tools[0], Name: body.Name, Version: uint64(body.Version),
			})
			continue
		}
		p := partitionOf(f.At)
		if c.partitions[p] == nil {
			c.partitions[p] = &rows{}
		}
		c.partitions[p].add(f, &body, shops[f.Shop])
	}
	return c, nil
}
