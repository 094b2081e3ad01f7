package warehouse

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/internal/testdb"
	"voucherhouse/internal/testledger"
	"voucherhouse/postgres"
	"voucherhouse/promo"
)

// studio is a shop whose people and buyers act through the ledger, on 24 March 2024 in UTC.
type studio struct {
	*bundle
	t     *testing.T
	acts  *postgres.Ledger
	micro atomic.Int64
	mug   promo.ProductID
}

func openStudio(t *testing.T) *studio {
	t.Helper()
	dsn := testledger.New(t)
	s := &studio{bundle: setupOn(t, dsn), t: t}
	var err error
	s.acts, err = postgres.Open(t.Context(), dsn, func() time.Time { return time.UnixMicro(s.micro.Load()).UTC() })
	must(t, err)
	t.Cleanup(func() { s.acts.Close() })
	s.at("12:00:00")
	made, err := s.acts.UpsertProducts(t.Context(), s.seller(), s.shop.ID, []promo.ProductDraft{{SKU: "mug", Title: "Mug", Category: "Things", Price: *dollars("10")}})
	must(t, err)
	s.mug = made[0].ID
	return s
}

// on is a time of the day.
func on(t testing.TB, clock string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04:05", "2024-03-24 "+clock)
	must(t, err)
	return at
}

// at sets the clock to a time of the day.
func (s *studio) at(clock string) {
	s.t.Helper()
	s.micro.Store(on(s.t, clock).UnixMicro())
	testdb.SetClock(s.t, s.owner, on(s.t, clock))
}

func (s *studio) people(role promo.Role, subject string) promo.Actor {
	return promo.Actor{Role: role, Client: promo.SellerCenter, Shops: []promo.ShopID{s.shop.ID}, Subject: subject}
}

func (s *studio) seller() promo.Actor { return s.people(promo.Seller, "sam") }

func host(account promo.AccountID) promo.Actor {
	return promo.Actor{
		Role: promo.Host, Client: promo.StreamerDesktop, Shops: []promo.ShopID{account.Shop}, Accounts: []promo.AccountID{account}, Subject: "hugo",
	}
}

func buyer(subject string) promo.Actor {
	return promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: subject}
}

func dollars(amount string) *promo.MoneyInput {
	return &promo.MoneyInput{Amount: decimal.RequireFromString(amount), Currency: "USD"}
}

// voucher makes a voucher that takes dollars off, with so many copies.
func (s *studio) voucher(tool promo.Tool, off string, copies int) *promo.Voucher {
	s.t.Helper()
	channels := map[promo.Tool]promo.DisplayChannel{promo.LiveVoucher: promo.Live, promo.ChatCoupon: promo.Inbox, promo.RegularVoucher: promo.ShopPage}
	v, _, err := s.acts.CreateVoucher(s.t.Context(), s.seller(), promo.Draft{
		Shop: s.shop.ID, Tool: tool, DisplayChannel: channels[tool], Settings: promo.Settings{
			Name: off + " off", Period: promo.Period{From: on(s.t, "12:00:00"), To: on(s.t, "23:00:00")},
			Discount: promo.DiscountInput{AmountOff: dollars(off)}, TotalQuantity: copies, ClaimsPerCustomer: 2,
		},
	})
	must(s.t, err)
	return v
}

// goLive links an account and starts a livestream of it.
func (s *studio) goLive(handle string) (promo.AccountID, promo.LivestreamID) {
	s.t.Helper()
	a, err := s.acts.LinkAccount(s.t.Context(), s.seller(), s.shop.ID, handle, promo.Marketing)
	must(s.t, err)
	l, err := s.acts.StartLivestream(s.t.Context(), host(a.ID), a.ID, "Spring")
	must(s.t, err)
	return a.ID, l.ID
}

func (s *studio) handOut(v *promo.Voucher, account promo.AccountID, in promo.LivestreamID, kind promo.TaskKind, seconds ...int) {
	s.t.Helper()
	task := promo.LiveTask{Kind: kind}
	if seconds != nil {
		task.WatchSeconds = &seconds[0]
	}
	_, _, err := s.acts.Distribute(s.t.Context(), host(account), v.ID, in, task)
	must(s.t, err)
}

func (s *studio) watch(in promo.LivestreamID, subjects ...string) {
	s.t.Helper()
	for _, subject := range subjects {
		_, err := s.acts.Watch(s.t.Context(), buyer(subject), in)
		must(s.t, err)
	}
}

func (s *studio) follow(account promo.AccountID, subject string) {
	s.t.Helper()
	_, err := s.acts.FollowAccount(s.t.Context(), buyer(subject), account)
	must(s.t, err)
}

func (s *studio) claim(v *promo.Voucher, in promo.LivestreamID, subject string) *promo.Claim {
	s.t.Helper()
	c, _, err := s.acts.Claim(s.t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: subject, Livestream: in})
	must(s.t, err)
	return c
}

func (s *studio) market() promo.Actor {
	return promo.Actor{Role: promo.Platform, Client: promo.Service, Shops: []promo.ShopID{s.shop.ID}, Subject: "market"}
}

// order places and pays an order of two mugs that comes to an amount, and fails the test unless it uses the voucher.
func (s *studio) order(number string, by promo.BuyerID, payable string, uses *promo.Voucher) {
	s.t.Helper()
	o, _, err := s.acts.PlaceOrder(s.t.Context(), s.market(), promo.OrderRequest{
		Number: number, Channel: promo.OrderStorefront, ExpectedPayable: *dollars(payable),
		Cart: promo.CartRequest{Shop: s.shop.ID, Buyer: by, Lines: []promo.CartLineRequest{{Product: s.mug, Quantity: 2}}},
	})
	must(s.t, err)
	claim, err := s.acts.ClaimByID(s.t.Context(), s.seller(), *o.Claim)
	must(s.t, err)
	if claim.Voucher != uses.ID {
		s.t.Fatalf("order %s uses %v, not %v", number, claim.Voucher, uses.ID)
	}
	_, err = s.acts.PayOrder(s.t.Context(), s.market(), s.shop.ID, number)
	must(s.t, err)
}

func (s *studio) refund(order, number string, units int) {
	s.t.Helper()
	_, err := s.acts.RefundOrder(s.t.Context(), s.market(), promo.RefundRequest{
		Shop: s.shop.ID, Order: order, Number: number, Lines: []promo.RefundLine{{Line: 1, Quantity: units}},
	})
	must(s.t, err)
}

func (s *studio) cancel(order string) {
	s.t.Helper()
	_, err := s.acts.CancelOrder(s.t.Context(), s.market(), s.shop.ID, order)
	must(s.t, err)
}

// stepped lays steps out.
func stepped(steps []FunnelStep) string {
	var words []string
	for _, s := range steps {
		words = append(words, fmt.Sprintf("%s %d", s.Kind, s.Count))
	}
	return strings.Join(words, ", ")
}
