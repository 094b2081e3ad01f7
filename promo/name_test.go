package promo_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

func TestV4NameHas1To50CodePoints(t *testing.T) {
	t.Parallel()
	const length, invalid = "NAME_LENGTH settings.name", "NAME_INVALID settings.name"
	for name, test := range map[string]struct {
		name   string
		broken []string
	}{
		"one":                          {"x", nil},
		"50":                           {strings.Repeat("x", 50), nil},
		"51":                           {strings.Repeat("x", 51), []string{length}},
		"empty":                        {"", []string{length}},
		"white space only":             {" \t\n\u00a0\u3000", []string{length}},
		"white space at ends is free":  {"\u3000 " + strings.Repeat("x", 50) + "\n", nil},
		"white space inside counts":    {strings.Repeat("x", 25) + " " + strings.Repeat("y", 25), []string{length}},
		"50 emoji of four bytes":       {strings.Repeat("🎁", 50), nil},
		"51 emoji":                     {strings.Repeat("🎁", 51), []string{length}},
		"a family is seven":            {strings.Repeat("👨‍👩‍👧‍👦", 7) + "x", nil},
		"eight families are 56":        {strings.Repeat("👨‍👩‍👧‍👦", 8), []string{length}},
		"combining marks count":        {strings.Repeat("e\u0301", 25), nil},
		"one combining mark too many":  {strings.Repeat("e\u0301", 25) + "\u0301", []string{length}},
		"zero width counts":            {strings.Repeat("\u200b", 50), nil},
		"zero width is no white space": {strings.Repeat("\u200b", 51), []string{length}},
		"NUL":                          {"a\x00b", []string{invalid}},
		"line break inside":            {"a\nb", []string{invalid}},
		"tab inside":                   {"a\tb", []string{invalid}},
		"DEL":                          {"a\x7f", []string{invalid}},
		"C1 control":                   {"a\u0090b", []string{invalid}},
		"not UTF-8":                    {"a\xffb", []string{invalid}},
		"long and with controls":       {strings.Repeat("\x01", 51), []string{invalid, length}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := example()
			d.Settings.Name = test.name
			expectBroken(t, d, c, test.broken...)
		})
	}
}

func TestV4NameIsStoredTrimmed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, c := example()
		d.Settings.Name = rapid.String().Draw(t, "name")
		v, _, err := promo.NewVoucher(d, c)
		trimmed := strings.TrimFunc(d.Settings.Name, unicode.IsSpace)
		points := utf8.RuneCountInString(trimmed)
		allowed := points >= 1 && points <= 50 && !strings.ContainsFunc(trimmed, unicode.IsControl)
		if allowed != (err == nil) {
			t.Fatalf("allowed: %t, but refused with %v", allowed, err)
		}
		if allowed && v.Name != trimmed {
			t.Fatalf("stored as %q", v.Name)
		}
	})
}
