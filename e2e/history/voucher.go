package history

import "fmt"

// Voucher is what the ledger has of a voucher. Every claim of it was asked for with a key.
type Voucher struct {
	Quantity, PerBuyer int
	// Counter is how many claims the voucher says it has.
	Counter int
	// Claims says whose each claim is, by the claim's number.
	Claims map[int64]string
	// Keys are the claims that requests are bound to.
	Keys map[Request]int64
	// Facts counts each caller's facts of claims.
	Facts map[string]int
}

// Violations are the promises that the ledger or the answers break, in words.
func (v Voucher) Violations(told []Answer) []string {
	held := map[string]int{}
	for _, buyer := range v.Claims {
		held[buyer]++
	}
	violations := append(v.counts(held), v.bindings()...)
	return append(violations, compare(told, v.Keys, func(a Answer) (known, due bool) {
		switch a.Refused { // claims are never given back: what is left in the end was left at any time
		case "SOLD_OUT":
			return true, len(v.Claims) >= v.Quantity
		case "CUSTOMER_LIMIT_REACHED":
			return true, held[a.Caller] >= v.PerBuyer
		}
		return false, false
	})...)
}

// counts are the violations of the numbers of claims, of which each buyer has so many.
func (v Voucher) counts(held map[string]int) (violations []string) {
	if len(v.Claims) > v.Quantity {
		violations = append(violations, fmt.Sprintf("there are %d claims of %d copies", len(v.Claims), v.Quantity))
	}
	if v.Counter != len(v.Claims) {
		violations = append(violations, fmt.Sprintf("the voucher counts %d claims, there are %d", v.Counter, len(v.Claims)))
	}
	for buyer, n := range held {
		if n > v.PerBuyer {
			violations = append(violations, fmt.Sprintf("%s has %d claims, and may have %d", buyer, n, v.PerBuyer))
		}
		if v.Facts[buyer] != n {
			violations = append(violations, fmt.Sprintf("%s has %d claims and %d facts of them", buyer, n, v.Facts[buyer]))
		}
	}
	for buyer, n := range v.Facts {
		if held[buyer] == 0 {
			violations = append(violations, fmt.Sprintf("%s has no claim and %d facts of some", buyer, n))
		}
	}
	return violations
}

// bindings are the violations of one claim for each key, and one key for each claim: a claim without one was made twice
// under the same.
func (v Voucher) bindings() (violations []string) {
	bound := map[int64]Request{}
	for request, claim := range v.Keys {
		if other, ok := bound[claim]; ok {
			violations = append(violations, fmt.Sprintf("claim %d is both %v's and %v's", claim, request, other))
		}
		bound[claim] = request
		switch buyer, ok := v.Claims[claim]; {
		case !ok:
			violations = append(violations, fmt.Sprintf("%v is bound to claim %d, which is lost", request, claim))
		case buyer != request.Caller:
			violations = append(violations, fmt.Sprintf("%v is bound to claim %d, which is %s's", request, claim, buyer))
		}
	}
	for claim, buyer := range v.Claims {
		if _, ok := bound[claim]; !ok {
			violations = append(violations, fmt.Sprintf("claim %d of %s is a duplicate: no key is bound to it", claim, buyer))
		}
	}
	return violations
}
