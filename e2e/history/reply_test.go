package history

import (
	"fmt"
	"strconv"
	"strings"

	"voucherhouse/graph/relay"
)

// reply is what a server says to a wish.
type reply struct {
	Data   map[string]*payload
	Errors []struct{ Extensions struct{ Code string } }
}

// payload is that of a mutation, which calls what it makes made.
type payload struct {
	Made *struct {
		ID      string
		Quote   *quote
		Refunds []struct {
			RefundNumber string
			Amount       money
		}
	}
	Quote      *quote
	UserErrors []struct{ Code string }
}

type quote struct{ Payable money }

type money struct{ Amount string }

// minor is the amount in cents.
func (m money) minor() (int64, error) {
	return strconv.ParseInt(strings.Replace(m.Amount, ".", "", 1), 10, 64)
}

// read writes into a what was answered to a wish.
func (r reply) read(w wish, a *Answer) error {
	for _, e := range r.Errors {
		switch code := e.Extensions.Code; code {
		case "UNAVAILABLE", "TIMEOUT", "RATE_LIMITED":
			return nil // to be tried again
		default:
			a.Refused = code
			return nil
		}
	}
	for _, p := range r.Data {
		switch {
		case p == nil:
		case p.Made != nil:
			key, err := relay.KeyOf(w.kind, p.Made.ID)
			if err != nil {
				return err
			}
			a.Made = key.Serial
		case len(p.UserErrors) == 1:
			a.Refused = p.UserErrors[0].Code
		default:
			return fmt.Errorf("the answer has neither what was made nor one refusal: %+v", p)
		}
		if m := p.amount(w.refund); m != nil {
			var err error
			if a.Amount, err = m.minor(); err != nil {
				return err
			}
		}
	}
	return nil
}

// amount is what an order costs, or would now, or what the refund gave back. Nil: it was not asked for.
func (p *payload) amount(refund string) *money {
	switch {
	case p == nil:
	case p.Quote != nil:
		return &p.Quote.Payable
	case p.Made == nil:
	case p.Made.Quote != nil:
		return &p.Made.Quote.Payable
	default:
		for _, r := range p.Made.Refunds {
			if r.RefundNumber == refund {
				return &r.Amount
			}
		}
	}
	return nil
}
