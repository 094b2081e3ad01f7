package relay_test

import (
	"encoding/base64"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

var kinds = []promo.Kind{promo.KindShop, promo.KindProduct, promo.KindBuyer, promo.KindVoucher, promo.KindClaim}

func keys(t *rapid.T) promo.Key {
	return promo.Key{
		Kind:   rapid.SampledFrom(kinds).Draw(t, "kind"),
		Shop:   promo.ShopID(rapid.Int64().Draw(t, "shop")),
		Serial: rapid.Int64().Draw(t, "serial"),
	}
}

func TestIDsGoThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := keys(t)
		if got, err := relay.Key(relay.ID(want)); err != nil || got != want {
			t.Fatalf("%v came back as %v, %v", want, got, err)
		}
	})
}

func TestDifferentKeysHaveDifferentIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := keys(t), keys(t)
		if (relay.ID(a) == relay.ID(b)) != (a == b) {
			t.Fatalf("%v is %s, %v is %s", a, relay.ID(a), b, relay.ID(b))
		}
	})
}

func TestAnIDIsOnlyGoodForItsKind(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		for _, other := range kinds {
			want := promo.Key{Kind: other, Shop: 1, Serial: 2}
			got, err := relay.KeyOf(kind, relay.ID(want))
			if kind == other && (err != nil || got != want) {
				t.Errorf("as a %s, %v came back as %v, %v", kind, want, got, err)
			}
			if kind != other && (!errors.Is(err, promo.ErrNotFound) || got != promo.Key{}) {
				t.Errorf("as a %s, %v is %v, %v", kind, want, got, err)
			}
		}
	}
}

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func TestAnIDThatWasNeverGivenIsNotFound(t *testing.T) {
	t.Parallel()
	good := relay.ID(promo.Key{Kind: promo.KindVoucher, Shop: 1, Serial: 2}) // Voucher:1:2
	if good != encoded("Voucher:1:2") {
		t.Fatalf("the id is %s", good)
	}
	for name, id := range map[string]string{
		"empty":                    "",
		"no base64":                "%%%",
		"padded":                   base64.URLEncoding.EncodeToString([]byte("Voucher:1:2")),
		"line break ignored":       good[:4] + "\n" + good[4:],
		"carriage return ignored":  good + "\r",
		"bits after the last byte": good[:len(good)-1] + "J", // the last character has two bits too many
		"plain text":               "Voucher:1:2",
		"kind only":                encoded("Voucher"),
		"no serial":                encoded("Voucher:1"),
		"empty serial":             encoded("Voucher:1:"),
		"empty shop":               encoded("Voucher::2"),
		"a part more":              encoded("Voucher:1:2:3"),
		"leading zero in shop":     encoded("Voucher:01:2"),
		"leading zero in serial":   encoded("Voucher:1:02"),
		"plus in shop":             encoded("Voucher:+1:2"),
		"plus in serial":           encoded("Voucher:1:+2"),
		"minus zero":               encoded("Voucher:1:-0"),
		"space":                    encoded("Voucher:1: 2"),
		"underscore":               encoded("Voucher:1:1_000"),
		"hexadecimal":              encoded("Voucher:1:0x2"),
		"decimal point":            encoded("Voucher:1:2.0"),
		"more than 64 bits":        encoded("Voucher:1:9223372036854775808"),
		"other digits":             encoded("Voucher:1:٢"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if key, err := relay.Key(id); !errors.Is(err, promo.ErrNotFound) || key != (promo.Key{}) {
				t.Errorf("%q is %v, %v", id, key, err)
			}
		})
	}
}

func TestATruncatedIDIsNotFoundOrAnother(t *testing.T) {
	t.Parallel()
	whole := promo.Key{Kind: promo.KindVoucher, Shop: math.MaxInt64, Serial: math.MinInt64}
	id := relay.ID(whole)
	for n := range len(id) {
		key, err := relay.Key(id[:n])
		if !errors.Is(err, promo.ErrNotFound) && relay.ID(key) != id[:n] || key == whole {
			t.Errorf("the first %d characters are %v, %v", n, key, err)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add("")
	f.Add("%%%")
	f.Add(relay.ID(promo.Key{Kind: promo.KindVoucher, Shop: 1, Serial: 2}))
	f.Add(encoded("Voucher:+1:02"))
	f.Add(encoded("::"))
	f.Add(encoded(":::::"))
	f.Fuzz(func(t *testing.T, id string) {
		key, err := relay.Key(id)
		switch {
		case err != nil && (!errors.Is(err, promo.ErrNotFound) || key != promo.Key{}):
			t.Errorf("%q is refused with %v, %v", id, key, err)
		case err == nil && relay.ID(key) != id:
			t.Errorf("%q is read as %v, whose id is %q", id, key, relay.ID(key))
		}
	})
}
