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
		"zero width counts":            {strings.Repeat("\u200b", 49) + "x", nil},
		"zero width is no white space": {strings.Repeat("\u200b", 50) + "x", []string{length}},
		"nothing but zero width":       {"\u200b\u200d\ufeff", []string{invalid}},
		"nothing but fillers":          {"\u3164\u115f\u034f", []string{invalid}},
		"nothing but blank braille":    {"\u2800", []string{invalid}},
		"turned round":                 {"Sale \u202e05", []string{invalid}},
		"isolated":                     {"Sale \u2067x", []string{invalid}},
		"a mark of direction":          {"\u200fمبيعات", nil},
		"nothing but variation":        {"\ufe0f", []string{invalid}},
		"a heart and its variation":    {"\u2764\ufe0f", nil},
		"joined by zero width":         {"👩\u200d🚀", nil},
		"not to be joined":             {"می\u200cخواهم", nil},
		"line separator inside":        {"a\u2028b", []string{invalid}},
		"paragraph separator inside":   {"a\u2029b", []string{invalid}},
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
	// Drawn from what the rule tells apart, so that names of every sort come up.
	runes := rapid.SampledFrom([]rune("aé字🎁\u0301 \u3000\n\x01\u2028\u200b\u200d\ufe0f\u3164"))
	rapid.Check(t, func(t *rapid.T) {
		d, c := example()
		d.Settings.Name = rapid.OneOf(rapid.StringOf(runes), rapid.String()).Draw(t, "name")
		v, _, err := promo.NewVoucher(d, c)
		trimmed := strings.TrimFunc(d.Settings.Name, unicode.IsSpace)
		points := utf8.RuneCountInString(trimmed)
		if err == nil && (points < 1 || points > 50 || strings.ContainsAny(trimmed, "\n\x01\u2028") || v.Name != trimmed) {
			t.Fatalf("allowed, and stored as %q", v.Name)
		}
		seen := strings.ContainsAny(trimmed, "aé字🎁\u0301")
		if ours := strings.Trim(trimmed, "aé字🎁\u0301 \u3000\u200b\u200d\ufe0f\u3164") == ""; err != nil && ours && seen && points <= 50 {
			t.Fatalf("refused with %v", err)
		}
	})
}
