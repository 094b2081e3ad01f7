package warehouse

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// What random histories and questions are made of.
var (
	allTools  = []promo.Tool{promo.RegularVoucher, promo.LiveVoucher, promo.ChatCoupon, promo.ToolProductDiscount, promo.ToolFlashDeal}
	channels  = []promo.OrderChannel{promo.OrderStorefront, promo.OrderLive, promo.OrderChat}
	someTiers = []promo.SpendTier{promo.LowTier, promo.MediumTier, promo.HighTier}
	groupings = []Dimension{
		ByTool, ByPromotion, ByProduct, ByCategory, ByChannel, ByAccount, ByLivestream, ByTier, ByWeekday, ByHourOfDay,
	}
	// turns are when clocks and calendars do something odd.
	turns = []struct{ zone, at string }{
		{"America/New_York", "2024-03-10T07:00Z"},    // the clock goes forward
		{"America/New_York", "2023-11-05T06:00Z"},    // and back
		{"Asia/Kathmandu", "2023-12-31T18:15Z"},      // a year ends, 5 hours and 45 minutes ahead
		{"Pacific/Apia", "2011-12-30T10:00Z"},        // a day is left out
		{"Australia/Lord_Howe", "2024-04-06T15:00Z"}, // half an hour back
		{"Europe/Berlin", "2024-02-28T23:00Z"},       // 29 February
	}
)

// randomPromotions are those of a random history: promotion i is of tool (i − 1) % 5. The first six are in two tier groups.
const randomPromotions = 10

func toolNumber(promotion int64) promo.Tool { return allTools[(promotion-1)%5] }

// randomHistory makes some hundred facts around a turn, and around the same time a week and a year before it.
type randomHistory struct {
	*rapid.T
	turn  time.Time
	facts []fact
	// first are the buyers who have bought.
	first map[int64]bool
}

func (h *randomHistory) draw(n int64, what string) int64 {
	return rapid.Int64Range(1, n).Draw(h.T, what)
}

// moment is within eight days of the turn, or of a time that it may be compared with; often right on the hour.
func (h *randomHistory) moment() time.Time {
	at := h.turn
	switch h.draw(6, "when") {
	case 1:
		at = at.AddDate(0, 0, -7)
	case 2:
		at = at.AddDate(-1, 0, 0)
	}
	at = at.Add(time.Duration(h.draw(2*8*24*2, "half hours")-8*24*2) * 30 * time.Minute)
	if h.draw(2, "exactly") == 1 {
		return at
	}
	return at.Add(time.Duration(h.draw(30*60*1_000_000-1, "later")) * time.Microsecond)
}

func (h *randomHistory) add(kind promo.FactKind, at time.Time, f promo.Fact) {
	h.facts = append(h.facts, fact{kind, at, f})
}

// using is a fact that counts for as many promotions.
func (h *randomHistory) using(n int64) (f promo.Fact) {
	for range n {
		if p := h.draw(randomPromotions, "promotion"); !slices.Contains(f.Promotions, p) {
			f.Promotions, f.Tools = append(f.Promotions, p), append(f.Tools, string(toolNumber(p)))
		}
	}
	return f
}

// place puts a fact somewhere: of livestreams, 1 and 2 are account 1's, and 3 is account 2's.
func (h *randomHistory) place(f promo.Fact) promo.Fact {
	f.Channel = string(channels[h.draw(3, "channel")-1])
	if f.Channel == string(promo.OrderLive) {
		f.Livestream = h.draw(3, "livestream")
		f.Account = (f.Livestream + 1) / 2
	}
	return f
}

func (h *randomHistory) promotions() {
	for p := int64(1); p <= randomPromotions; p++ {
		of := promo.Fact{Promotions: []int64{p}, Tools: []string{string(toolNumber(p))}}
		named := of
		named.Name = fmt.Sprint("Promotion ", p)
		if p <= 6 {
			named.TierGroup, named.Tier = "Even", someTiers[p/2%3]
			if p%2 == 1 {
				named.TierGroup = "Odd"
			}
		}
		h.add(promo.FactPromotion, h.turn, named)
		for range h.draw(3, "quantities") {
			of.Quantity = h.draw(50, "quantity")
			h.add(promo.FactQuantity, h.moment(), of)
		}
	}
}

