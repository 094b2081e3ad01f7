package postgres

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"voucherhouse/promo"
)

// bench is a workbench as an agent reads it: names with the reason against each.
func (b *testBundle) bench(c promo.ConversationID, f promo.WorkbenchFilter) (rows []string) {
	b.t.Helper()
	page, err := b.Workbench(b.t.Context(), agent(c.Shop), c, f, everything)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, w := range page.Items {
		row := w.Voucher.Name
		if w.Reason != nil {
			row += " " + string(*w.Reason)
		}
		rows = append(rows, row)
	}
	return rows
}

func endingIn(hours int) func(*promo.Draft) {
	return func(d *promo.Draft) {
		d.Settings.Period.To = d.Settings.Period.From.Add(time.Duration(hours) * time.Hour)
	}
}

func TestC1WorkbenchListsWhatIsOngoingWithTheReasonAgainstIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	c := b.chat(shop, "ann")
	b.voucher(b.shop("B"), called("another shop's"))
	b.voucher(shop, called("live"), withTool(promo.LiveVoucher))
	b.voucher(shop, called("upcoming"), claimableIn(promo.Period{From: noon.Add(time.Microsecond), To: noon.Add(time.Hour)}))
	if _, err := b.Deactivate(t.Context(), seller(shop), b.voucher(shop, called("ended"), endingIn(1)).ID); err != nil {
		t.Fatal(err)
	}
	b.voucher(shop, called("private"), withTool(promo.ChatCoupon), endingIn(5))
	limited := b.voucher(shop, called("had"), endingIn(2), copies(2, 1))
	taken := b.voucher(shop, called("taken"), endingIn(3), copies(1, 1))
	b.voucher(shop, called("public"), endingIn(4))
	b.claim(limited.ID, "ann")
	b.claim(taken.ID, "bob")

	for _, test := range []struct {
		f    promo.WorkbenchFilter
		want []string
	}{
		{promo.WorkbenchFilter{}, []string{"had CUSTOMER_LIMIT_REACHED", "taken SOLD_OUT", "public", "private"}},
		{promo.WorkbenchFilter{SendableOnly: true}, []string{"public", "private"}},
		{promo.WorkbenchFilter{Name: new("PRI")}, []string{"private"}},
		{promo.WorkbenchFilter{Tools: []promo.Tool{promo.RegularVoucher, promo.LiveVoucher}, SendableOnly: true}, []string{"public"}},
		{promo.WorkbenchFilter{Tools: []promo.Tool{}}, nil},
	} {
		if got := b.bench(c.ID, test.f); !slices.Equal(got, test.want) {
			t.Errorf("%+v: got %q, want %q", test.f, got, test.want)
		}
	}

	b.clock.set(noon.Add(3 * time.Hour)) // the end of what is taken
	if got, want := b.bench(c.ID, promo.WorkbenchFilter{}), []string{"public", "private"}; !slices.Equal(got, want) {
		t.Errorf("at an end: got %q, want %q", got, want)
	}
	if _, err := b.CloseConversation(t.Context(), agent(shop), c.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := b.bench(c.ID, promo.WorkbenchFilter{}), []string{"public CONVERSATION_CLOSED", "private CONVERSATION_CLOSED"}; !slices.Equal(got, want) {
		t.Errorf("closed: got %q, want %q", got, want)
	}
	if got := b.bench(c.ID, promo.WorkbenchFilter{SendableOnly: true}); got != nil {
		t.Errorf("closed, these can be sent: %q", got)
	}
}

// The workbench says what sending would, for every coupon of it.
func TestC1WorkbenchSaysWhatSendingWould(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	c := b.chat(shop, "ann")
	for i := range 8 {
		v := b.voucher(shop, called(fmt.Sprint("v", i)), copies(2, 1+i%2), endingIn(1+i/2))
		for n := range i % 4 {
			if n < 2 {
				b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: []string{"ann", "bob"}[(n+i/4)%2]})
			}
		}
	}
	args, seen := promo.PageArgs{First: 3}, 0
	for more := true; more; {
		page, err := b.Workbench(t.Context(), agent(shop), c.ID, promo.WorkbenchFilter{}, args)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range page.Items {
			seen++
			_, _, err := b.SendCoupon(t.Context(), agent(shop), c.ID, w.Voucher.ID, "")
			var want []promo.Code
			if w.Reason != nil {
				want = []promo.Code{*w.Reason}
			}
			if got := codes(t, err); !slices.Equal(got, want) || w.Sendable() != (err == nil) {
				t.Errorf("%s: sent with %v, the workbench says %v", w.Voucher.Name, err, want)
			}
		}
		more, args.After = page.HasNext, page.Cursors[len(page.Cursors)-1]
	}
	if seen != 8 {
		t.Errorf("the pages have %d coupons", seen)
	}
}
