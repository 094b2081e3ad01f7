package promo_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

var corner = promo.Shop{ID: 1, Currency: "USD"}

// refusedFields are the refusals of an error as code and field.
func refusedFields(err error) []string {
	var refusals promo.Refusals
	errors.As(err, &refusals)
	var told []string
	for _, r := range refusals {
		told = append(told, string(r.Code)+" "+strings.Join(r.Field, "."))
	}
	return told
}

func wantRefused(t *testing.T, err error, want ...string) {
	t.Helper()
	if got := refusedFields(err); !slices.Equal(got, want) || (err != nil) != (len(want) > 0) {
		t.Errorf("refused are %q with %v, want %q", got, err, want)
	}
}

// units asks for so many of a product of shop 1.
func units(product int64, quantity int) promo.CartLineRequest {
	return promo.CartLineRequest{Product: promo.ProductID{Shop: 1, Serial: product}, Quantity: quantity}
}

// money is an amount as a caller writes it.
func money(amount, currency string) promo.MoneyInput {
	return promo.MoneyInput{Amount: decimal.RequireFromString(amount), Currency: currency}
}

func TestK8ACartIsHeldToItsBounds(t *testing.T) {
	t.Parallel()
	// Product 1 costs a dollar, 2 ten million.
	products := map[promo.ProductID]*promo.Product{}
	for serial, price := range map[int64]int64{1: 1_00, 2: 10_000_000_00} {
		id := promo.ProductID{Shop: 1, Serial: serial}
		products[id] = &promo.Product{ID: id, Price: corner.Money(price)}
	}
	euros, tooFine, negative, none := money("1", "EUR"), money("1.001", "USD"), money("-0.01", "USD"), money("0", "USD")
	for name, c := range map[string]struct {
		lines   []promo.CartLineRequest
		subsidy *promo.MoneyInput
		refused []string
	}{
		"a line":                        {lines: []promo.CartLineRequest{units(1, 1)}},
		"no subsidy, as an amount":      {lines: []promo.CartLineRequest{units(1, 1)}, subsidy: &none},
		"as much as a line may have":    {lines: []promo.CartLineRequest{units(1, 1_000_000)}},
		"as many lines as may be":       {lines: slices.Repeat([]promo.CartLineRequest{units(1, 1)}, 500)},
		"as dear as a cart may be":      {lines: []promo.CartLineRequest{units(2, 1_000_000)}},
		"dearer by a line":              {lines: []promo.CartLineRequest{units(2, 1_000_000), units(1, 1)}, refused: []string{"QUANTITY_INVALID lines.1.quantity"}},
		"nothing":                       {refused: []string{"CART_EMPTY lines"}},
		"a line too many":               {lines: slices.Repeat([]promo.CartLineRequest{units(1, 1)}, 501), refused: []string{"QUANTITY_INVALID lines"}},
		"more than a line may have":     {lines: []promo.CartLineRequest{units(1, 1_000_001)}, refused: []string{"QUANTITY_INVALID lines.0.quantity"}},
		"none of a product":             {lines: []promo.CartLineRequest{units(1, 0)}, refused: []string{"QUANTITY_INVALID lines.0.quantity"}},
		"less than none":                {lines: []promo.CartLineRequest{units(1, -1)}, refused: []string{"QUANTITY_INVALID lines.0.quantity"}},
		"an unknown product":            {lines: []promo.CartLineRequest{units(3, 1)}, refused: []string{"PRODUCT_NOT_FOUND lines.0.productId"}},
		"a subsidy in another currency": {lines: []promo.CartLineRequest{units(1, 1)}, subsidy: &euros, refused: []string{"CURRENCY_MISMATCH platformSubsidy.currency"}},
		"a subsidy of part of a cent":   {lines: []promo.CartLineRequest{units(1, 1)}, subsidy: &tooFine, refused: []string{"AMOUNT_INVALID platformSubsidy.amount"}},
		"a subsidy below zero":          {lines: []promo.CartLineRequest{units(1, 1)}, subsidy: &negative, refused: []string{"AMOUNT_INVALID platformSubsidy.amount"}},
		"everything at once": {
			lines: []promo.CartLineRequest{units(1, 0), units(3, 1)}, subsidy: &euros,
			refused: []string{"QUANTITY_INVALID lines.0.quantity", "PRODUCT_NOT_FOUND lines.1.productId", "CURRENCY_MISMATCH platformSubsidy.currency"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cart, err := promo.CheckCart(promo.CartRequest{Shop: 1, Lines: c.lines, Subsidy: c.subsidy}, corner, products)
			wantRefused(t, err, c.refused...)
			if err == nil && len(cart.Lines) != len(c.lines) {
				t.Errorf("the cart has %d lines of %d", len(cart.Lines), len(c.lines))
			}
		})
	}
}

func TestK8TwoLinesOfAProductStayTwo(t *testing.T) {
	t.Parallel()
	id := promo.ProductID{Shop: 1, Serial: 1}
	p := &promo.Product{ID: id, Price: corner.Money(1_00)}
	cart, err := promo.CheckCart(promo.CartRequest{Lines: []promo.CartLineRequest{units(1, 2), units(1, 3)}}, corner, map[promo.ProductID]*promo.Product{id: p})
	if err != nil || len(cart.Lines) != 2 || cart.Lines[0].Quantity != 2 || cart.Lines[1].Quantity != 3 {
		t.Fatalf("the lines are %+v, %v", cart.Lines, err)
	}
	// Three units of the deal are left: the smaller line comes first and gets them, the other would need more than one.
	left := 3
	for i := range cart.Lines {
		cart.Lines[i].Offers = []promo.Offer{{Tool: promo.ToolFlashDeal, Price: corner.Money(50), Left: &left}}
	}
	q := cart.Price(now)
	if q.Lines[0].Paid.Minor != 1_00 || q.Lines[1].Paid.Minor != 3_00 {
		t.Errorf("paid are %v and %v", q.Lines[0].Paid, q.Lines[1].Paid)
	}
}

func TestK7WhatTheBuyerWasShownIsInTheShopsCurrency(t *testing.T) {
	t.Parallel()
	got, err := promo.Expected(corner, money("12.34", "USD"))
	if err != nil || got != corner.Money(12_34) {
		t.Errorf("12.34 is %v, %v", got, err)
	}
	for in, want := range map[promo.MoneyInput]string{
		money("12", "JPY"):     "CURRENCY_MISMATCH expectedPayable.currency",
		money("12.345", "USD"): "AMOUNT_INVALID expectedPayable.amount",
		money("-1", "USD"):     "AMOUNT_INVALID expectedPayable.amount",
	} {
		_, err := promo.Expected(corner, in)
		wantRefused(t, err, want)
	}
}
