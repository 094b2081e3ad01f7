package relay_test

import (
	"encoding/base64"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// expectInvalid checks that an argument is refused as invalid input, by its name.
func expectInvalid(t *testing.T, err error, argument string) {
	t.Helper()
	var told *promo.Error
	if !errors.As(err, &told) || told.Code != promo.InvalidInput || told.Message == "" || !slices.Equal(told.Field, []string{argument}) {
		t.Errorf("refused with %#v", err)
	}
}

func TestAPageHas1To100Items(t *testing.T) {
	t.Parallel()
	for first, allowed := range map[int]bool{-1: false, 0: false, 1: true, 20: true, 100: true, 101: false, math.MaxInt32: false} {
		args, err := relay.Args(&first, nil, promo.ShopOrder)
		if !allowed {
			expectInvalid(t, err, "first")
		} else if err != nil || args != (promo.PageArgs{First: first}) {
			t.Errorf("%d became %v, %v", first, args, err)
		}
	}
}

func TestAPageHas20ItemsUnlessAskedOtherwise(t *testing.T) {
	t.Parallel()
	if args, err := relay.Args(nil, nil, promo.ShopOrder); err != nil || args != (promo.PageArgs{First: 20}) {
		t.Errorf("it is %v, %v", args, err)
	}
}

// cursorOf is the cursor that a page of one item shows for a place.
func cursorOf(place promo.Cursor) string {
	page := promo.Page[*promo.Shop]{Items: []*promo.Shop{{}}, Cursors: []promo.Cursor{place}}
	return relay.Connect(page).Edges[0].Cursor
}

func TestCursorsGoThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		place := promo.Cursor{
			Order: rapid.SampledFrom([]string{promo.ShopOrder, promo.ClaimOrder, "promotion:NAME:true"}).Draw(t, "order"),
			// What Postgres holds as text is UTF-8.
			Value:  rapid.String().Filter(utf8.ValidString).Draw(t, "value"),
			Serial: rapid.Int64().Draw(t, "serial"),
		}
		cursor := cursorOf(place)
		args, err := relay.Args(nil, &cursor, place.Order)
		if err != nil || args.After != place {
			t.Fatalf("%v came back as %v, %v", place, args.After, err)
		}
	})
}

func TestACursorBelongsToOneOrder(t *testing.T) {
	t.Parallel()
	orders := []string{promo.ShopOrder, promo.ProductOrder, promo.ClaimOrder}
	for _, field := range []promo.PromotionOrderField{promo.ByCreatedAt, promo.ByStartsAt, promo.ByEndsAt, promo.ByName} {
		for _, descending := range []bool{false, true} {
			orders = append(orders, promo.PromotionOrder{Field: field, Descending: descending}.String())
		}
	}
	for i, order := range orders {
		cursor := cursorOf(promo.Cursor{Order: order, Value: "x", Serial: 1})
		for j, other := range orders {
			_, err := relay.Args(nil, &cursor, other)
			if i != j {
				expectInvalid(t, err, "after")
			} else if err != nil {
				t.Errorf("a cursor of %s is refused there: %v", order, err)
			}
		}
	}
}

func TestACursorThatWasNeverGivenIsInvalid(t *testing.T) {
	t.Parallel()
	const good = `{"v":1,"o":"shop:name","k":"x","s":1}`
	if cursor := encoded(good); cursor != cursorOf(promo.Cursor{Order: promo.ShopOrder, Value: "x", Serial: 1}) {
		t.Fatalf("a cursor is not %s", good)
	}
	for name, cursor := range map[string]string{
		"empty":             "",
		"no base64":         "%%%",
		"padded":            base64.URLEncoding.EncodeToString([]byte(good + " ")),
		"truncated":         encoded(good)[:30],
		"no JSON":           encoded("shop:name"),
		"null":              encoded("null"),
		"something after":   encoded(good + good),
		"no version":        encoded(`{"o":"shop:name","k":"x","s":1}`),
		"another version":   encoded(`{"v":2,"o":"shop:name","k":"x","s":1}`),
		"serial of text":    encoded(`{"v":1,"o":"shop:name","k":"x","s":"1"}`),
		"serial too large":  encoded(`{"v":1,"o":"shop:name","k":"x","s":9223372036854775808}`),
		"fractional serial": encoded(`{"v":1,"o":"shop:name","k":"x","s":1.5}`),
		"an id":             relay.ID(promo.Key{Kind: promo.KindShop, Shop: 1}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := relay.Args(nil, &cursor, promo.ShopOrder)
			expectInvalid(t, err, "after")
		})
	}
}

func TestAConnectionIsThePageItIsMadeOf(t *testing.T) {
	t.Parallel()
	shops := []*promo.Shop{{ID: 1, Name: "a"}, {ID: 2, Name: "b"}, {ID: 3, Name: "c"}}
	page := promo.Page[*promo.Shop]{Items: shops, HasNext: true}
	for _, s := range shops {
		page.Cursors = append(page.Cursors, promo.Cursor{Order: promo.ShopOrder, Value: s.Name, Serial: int64(s.ID)})
	}
	c := relay.Connect(page)
	if !slices.Equal(c.Nodes(), shops) {
		t.Errorf("the nodes are %v", c.Nodes())
	}
	for i, edge := range c.Edges {
		if edge.Node != shops[i] || edge.Cursor != cursorOf(page.Cursors[i]) {
			t.Errorf("edge %d is %v", i, edge)
		}
	}
	want := relay.PageInfo{HasNextPage: true, StartCursor: &c.Edges[0].Cursor, EndCursor: &c.Edges[2].Cursor}
	if !reflect.DeepEqual(c.PageInfo, want) {
		t.Errorf("the page info is %+v", c.PageInfo)
	}
}

func TestAnEmptyPageHasNoCursors(t *testing.T) {
	t.Parallel()
	c := relay.Connect(promo.Page[*promo.Shop]{HasPrevious: true})
	if c.Edges == nil || c.Nodes() == nil || len(c.Edges) != 0 || c.PageInfo != (relay.PageInfo{HasPreviousPage: true}) {
		t.Errorf("the connection is %+v", c)
	}
}

func FuzzArgs(f *testing.F) {
	f.Add(20, "", promo.ShopOrder)
	f.Add(0, "%%%", promo.ShopOrder)
	f.Add(100, cursorOf(promo.Cursor{Order: promo.ShopOrder, Value: "x", Serial: 1}), promo.ShopOrder)
	f.Add(101, cursorOf(promo.Cursor{Order: promo.ClaimOrder, Value: "\x00<&>\u2028", Serial: -1}), promo.ClaimOrder)
	f.Add(1, encoded(`{"v":1}`), "")
	f.Add(1, encoded(`[[[[`), promo.ShopOrder)
	f.Fuzz(func(t *testing.T, first int, after, order string) {
		args, err := relay.Args(&first, &after, order)
		var told *promo.Error
		switch {
		case err != nil && (!errors.As(err, &told) || told.Code != promo.InvalidInput):
			t.Errorf("refused with %#v", err)
		case err == nil && (args.First < 1 || args.First > 100 || args.After.Order != order):
			t.Errorf("read as %+v", args)
		}
	})
}