// claim makes a claim that may be redeemed, and whose redemption may be reversed.
func (h *randomHistory) claim() {
	at, f := h.moment(), h.place(h.using(1))
	f.Buyer, f.Quantity, f.Until = h.draw(12, "buyer"), 1, at.Add(time.Duration(h.draw(60, "days"))*24*time.Hour).Truncate(time.Second).UnixMicro()
	h.add(promo.FactClaim, at, f)
	f.Until = 0
	for n := int64(1); n >= -1 && h.draw(2, "redeemed") == 1; n -= 2 {
		f.Quantity = n
		h.add(promo.FactCohort, at, f)
		if n > 0 {
			h.add(promo.FactRedemption, h.moment(), h.place(promo.Fact{Promotions: f.Promotions, Tools: f.Tools, Buyer: f.Buyer, Quantity: n}))
		}
	}
}

// order makes an order whose lines may be taken back.
func (h *randomHistory) order(number int64) {
	at, f := h.moment(), h.place(h.using(h.draw(4, "promotions")-1))
	f.Order, f.Buyer, f.Quantity = number, h.draw(12, "buyer"), 1
	h.add(promo.FactOrder, at, f)
	if !h.first[f.Buyer] {
		h.first[f.Buyer] = h.draw(3, "corrected") > 1
		h.add(promo.FactFirstOrder, at, f)
		if !h.first[f.Buyer] { // an earlier order was imported after it
			f.Quantity = -1
			h.add(promo.FactFirstOrder, at, f)
		}
	}
	for range h.draw(3, "lines") {
		f.Product = h.draw(5, "product")
		f.Category = fmt.Sprintf("It's \\ %d", f.Product%3)
		f.Quantity, f.Revenue, f.ItemDiscount, f.VoucherDiscount = h.draw(4, "items"), h.draw(9999, "revenue"), h.draw(500, "item"), h.draw(300, "voucher")
		h.add(promo.FactLine, at, f)
		if h.draw(3, "taken back") == 1 {
			back := f
			back.Quantity, back.Revenue, back.ItemDiscount, back.VoucherDiscount = -f.Quantity, -f.Revenue, -f.ItemDiscount, -f.VoucherDiscount
			back.OrderedAt = at.UnixMicro()
			h.add(promo.FactReversal, at.Add(time.Duration(h.draw(9*24*60, "minutes"))*time.Minute), back)
		}
	}
}

// randomHistories are of a shop whose time turns.
func randomHistories(turn time.Time) *rapid.Generator[[]fact] {
	return rapid.Custom(func(t *rapid.T) []fact {
		h := &randomHistory{T: t, turn: turn, first: map[int64]bool{}}
		h.promotions()
		for range 40 {
			h.claim()
		}
		for i := range int64(60) {
			h.order(i + 1)
		}
		return h.facts
	})
}

// some draws none (nil) or some of a list.
func some[T any](t *rapid.T, what string, of ...T) []T {
	if rapid.IntRange(0, 3).Draw(t, what+" or any") > 0 {
		return nil
	}
	return rapid.SliceOfN(rapid.SampledFrom(of), 0, 3).Draw(t, what)
}

