package promo

import (
	"cmp"
	"math/bits"
	"slices"
)

// share splits an amount over parts in proportion to their weights, by the largest remainder in minor units (product.md
// K3): the shares add up to the amount, and none is larger than its weight if the amount is not larger than all weights.
// Of equal remainders the larger weight comes first, and of equal weights the earlier place. Amount and weights are zero
// or more; an amount above zero needs a weight above zero.
func share(amount int64, weights []int64) []int64 {
	shares := make([]int64, len(weights))
	var total int64
	for _, w := range weights {
		total += w
	}
	if amount == 0 {
		return shares
	}
	remainders, left := make([]uint64, len(weights)), amount
	for i, w := range weights {
		shares[i], remainders[i] = proportion(amount, w, total)
		left -= shares[i]
	}
	places := make([]int, len(weights))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int {
		return cmp.Or(cmp.Compare(remainders[b], remainders[a]), cmp.Compare(weights[b], weights[a]))
	})
	for _, i := range places[:left] {
		shares[i]++
	}
	return shares
}

// proportion is amount × weight ÷ total and what remains of the division: the product may need 128 bits.
func proportion(amount, weight, total int64) (quotient int64, remainder uint64) {
	high, low := bits.Mul64(uint64(amount), uint64(weight))
	q, r := bits.Div64(high, low, uint64(total))
	return int64(q), r
}
