package sample

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAmountsAreRoundedHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"0": "0.00", "3.86": "3.86", "1.5": "1.50", "2": "2.00", "4.440892e-16": "0.00",
		"0.005": "0.01", "-0.005": "-0.01", "0.0049": "0.00", "1.115": "1.12", "-12.34": "-12.34",
	} {
		c, err := parseCents(cell)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, cell, c.String(), want)
	}
	if _, err := parseCents("n/a"); err == nil {
		t.Error("n/a passes for an amount")
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	equal(t, "one", median([]cents{7}), 7)
	equal(t, "odd", median([]cents{9, 1, 5}), 5)
	equal(t, "even, rounded up", median([]cents{9, 1, 6, 3}), 5)
}

func TestAssumedPrices(t *testing.T) {
	t.Parallel()
	products := []product{
		{sku: "sold", category: "A"}, {sku: "dear", category: "A"}, {sku: "unsold", category: "A"},
		{sku: "elsewhere", category: "B"}, {sku: "fuel", category: "C"},
	}
	setPrices(products, unitPrices([]*order{{lines: []line{
		{sku: "sold", quantity: 2, list: 301}, {sku: "sold", quantity: 1, list: 199}, {sku: "sold", quantity: 1, list: 100},
		{sku: "sold", quantity: 0, list: 900}, {sku: "sold", quantity: 3, list: 0},
		{sku: "dear", quantity: 1, list: 1000},
		{sku: "fuel", quantity: 9000, list: 30},
	}}}))
	var got []cents
	for _, p := range products {
		got = append(got, p.price)
	}
	if want := []cents{151, 1000, 576, 151, 1}; !slices.Equal(got, want) {
		t.Errorf("prices %v, want %v", got, want)
	}
}

func TestTitleFallsBack(t *testing.T) {
	t.Parallel()
	equal(t, "type", title("1", "AB    8 OZ", "CHEESE:HARD  & OLD", "CHEESE", "DELI"), "Cheese: hard & old, AB 8 OZ")
	equal(t, "category", title("1", "", "", "CHEESE", "DELI"), "Cheese")
	equal(t, "department", title("1", "", "", "", "DELI"), "Deli")
	equal(t, "nothing", title("1", "", "", "", ""), "Product 1")
}

// A later version of the pack must fail, not be read by wrong positions.
func TestPackIsReadByItsHeader(t *testing.T) {
	t.Parallel()
	ignore := func([]string) error { return nil }
	p := pack{"a.csv": []byte("id,name\n1,one\n2\n")}
	for what, c := range map[string]struct{ file, header, says string }{
		"no such file":    {"b.csv", "id", "b.csv"},
		"other columns":   {"a.csv", "name,id", "a.csv has the columns id,name"},
		"a row too short": {"a.csv", "id,name", "a.csv, line 3"},
	} {
		if err := p.each(c.file, c.header, ignore); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error that says %q", what, err, c.says)
		}
	}
	stop := errors.New("stop")
	if err := p.each("a.csv", "id,name", func([]string) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("each hides the error of its caller: %v", err)
	}
}

func TestCampaignOfUnknownTypeIsRefused(t *testing.T) {
	t.Parallel()
	p := pack{"campaign_descriptions.csv": []byte("campaign_id,campaign_type,start_date,end_date\n9,Type Z,2017-01-01,2017-01-02\n")}
	if _, err := readCampaigns(p, 0); err == nil || !strings.Contains(err.Error(), `campaign 9 has the unknown type "Type Z"`) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		if err := Write(dir, moved); err != nil {
			b.Fatal(err)
		}
	}
}
