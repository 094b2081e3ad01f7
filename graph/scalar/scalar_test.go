package scalar_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"voucherhouse/graph/scalar"
	"voucherhouse/promo"
)

// written is the text that a scalar puts into an answer, which must be a JSON string.
func written(t rapid.TB, m graphql.Marshaler) (text string) {
	t.Helper()
	var out bytes.Buffer
	m.MarshalGQL(&out)
	if err := json.Unmarshal(out.Bytes(), &text); err != nil {
		t.Fatalf("%s: %v", out.Bytes(), err)
	}
	return text
}

// expectInvalid checks that a value is refused as the caller's fault.
func expectInvalid(t *testing.T, value any, err error) {
	t.Helper()
	var told *promo.Error
	if !errors.As(err, &told) || told.Code != promo.InvalidInput || told.Message == "" {
		t.Errorf("%T %v gives %#v", value, value, err)
	}
}

// notStrings are what JSON and literals can hold beside strings.
var notStrings = []any{nil, true, 1, int64(1), 1.5, json.Number("1"), []any{"1"}, map[string]any{"a": "1"}, []byte("1")}

func TestDateTimeTakesAnyOffsetAndGivesUTC(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"2026-01-31T09:00:00Z":             "2026-01-31T09:00:00Z",
		"2026-01-31T09:00:00+00:00":        "2026-01-31T09:00:00Z",
		"2026-01-31T09:00:00-05:00":        "2026-01-31T14:00:00Z",
		"2026-01-31T09:00:00+05:45":        "2026-01-31T03:15:00Z",
		"2026-01-01T00:00:00+14:00":        "2025-12-31T10:00:00Z",
		"2024-02-29T23:59:59-23:59":        "2024-03-01T23:58:59Z",
		"2026-01-31T09:00:00.5Z":           "2026-01-31T09:00:00.5Z",
		"2026-01-31T09:00:00.123456Z":      "2026-01-31T09:00:00.123456Z",
		"2026-01-31T09:00:00.123456999Z":   "2026-01-31T09:00:00.123456Z",
		"2026-01-31T09:00:00.0000009Z":     "2026-01-31T09:00:00Z",
		"1970-01-01T00:00:00Z":             "1970-01-01T00:00:00Z",
		"1969-12-31T23:00:00-01:00":        "1970-01-01T00:00:00Z",
		"2200-12-31T23:59:59.999999Z":      "2200-12-31T23:59:59.999999Z",
		"2201-01-01T00:59:59.999999+01:00": "2200-12-31T23:59:59.999999Z",
	} {
		got, err := scalar.UnmarshalDateTime(given)
		if err != nil {
			t.Errorf("%s: %v", given, err)
		} else if text := written(t, scalar.MarshalDateTime(got)); text != want || got.Location() != time.UTC {
			t.Errorf("%s became %v, written %s, want %s", given, got, text, want)
		}
	}
}

func TestDateTimeRefusesAllElse(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"", "now", "2026", "2026-01-31", "2026-01-31T09:00:00", "2026-01-31 09:00:00Z", "2026-01-31T09:00Z", "1769850000",
		"2026-1-31T09:00:00Z", "2026-01-31T9:00:00Z", "2026-01-31T09:00:00,5Z", "2026-01-31T09:00:00.Z", "2026-01-31T09:00:00+0100",
		"2026-01-31T09:00:00+24:00", "2026-01-31T09:00:00+01:60", "2026-02-29T09:00:00Z", "2026-01-31T24:00:00Z",
		"2026-01-31T09:00:00Z ", "2026-01-31T09:00:00Z\x00", "99999-01-01T00:00:00Z", "-2026-01-31T09:00:00Z",
		"0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01",
		"2201-01-01T00:00:00Z", "2200-12-31T23:59:59-00:01", strings.Repeat("9", 1_000_000),
	} {
		_, err := scalar.UnmarshalDateTime(given)
		expectInvalid(t, given[:min(len(given), 40)], err)
	}
	for _, given := range append(notStrings, time.Now()) {
		_, err := scalar.UnmarshalDateTime(given)
		expectInvalid(t, given, err)
	}
}

func TestDateTimeGoesThereAndBackToTheMicrosecond(t *testing.T) {
	t.Parallel()
	last := time.Date(2200, 12, 31, 23, 59, 59, 999_999_000, time.UTC).UnixMicro()
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60, 23*60).Draw(t, "offset"))
		want := time.UnixMicro(rapid.Int64Range(0, last).Draw(t, "instant")).In(zone)
		for _, text := range []string{written(t, scalar.MarshalDateTime(want)), want.Format(time.RFC3339Nano)} {
			if got, err := scalar.UnmarshalDateTime(text); err != nil || !got.Equal(want) {
				t.Fatalf("%v came back from %s as %v, %v", want, text, got, err)
			}
		}
	})
}

