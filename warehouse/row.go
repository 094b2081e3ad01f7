package warehouse

import (
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

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
	livestream      []uint64
	account         []uint64
	distribution    []uint64
	task            []string
	watchSeconds    []uint32
	agent           []string
	quantity        []int64
	currency        []string
	revenue         []decimal.Decimal
	itemDiscount    []decimal.Decimal
	voucherDiscount []decimal.Decimal
	subsidy         []decimal.Decimal
	validTo         []time.Time
	orderedAt       []time.Time
	localDay        []time.Time
	orderedDay      []time.Time
	tx              []uint64
	id              []uint64
}

func newRows(n int) *rows {
	return &rows{
		shop: make([]uint64, 0, n), kind: make([]string, 0, n), at: make([]time.Time, 0, n),
		promotions: make([][]uint64, 0, n), tools: make([][]string, 0, n),
		buyer: make([]uint64, 0, n), order: make([]uint64, 0, n), product: make([]uint64, 0, n),
		category: make([]string, 0, n), channel: make([]string, 0, n),
		livestream: make([]uint64, 0, n), account: make([]uint64, 0, n), distribution: make([]uint64, 0, n), task: make([]string, 0, n),
		watchSeconds: make([]uint32, 0, n), agent: make([]string, 0, n), quantity: make([]int64, 0, n),
		currency: make([]string, 0, n), revenue: make([]decimal.Decimal, 0, n), itemDiscount: make([]decimal.Decimal, 0, n),
		voucherDiscount: make([]decimal.Decimal, 0, n), subsidy: make([]decimal.Decimal, 0, n), validTo: make([]time.Time, 0, n), orderedAt: make([]time.Time, 0, n),
		localDay: make([]time.Time, 0, n), orderedDay: make([]time.Time, 0, n),
		tx: make([]uint64, 0, n), id: make([]uint64, 0, n),
	}
}

func (r *rows) len() int { return len(r.id) }

// add appends a fact whose shop trades in a currency.
func (r *rows) add(f promo.RecordedFact, body *promo.Fact, c currency) {
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
	r.livestream = append(r.livestream, uint64(body.Livestream))
	r.account = append(r.account, uint64(body.Account))
	r.distribution = append(r.distribution, uint64(body.Distribution))
	r.task = append(r.task, string(body.Task))
	r.watchSeconds = append(r.watchSeconds, uint32(body.WatchSeconds))
	r.agent = append(r.agent, body.Agent)
	r.quantity = append(r.quantity, body.Quantity)
	r.currency = append(r.currency, c.code)
	r.revenue = append(r.revenue, amount(body.Revenue, c.digits))
	r.itemDiscount = append(r.itemDiscount, amount(body.ItemDiscount, c.digits))
	r.voucherDiscount = append(r.voucherDiscount, amount(body.VoucherDiscount, c.digits))
	r.subsidy = append(r.subsidy, amount(body.Subsidy, c.digits))
	r.validTo = append(r.validTo, time.UnixMicro(body.Until).UTC())
	orderedAt, day := time.UnixMicro(body.OrderedAt).UTC(), localDay(f.At, c.zone)
	r.orderedAt, r.localDay, r.orderedDay = append(r.orderedAt, orderedAt), append(r.localDay, day), append(r.orderedDay, day)
	if f.Kind == promo.FactReversal {
		r.orderedDay[len(r.orderedDay)-1] = localDay(orderedAt, c.zone)
	}
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
		r.shop, r.kind, r.at, r.promotions, r.tools, r.buyer, r.order, r.product, r.category, r.channel,
		r.livestream, r.account, r.distribution, r.task, r.watchSeconds, r.agent, r.quantity, r.currency,
		r.revenue, r.itemDiscount, r.voucherDiscount, r.subsidy, r.validTo, r.orderedAt,
		r.localDay, r.orderedDay, r.tx, r.id, batches,
	}
}

