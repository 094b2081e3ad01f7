package promo_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"voucherhouse/promo"
)

// Everybody may look, always. The table is what product.md V12 to V14 and "Who may do what" allow beside it: role and
// app, kind of voucher (* is any), status, actions.
const mayMoreThanView = `
SELLER SELLER_CENTER    REGULAR_VOUCHER  UPCOMING  UPDATE INCREASE_QUANTITY DEACTIVATE
SELLER SELLER_CENTER    LIVE_VOUCHER     UPCOMING  UPDATE INCREASE_QUANTITY DEACTIVATE
SELLER SELLER_CENTER    CHAT_COUPON      UPCOMING  UPDATE INCREASE_QUANTITY DEACTIVATE
SELLER SELLER_CENTER    PRODUCT_DISCOUNT UPCOMING  DEACTIVATE
SELLER SELLER_CENTER    FLASH_DEAL       UPCOMING  DEACTIVATE
SELLER SELLER_CENTER    REGULAR_VOUCHER  ONGOING   INCREASE_QUANTITY DEACTIVATE SEND
SELLER SELLER_CENTER    CHAT_COUPON      ONGOING   INCREASE_QUANTITY DEACTIVATE SEND
SELLER SELLER_CENTER    LIVE_VOUCHER     ONGOING   INCREASE_QUANTITY DEACTIVATE
SELLER SELLER_CENTER    PRODUCT_DISCOUNT ONGOING   DEACTIVATE
SELLER SELLER_CENTER    FLASH_DEAL       ONGOING   DEACTIVATE
SELLER SELLER_APP       *                UPCOMING  DEACTIVATE
SELLER SELLER_APP       *                ONGOING   DEACTIVATE
AGENT  SELLER_CENTER    REGULAR_VOUCHER  ONGOING   SEND
AGENT  SELLER_CENTER    CHAT_COUPON      ONGOING   SEND
HOST   STREAMER_DESKTOP LIVE_VOUCHER     ONGOING   DISTRIBUTE
HOST   MARKETPLACE_APP  LIVE_VOUCHER     ONGOING   DISTRIBUTE
BUYER  MARKETPLACE_APP  REGULAR_VOUCHER  ONGOING   CLAIM
`

// anyRunning is a promotion of any kind, in a stage as running has it.
func anyRunning(tool promo.Tool, stage promo.Status) promo.Promotion {
	if slices.Contains(promo.VoucherTools, tool) {
		return running(tool, stage)
	}
	return discountAt(tool, stage).Promotion()
}

// allowedByTable are the actions that the table gives.
func allowedByTable(a promo.Actor, tool promo.Tool, status promo.Status) []promo.Action {
	actions := []promo.Action{promo.ActionView}
	for line := range strings.Lines(strings.TrimSpace(mayMoreThanView)) {
		cells := strings.Fields(line)
		if cells[0] != string(a.Role) || cells[1] != string(a.Client) || cells[2] != "*" && cells[2] != string(tool) || cells[3] != string(status) {
			continue
		}
		for _, action := range cells[4:] {
			actions = append(actions, promo.Action(action))
		}
	}
	return actions
}

// eachActor runs check for every role from every app, as one of shop 1 where the role has shops.
func eachActor(check func(promo.Actor)) {
	for _, role := range promo.Roles {
		for _, client := range promo.Clients {
			a := promo.Actor{Role: role, Client: client, Subject: "s"}
			if role != promo.RoleBuyer {
				a.Shops = []promo.ShopID{9, 1}
			}
			check(a)
		}
	}
}

func TestV14AllowedActionsAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	for status, moment := range stages {
		for _, tool := range promo.Tools {
			p := anyRunning(tool, status)
			if got := p.Status(moment); got != status {
				t.Fatalf("the promotion is %s, not %s", got, status)
			}
			eachActor(func(a promo.Actor) {
				if got, want := p.AllowedActions(a, moment), allowedByTable(a, tool, status); !slices.Equal(got, want) {
					t.Errorf("%s from %s of an %s %s: %v, want %v", a.Role, a.Client, status, tool, got, want)
				}
			})
		}
	}
}

func TestOnlyTheLastCopyGoneEndsWhatHandsOutCopies(t *testing.T) {
	t.Parallel()
	handOut := []promo.Action{promo.ActionDistribute, promo.ActionSend, promo.ActionClaim}
	for _, tool := range promo.VoucherTools {
		for claimed, left := range map[int]bool{0: true, 99: true, 100: false} {
			v := running(tool, promo.Ongoing)
			v.Claimed = claimed
			eachActor(func(a promo.Actor) {
				want := slices.DeleteFunc(allowedByTable(a, tool, promo.Ongoing), func(action promo.Action) bool {
					return !left && slices.Contains(handOut, action)
				})
				if got := v.AllowedActions(a, now); !slices.Equal(got, want) {
					t.Errorf("%s from %s of a %s with %d of 100 claimed: %v, want %v", a.Role, a.Client, tool, claimed, got, want)
				}
			})
		}
	}
}

func TestV14StaffOfAnotherShopMayChangeNothing(t *testing.T) {
	t.Parallel()
	for _, tool := range promo.Tools {
		eachActor(func(a promo.Actor) {
			if a.Role == promo.RoleBuyer {
				return
			}
			a.Shops = []promo.ShopID{2, 3}
			if got := anyRunning(tool, promo.Ongoing).AllowedActions(a, now); !slices.Equal(got, []promo.Action{promo.ActionView}) {
				t.Errorf("%s from %s: %v", a.Role, a.Client, got)
			}
		})
	}
}

// What the matrix does not allow is refused by the rules themselves, whoever lets the call through.
func TestV14WhoMayNotIsForbidden(t *testing.T) {
	t.Parallel()
	eachActor(func(a promo.Actor) {
		allowed := allowedByTable(a, promo.LiveVoucher, promo.Upcoming)
		for action, do := range map[promo.Action]func(*promo.Voucher) error{
			promo.ActionIncreaseQuantity: func(v *promo.Voucher) error { return v.IncreaseQuantity(a, 200, 3, stages[promo.Upcoming]) },
			promo.ActionDeactivate:       func(v *promo.Voucher) error { return v.Deactivate(a, stages[promo.Upcoming]) },
		} {
			v := running(promo.LiveVoucher, promo.Upcoming)
			if err := do(v); (err == nil) != slices.Contains(allowed, action) || err != nil && !errors.Is(err, promo.ErrForbidden) {
				t.Errorf("%s from %s: %s gives %v", a.Role, a.Client, action, err)
			}
		}
	})
}