func TestDecimalIsExact(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"0": "0", "12.50": "12.50", "12.5": "12.5", "-0.01": "-0.01", "0.1": "0.1", "1.10": "1.10", "100": "100", "0.00": "0.00",
		"9007199254740993":                         "9007199254740993", // a float would make it …992
		"0.30000000000000004":                      "0.30000000000000004",
		"1234567890123456789012.345678901234567":   "1234567890123456789012.345678901234567",
		"999999999999999999999.999999999999999999": "999999999999999999999.999999999999999999",
		"1e2": "100", "1.5E3": "1500", "15e-1": "1.5",
	} {
		got, err := scalar.UnmarshalDecimal(given)
		if err != nil {
			t.Errorf("%s: %v", given, err)
		} else if text := written(t, scalar.MarshalDecimal(got)); text != want {
			t.Errorf("%s became %s, want %s", given, text, want)
		}
	}
}

func TestDecimalGoesThereAndBackWithItsDigits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := decimal.New(rapid.Int64().Draw(t, "digits"), rapid.Int32Range(-18, 0).Draw(t, "exponent"))
		text := written(t, scalar.MarshalDecimal(want))
		if got, err := scalar.UnmarshalDecimal(text); err != nil || !got.Equal(want) || got.Exponent() != want.Exponent() {
			t.Fatalf("%v came back from %s as %v, %v", want, text, got, err)
		}
	})
}

func TestDecimalRefusesAllElse(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"", ".", "-", "e", "e5", "1e", "one", "1,5", "1 000", "1_000", "0x10", "1.2.3", "1e2e3", "--1", ".-5", "NaN", "Infinity", "∞", "１",
		" 1", "1\n", "1\x00", "1e19", "1e-19", "0.0000000000000000001", "1e999999999", "1e-999999999", "1e99999999999", "0e999999999",
		strings.Repeat("9", 41), strings.Repeat("9", 1_000_000),
	} {
		_, err := scalar.UnmarshalDecimal(given)
		expectInvalid(t, given[:min(len(given), 41)], err)
	}
	for _, given := range append(notStrings, decimal.New(1, 0)) {
		_, err := scalar.UnmarshalDecimal(given)
		expectInvalid(t, given, err)
	}
}

func TestTimeZoneIsAName(t *testing.T) {
	t.Parallel()
	got, err := scalar.UnmarshalTimeZone("Asia/Kathmandu")
	if err != nil || got != "Asia/Kathmandu" || written(t, scalar.MarshalTimeZone(got)) != got {
		t.Errorf("became %q, %v", got, err)
	}
	for _, v := range []any{"", 5, nil, true} {
		if _, err := scalar.UnmarshalTimeZone(v); err == nil {
			t.Errorf("%v is taken", v)
		}
	}
}

func FuzzScalars(f *testing.F) {
	for _, seed := range []string{"", "2026-01-31T09:00:00+05:45", "2026-01-31T9:00:00Z", "12.50", "1e999999999", "America/New_York", "../etc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		if at, err := scalar.UnmarshalDateTime(given); err == nil {
			if again, err := scalar.UnmarshalDateTime(written(t, scalar.MarshalDateTime(at))); err != nil || !again.Equal(at) {
				t.Errorf("%q became %v, then %v, %v", given, at, again, err)
			}
		}
		if number, err := scalar.UnmarshalDecimal(given); err == nil && !decimal.RequireFromString(written(t, scalar.MarshalDecimal(number))).Equal(number) {
			t.Errorf("%q became %v, written otherwise", given, number)
		}
		if zone, err := scalar.UnmarshalTimeZone(given); err == nil && zone != given {
			t.Errorf("%q became %q", given, zone)
		}
	})
}

func TestStringRefusesNUL(t *testing.T) {
	t.Parallel()
	if s, err := scalar.UnmarshalString("tea 🍵"); err != nil || s != "tea 🍵" {
		t.Errorf("a plain text gives %q, %v", s, err)
	}
	if _, err := scalar.UnmarshalString("a\x00b"); err == nil {
		t.Error("a text with NUL is taken")
	}
}

// An id is opaque: it goes there and back, and what nobody has given out names nothing.
func TestKeyGoesThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := promo.Key{
			Kind:   rapid.SampledFrom([]promo.Kind{promo.KindShop, promo.KindVoucher, promo.KindOrder}).Draw(t, "kind"),
			Shop:   promo.ShopID(rapid.Int64().Draw(t, "shop")),
			Serial: rapid.Int64().Draw(t, "serial"),
		}
		back, err := scalar.UnmarshalKey(written(t, scalar.MarshalKey(key)))
		if err != nil || back != key {
			t.Fatalf("%v came back as %v, %v", key, back, err)
		}
	})
	if _, err := scalar.UnmarshalKey("nobody"); !errors.Is(err, promo.ErrNotFound) {
		t.Errorf("an id of nobody: %v", err)
	}
	_, err := scalar.UnmarshalKey([]any{1})
	expectInvalid(t, []any{1}, err)
}
