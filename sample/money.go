package sample

import (
	"slices"

	"github.com/shopspring/decimal"
)

// cents is an amount of the shop's currency.
type cents int64

// parseCents rounds half away from zero: the source has a sales_value of
// 4.44e-16, and sums count each cell to the cent.
func parseCents(cell string) (cents, error) {
	if cell == "0" { // most cells
		return 0, nil
	}
	amount, err := decimal.NewFromString(cell)
	if err != nil {
		return 0, err
	}
	return cents(amount.Shift(2).Round(0).IntPart()), nil
}

func (c cents) String() string {
	return decimal.New(int64(c), -2).StringFixed(2)
}

// per divides a positive amount, rounding half up.
func (c cents) per(quantity int64) cents {
	return (2*c + cents(quantity)) / (2 * cents(quantity))
}

// median sorts amounts, of which there is at least one.
func median(amounts []cents) cents {
	slices.Sort(amounts)
	n := len(amounts)
	return (amounts[(n-1)/2] + amounts[n/2]).per(2)
}
