package warehouse

import (
	"errors"
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

// january and march lie in different partitions.
var (
	january = time.Date(2024, 1, 31, 12, 0, 0, 0, time.UTC)
	march   = time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
)

// overTwoMonths are six facts, three in each of two partitions.
func overTwoMonths() []fact { return append(claims(3, january), claims(3, march)...) }

func TestFactsArriveOnceAndInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	// What happened first is written last: facts are delivered as they were written.
	write(t, b.owner, b.shop, claims(3, march)...)
	write(t, b.owner, b.other, claims(2, march)...)
	must(t, b.deliver(t))
	write(t, b.owner, b.shop, claims(4, march.Add(-time.Hour))...)
	must(t, b.deliver(t))
	must(t, b.deliver(t))
	b.exactlyOnce(t)
	equal(t, b.count(t, "count() = 9 and arraySort(groupArray((tx, id))) = groupArray((tx, id))",
		"(select * from facts order by batch, tx, id)"), 1)
}

func TestEveryColumnAndEveryKindArrives(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, fact{promo.FactLine, march.Add(123456 * time.Microsecond), promo.Fact{
		Promotions: []int64{5, 4}, Tools: []string{"LIVE_VOUCHER", "CHAT_COUPON"}, Buyer: 11, Order: 12, Channel: "LIVE", Product: 13,
		Livestream: 14, Account: 15, Distribution: 16, Task: promo.WatchTask, WatchSeconds: 86400, Agent: "AGENT:amy",
		Category: "Tea & 茶", Quantity: -2, Revenue: 1234567, ItemDiscount: 1, VoucherDiscount: -99, Subsidy: 100, Until: january.UnixMicro(),
	}})
	write(t, b.owner, b.other, fact{promo.FactLine, march, promo.Fact{Revenue: 1234567}})
	for _, kind := range promo.FactKinds {
		write(t, b.owner, b.other, fact{kind, march, promo.Fact{Promotions: []int64{1}, Tools: []string{"LIVE_VOUCHER"}, Name: "A"}})
	}
	must(t, b.deliver(t))
	b.exactlyOnce(t)
	equal(t, b.count(t, "uniqExact(kind)", "facts"), len(promo.FactKinds)-1)
	equal(t, b.count(t, "count()", "promotions where name = 'A'"), 1)
	var got string
	must(t, b.conn.QueryRow(t.Context(), `
		select toString((kind, at, promotions, tools, buyer_id, order_id, product_id, category, channel, quantity, currency,
			revenue, item_discount, voucher_discount, subsidy, valid_to, livestream_id, account_id, distribution_id, task, watch_seconds, agent))
		from facts where buyer_id = 11`).Scan(&got))
	equal(t, got, `('line','2024-03-01 00:00:00.123456',[5,4],['LIVE_VOUCHER','CHAT_COUPON'],11,12,13,'Tea & 茶','LIVE',-2,'USD',`+
		`12345.67,0.01,-0.99,1,'2024-01-31 12:00:00.000000',14,15,16,'WATCH',86400,'AGENT:amy')`)
	equal(t, b.count(t, "count()", "facts where currency = 'JPY' and revenue = 1234567 and empty(promotions)"), 1)
}

func TestOneManifestHasABatchForEachMonth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, append(overTwoMonths(), claims(1, january.AddDate(-1, 0, 0))...)...)
	b.crashAt("after Cut")
	if err := b.deliver(t); !errors.Is(err, errCrash) {
		t.Fatalf("got %v", err)
	}
	rows, err := b.owner.Query(`select partition, rows from manifest_batches order by partition`)
	must(t, err)
	defer rows.Close()
	var got [][2]int
	for rows.Next() {
		var batch [2]int
		must(t, rows.Scan(&batch[0], &batch[1]))
		got = append(got, batch)
	}
	equal(t, got, [][2]int{{202301, 1}, {202401, 3}, {202403, 3}})
	b.crashAt("")
	must(t, b.deliver(t))
	b.exactlyOnce(t)
}

func TestManyManifests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	steps := 0
	b.inSmallSteps(func() { steps++ })
	write(t, b.owner, b.shop, append(claims(10, january), overTwoMonths()...)...)
	must(t, b.deliver(t))
	b.exactlyOnce(t)
	if steps < 4 { // more if another test's transaction held some facts back
		t.Errorf("16 facts in %d steps", steps)
	}
}

// withoutSecondLine makes ClickHouse take the same batch twice: what keeps facts single is the manifest alone.
const withoutSecondLine = "alter table facts modify setting non_replicated_deduplication_window = 0"

func TestAfterACrashEveryFactIsThereOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(t, withoutSecondLine)
	for _, point := range []string{
		"after Cut", "after an insert, before Done", "after Done", "before Advance", "after Advance",
	} {
		write(t, b.owner, b.shop, overTwoMonths()...)
		b.crashAt(point)
		// Again and again: to settle a range can crash, too.
		for range 3 {
			if err := b.deliver(t); err != nil && !errors.Is(err, errCrash) {
				t.Fatalf("%s: %v", point, err)
			}
		}
		b.crashAt("")
		write(t, b.owner, b.shop, claims(1, march)...)
		must(t, b.deliver(t))
		t.Log(point)
		b.exactlyOnce(t)
	}
}

func TestAfterABrokenWireEveryFactIsThereOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(t, withoutSecondLine)
	for _, c := range []struct {
		name          string
		lost, unheard int64
	}{
		{name: "the first insert never arrives", lost: 1},
		{name: "the second insert never arrives", lost: 2},
		{name: "the first insert arrives and is reported as failed", unheard: 1},
		{name: "the second insert arrives and is reported as failed", unheard: 2},
		{name: "one is lost, and the next is reported as failed", lost: 1, unheard: 2},
		{name: "one is reported as failed, and the next is lost", unheard: 1, lost: 2},
	} {
		broken := b.overWire(t, c.lost, c.unheard)
		write(t, b.owner, b.shop, overTwoMonths()...)
		err := broken.deliver(t)
		if !errors.Is(err, errWire) {
			t.Fatalf("%s: %v", c.name, err)
		}
		for errors.Is(err, errWire) {
			err = broken.deliver(t)
		}
		must(t, err)
		t.Log(c.name)
		b.exactlyOnce(t)
	}
}

// halfArrived is a warehouse whose last batch arrived and was not recorded, and of which somebody then deleted rows.
func halfArrived(t *testing.T, deleted string) *bundle {
	t.Helper()
	b := setup(t)
	write(t, b.owner, b.shop, claims(3, march)...)
	b.crashAt("before Advance")
	if err := b.deliver(t); !errors.Is(err, errCrash) {
		t.Fatalf("got %v", err)
	}
	b.crashAt("")
	b.exec(t, "alter table facts delete where "+deleted+" settings mutations_sync = 1")
	write(t, b.owner, b.shop, claims(3, january)...)
	return b
}

func TestABatchThatIsNotWholeStopsDelivery(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deleted string
		found   uint64
	}{
		"a row is gone": {"buyer_id = 2", 2},
		// To insert it again would be taken for a repetition.
		"all rows are gone": {"true", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := halfArrived(t, c.deleted)
			for range 2 {
				batch, ok := errors.AsType[*BatchError](b.deliver(t))
				if !ok || batch.Found != c.found || batch.Batch.Rows != 3 {
					t.Fatalf("got %v", batch)
				}
			}
			equal(t, b.count(t, "count()", "facts"), int(c.found))
			must(t, b.Rebuild(t.Context(), func(int64, int64) {}))
			must(t, b.deliver(t))
			b.exactlyOnce(t)
		})
	}
}

func TestABatchThatIsThereTwiceStopsDelivery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, claims(3, march)...)
	b.crashAt("before Advance")
	if err := b.deliver(t); !errors.Is(err, errCrash) {
		t.Fatalf("got %v", err)
	}
	b.crashAt("")
	b.exec(t, withoutSecondLine)
	b.exec(t, "insert into facts select * from facts")
	if batch, ok := errors.AsType[*BatchError](b.deliver(t)); !ok || batch.Found != 6 {
		t.Fatalf("got %v", batch)
	}
}

func TestAFactThatCannotBeReadStopsDelivery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, claims(1, march)...)
	_, err := b.owner.Exec(insertFact, b.shop.ID, promo.FactClaim, march, `7`)
	must(t, err)
	for range 2 {
		if err := b.deliver(t); err == nil || !strings.HasPrefix(err.Error(), "reading fact 2 of transaction ") {
			t.Fatalf("got %v", err)
		}
	}
	equal(t, b.count(t, "count()", "facts"), 0)
}

func TestAFactOfAnUnknownKindStopsDelivery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, fact{"gift", march, promo.Fact{}})
	for range 2 {
		if err := b.deliver(t); err == nil || !strings.Contains(err.Error(), "gift") {
			t.Fatalf("got %v", err)
		}
	}
}

func TestOneRenamedPromotionHasItsLastName(t *testing.T) {
	t.Parallel()
	b := setup(t)
	named := func(name string, version int64) fact {
		return fact{promo.FactPromotion, march, promo.Fact{Promotions: []int64{1}, Tools: []string{"LIVE_VOUCHER"}, Name: name, Version: version}}
	}
	write(t, b.owner, b.shop, named("First", 1), named("Second", 2))
	must(t, b.deliver(t))
	write(t, b.owner, b.shop, append(claims(1, march), named("Third", 3))...)
	must(t, b.deliver(t))
	data, err := b.CoreData(t.Context(), CoreDataParams{
		Shop: b.shop, Period: promo.Period{From: march, To: now}, Granularity: None, GroupBy: []Dimension{ByPromotion}, Limit: 1, OrderBy: "CLAIMS",
	})
	must(t, err)
	equal(t, data.Groups[0].Keys[0].Label, "Third")
}