// currency is what a fact needs to know of its shop.
type currency struct {
	code   string
	digits int32
	zone   *time.Location
}

func unsigned(n []int64) []uint64 {
	if len(n) == 0 {
		return nil
	}
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

// partitionOf is what a fact is delivered with: the others of the month of its own time. A month lies in one partition of the table,
// be it by month or by year, and only within one is an insert atomic.
func partitionOf(at time.Time) int {
	at = at.UTC()
	return at.Year()*100 + int(at.Month())
}

// promotionRow is a promotion as it became.
type promotionRow struct {
	Shop uint64
	ID   uint64
	Tool string
	Name string
	// TierGroup and Tier are empty if it is in no group.
	TierGroup, Tier string
	// Version is the fact's number. Facts of a promotion are written behind its lock, so the last one has the highest;
	// transactions are numbered before they wait for the lock, and the order of delivery may be another.
	Version uint64
}

// cargo is a range of facts, ready for the warehouse.
type cargo struct {
	to         promo.Position
	facts      int
	partitions map[int]*rows
	promotions []promotionRow
}

// rows counts the rows of each partition.
func (c *cargo) rows() map[int]int {
	counts := map[int]int{}
	for p, r := range c.partitions {
		counts[p] = r.len()
	}
	return counts
}

// pack turns a range of recorded facts into rows. A fact that cannot be read stops the stream: skipping it would make
// every later number quietly wrong.
func pack(facts []promo.RecordedFact, currencies map[promo.ShopID]currency) (*cargo, error) {
	bodies, err := decode(facts)
	if err != nil {
		return nil, err
	}
	c := &cargo{to: facts[len(facts)-1].Position, facts: len(facts), partitions: room(facts)}
	for i, f := range facts {
		body := &bodies[i]
		if f.Kind == promo.FactPromotion {
			c.promotions = append(c.promotions, promotionRow{
				Shop: uint64(f.Shop), ID: uint64(body.Promotions[0]), Tool: body.Tools[0], Name: body.Name,
				TierGroup: body.TierGroup, Tier: string(body.Tier), Version: uint64(f.ID),
			})
			continue
		}
		c.partitions[partitionOf(f.At)].add(f, body, currencies[f.Shop])
	}
	return c, nil
}

// room makes room for the facts of each partition, once.
func room(facts []promo.RecordedFact) map[int]*rows {
	counts := map[int]int{}
	for _, f := range facts {
		if f.Kind != promo.FactPromotion {
			counts[partitionOf(f.At)]++
		}
	}
	partitions := map[int]*rows{}
	for p, n := range counts {
		partitions[p] = newRows(n)
	}
	return partitions
}

// decode reads the bodies of facts, on every core: it is most of the work of delivering them.
func decode(facts []promo.RecordedFact) ([]promo.Fact, error) {
	bodies := make([]promo.Fact, len(facts))
	share := (len(facts) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	var group errgroup.Group
	for from := 0; from < len(facts); from += share {
		group.Go(func() error {
			for i := from; i < min(from+share, len(facts)); i++ {
				if err := read(facts[i], &bodies[i]); err != nil {
					return fmt.Errorf("reading fact %d of transaction %d: %w", facts[i].ID, facts[i].Tx, err)
				}
			}
			return nil
		})
	}
	return bodies, group.Wait()
}

// read gives the body of a fact, fit for the reports: they take promotions and tools in pairs.
func read(f promo.RecordedFact, body *promo.Fact) error {
	if err := json.Unmarshal(f.Payload, body); err != nil {
		return err
	}
	if len(body.Tools) != len(body.Promotions) {
		return fmt.Errorf("it has %d promotions and %d tools", len(body.Promotions), len(body.Tools))
	}
	if f.Kind == promo.FactPromotion && len(body.Promotions) != 1 {
		return fmt.Errorf("it tells of %d promotions, not of one", len(body.Promotions))
	}
	return nil
}
