package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

// outboxRow is a fact with the names of what its body has the numbers of.
type outboxRow struct {
	Kind     string
	At       time.Time
	Payload  []byte
	Vouchers string
	Buyer    string
	Order    string `db:"order_number"`
	Product  string
}

const outboxRows = `
select o.kind, o.at, o.payload,
    coalesce((select string_agg(p.external_id, '+' order by n.place)
        from json_array_elements_text(o.payload -> 'promotions') with ordinality as n (id, place)
        join promotions p on p.shop_id = o.shop_id and p.id = n.id::bigint), '') as vouchers,
    coalesce((select external_id from buyers where id = (o.payload ->> 'buyer')::bigint), '') as buyer,
    coalesce((select order_number from orders where shop_id = o.shop_id and id = (o.payload ->> 'order')::bigint), '') as order_number,
    coalesce((select sku from products where shop_id = o.shop_id and id = (o.payload ->> 'product')::bigint), '') as product
from outbox o
order by o.tx, o.id
offset $1`

// facts writes the outbox's facts as lines, with names for numbers. Every body must be a promo.Fact as Go would write it:
// no other field, and none that is zero.
func (b *testBundle) facts(after int) []string {
	b.t.Helper()
	var rows []outboxRow
	if err := b.db.Select(&rows, outboxRows, after); err != nil {
		b.t.Fatal(err)
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		f := decodeFact(b.t, r.Payload)
		checkSpelling(b.t, r.Payload, f)
		lines[i] = r.line(f)
	}
	return lines
}

func decodeFact(t *testing.T, payload []byte) promo.Fact {
	t.Helper()
	var f promo.Fact
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return f
}

// checkSpelling fails the test if Go would write the fact in other fields.
func checkSpelling(t *testing.T, payload []byte, f promo.Fact) {
	t.Helper()
	again, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]any
	if err := errors.Join(json.Unmarshal(payload, &got), json.Unmarshal(again, &want)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the fact %s should be written as %s", payload, again)
	}
}

func (r outboxRow) line(f promo.Fact) string {
	words := []string{r.Kind, r.At.UTC().Format("01-02T15:04")}
	add := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" && s != "0" {
			words = append(words, name+"="+s)
		}
	}
	add("vouchers", r.Vouchers)
	add("tools", strings.Join(f.Tools, "+"))
	add("buyer", r.Buyer)
	add("order", r.Order)
	add("channel", f.Channel)
	add("product", r.Product)
	add("category", f.Category)
	add("quantity", f.Quantity)
	add("revenue", f.Revenue)
	add("item", f.ItemDiscount)
	add("voucher", f.VoucherDiscount)
	add("subsidy", f.Subsidy)
	if f.Until != 0 {
		add("until", time.UnixMicro(f.Until).UTC().Format("01-02T15:04"))
	}
	add("name", f.Name)
	add("version", f.Version)
	add("actor", f.Actor)
	return strings.Join(words, " ")
}