// randomQuestion asks about some days or hours around the turn.
func randomQuestion(t *rapid.T, shop promo.Shop, turn time.Time) CoreDataParams {
	zone := location(t, shop.TimeZone)
	p := CoreDataParams{
		Shop: shop, TimeZone: shop.TimeZone, Limit: 400, OrderBy: "REVENUE", WithGroupSeries: true,
		Granularity: rapid.SampledFrom([]Granularity{None, Hour, Day, Day, Week, Month}).Draw(t, "granularity"),
		RefundsBy:   rapid.SampledFrom([]RefundBasis{Booked, Ordered}).Draw(t, "refunds"),
		Tools:       some(t, "tools", allTools...),
		Promotions:  some[int64](t, "promotions", 1, 2, 3, 4, 5, 6, 7, 99),
		Products:    some[int64](t, "products", 1, 2, 3, 99),
		Channels:    some(t, "channels", channels...),
		Accounts:    some[int64](t, "accounts", 1, 2),
		Tiers:       some(t, "tiers", someTiers...),
		GroupBy:     rapid.SliceOfNDistinct(rapid.SampledFrom(groupings), 0, 2, rapid.ID).Draw(t, "groups"),
	}
	if rapid.Bool().Draw(t, "compared") {
		p.CompareTo = new(rapid.SampledFrom([]Comparison{PreviousPeriod, SamePeriodLastWeek, SamePeriodLastYear}).Draw(t, "comparison"))
	}
	if rapid.IntRange(0, 3).Draw(t, "of a tier group") == 0 {
		p.TierGroup = new(rapid.SampledFrom([]string{"Even", "Odd", "None"}).Draw(t, "tier group"))
	}
	from := turn.Add(time.Duration(rapid.IntRange(-8*24, 7*24).Draw(t, "from")) * time.Hour)
	to := from.Add(time.Duration(rapid.IntRange(1, 9*24).Draw(t, "hours")) * time.Hour)
	if rapid.Bool().Draw(t, "whole days") {
		from, to = dayOf(from, zone), Day.next(to.In(zone))
	}
	p.Period = promo.Period{From: from, To: to}
	return p
}

func TestReportsAreWhatPlainStatementsTellOfTheLedger(t *testing.T) {
	t.Parallel()
	for i, turn := range turns {
		t.Run(turn.zone+" "+turn.at, func(t *testing.T) {
			t.Parallel()
			b, at := setup(t), instant(t, turn.at)
			shop := b.addShop(t, turn.zone, "USD")
			facts := randomHistories(at).Example(i)
			write(t, b.owner, shop, facts...)
			write(t, b.owner, b.other, facts...)
			must(t, b.deliver(t))
			_, err := b.owner.Exec(tellFacts)
			must(t, err)
			rapid.Check(t, func(r *rapid.T) {
				o := oracle{r, b.owner, randomQuestion(r, shop, at)}
				b.takeForLarge(shop, rapid.Bool().Draw(r, "large"))
				o.hold(t.Context(), b.Warehouse)
			})
		})
	}
}

// ask asks the warehouse.
func (o oracle) ask(ctx context.Context, w *Warehouse) *CoreData {
	data, err := w.CoreData(ctx, o.CoreDataParams)
	if err != nil {
		o.t.Fatal(err)
	}
	return data
}

// hold holds every number of an answer against the ledger's.
func (o oracle) hold(ctx context.Context, w *Warehouse) {
	data := o.ask(ctx, w)
	o.same("totals", data.Totals, o.Period, nil)
	o.sameSeries("series", data.Series, nil)
	if o.CompareTo != nil {
		o.holdPrevious(ctx, w, data)
	}
	for _, i := range sampled(len(data.Groups)) {
		g, group := data.Groups[i], map[Dimension]string{}
		for _, k := range g.Keys {
			group[k.Dimension] = valueOf(k)
		}
		o.same("a group", g.Metrics, o.Period, group)
		o.sameSeries("a group's series", g.Series, group)
		if o.CompareTo != nil {
			o.same("a group before", *g.Previous, o.previous().Period, group)
		}
	}
	o.holdNumberOfGroups(data.Groups)
}

// previous asks only for the period that is compared with.
func (o oracle) previous() oracle {
	o.Period, o.CompareTo, o.GroupBy = o.CompareTo.earlier(o.Period, location(o.t, o.TimeZone)), nil, nil
	return o
}

// holdPrevious holds what a comparison tells of the earlier period against a question for that period alone.
func (o oracle) holdPrevious(ctx context.Context, w *Warehouse, data *CoreData) {
	before := o.previous()
	before.same("previous", *data.Previous, before.Period, nil)
	if !before.Period.Valid() {
		return // local hours that a clock left out are no period to ask for
	}
	alone := before.ask(ctx, w)
	if shown(*data.Previous) != shown(alone.Totals) || len(data.PreviousSeries) != len(alone.Series) {
		o.t.Errorf("the previous period is\n%s, and asked for alone\n%s", shown(*data.Previous), shown(alone.Totals))
	}
	before.sameSeries("previous series", data.PreviousSeries, nil)
}

func (o oracle) same(what string, got CoreMetrics, p promo.Period, group map[Dimension]string) {
	if want := o.tell(p, group); shown(got) != want.String() {
		o.t.Errorf("%s %v of %v:\n got %s\nwant %s", what, group, p, shown(got), want)
	}
}

func (o oracle) sameSeries(what string, series []Point, group map[Dimension]string) {
	for _, i := range sampled(len(series)) {
		o.same(what, series[i].Metrics, series[i].Period, group)
	}
}

// sampled are a few places of a list, its first and its last among them.
func sampled(n int) (places []int) {
	for i := 0; i < n; i += max(1, (n-1)/2) {
		places = append(places, i)
	}
	return places
}

// valueOf is what a group's key is in the ledger.
func valueOf(k GroupKey) string {
	if k.Key != nil {
		return strconv.FormatInt(k.Key.Serial, 10)
	}
	switch k.Dimension {
	case ByTool:
		return labelled(toolLabels, k.Label)
	case ByChannel:
		return labelled(channelLabels, k.Label)
	case ByTier:
		group, tier, _ := strings.Cut(k.Label, ": ")
		if tier == "" {
			return labelled(tierLabels, k.Label)
		}
		return group + ": " + labelled(tierLabels, tier)
	case ByWeekday:
		for day := time.Sunday; day <= time.Saturday; day++ {
			if day.String() == k.Label {
				return strconv.Itoa((int(day)+6)%7 + 1)
			}
		}
	case ByHourOfDay:
		hour, _ := strconv.Atoi(k.Label[:2])
		return strconv.Itoa(hour)
	}
	return k.Label
}

func labelled[K ~string](labels map[K]string, label string) string {
	for value, l := range labels {
		if l == label {
			return string(value)
		}
	}
	return ""
}

// toldGroups counts the groups that facts of the range are in.
const toldGroups = toldFacts + `
select count(*) from (
    select distinct %s
    from counted c
        left join lateral (select p.id, p.tool from unnest(c.promotions, c.tools) as p (id, tool)) p on true
        left join tiers t on t.shop_id = c.shop_id and t.promotion = p.id
    where moment < $3 and (moment >= $2 or kind = 'quantity') and %s
) g`

func (o oracle) holdNumberOfGroups(groups []Group) {
	if len(o.GroupBy) == 0 {
		return
	}
	promotion, whole := o.filters()
	keys, has := []string{}, []string{promotion, whole, "p.id is not null"}
	for _, d := range o.GroupBy {
		if !slices.Contains(ofPromotions, d) {
			has = append(has, "kind <> 'quantity'")
		}
		keys, has = append(keys, o.key(d)), append(has, o.key(d)+" is not null")
	}
	var n int
	err := o.owner.QueryRow(fmt.Sprintf(toldGroups, strings.Join(keys, ", "), strings.Join(has, " and ")),
		o.Shop.ID, o.Period.From, o.Period.To, o.RefundsBy == Ordered).Scan(&n)
	if err != nil {
		o.t.Fatal(err)
	}
	if n != len(groups) {
		o.t.Errorf("%d groups by %v, want %d", len(groups), o.GroupBy, n)
	}
}
