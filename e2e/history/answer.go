// Package history compares what callers were told with what the ledger has in the end. Its tests do so after thousands of
// concurrent requests to several servers, which were killed in the middle, and so was their Postgres.
package history

import "fmt"

// Request is what makes a request the same as another: whoever repeats it means the same thing.
type Request struct {
	// Caller is whose key it is: a buyer, or the order of a refund's number. Empty where keys are a whole shop's, as order numbers are.
	Caller, Key string
}

// Answer is what a caller was told of a request.
type Answer struct {
	Request
	// Units is how many claims, units of a deal, or cups to be given back the request is for.
	Units int
	// Made is the number of the claim or order that came back. Zero: none.
	Made int64
	// Amount is what the answer says that it costs or gives back, in minor units.
	Amount int64
	// Refused is the code of a refusal. Empty with nothing made: no answer came, and it may have been made or not.
	Refused string
}

// compare holds answers against what the ledger has made of each request. due tells whether a refusal with that code can
// happen at all, and whether it was due.
func compare(told []Answer, made map[Request]int64, due func(Answer) (known, due bool)) (violations []string) {
	asked := map[Request]bool{}
	for _, a := range told {
		asked[a.Request] = true
		stored, ok := made[a.Request]
		switch {
		case a.Made != 0 && !ok:
			violations = append(violations, fmt.Sprintf("%v was answered with %d, which is lost", a.Request, a.Made))
		case a.Made != 0 && stored != a.Made:
			violations = append(violations, fmt.Sprintf("%v was answered with %d, the ledger has %d for it", a.Request, a.Made, stored))
		case a.Refused != "" && ok:
			violations = append(violations, fmt.Sprintf("%v was refused with %s, though the ledger has %d for it", a.Request, a.Refused, stored))
		case a.Refused != "":
			if known, due := due(a); !known {
				violations = append(violations, fmt.Sprintf("%v was answered %s, which nothing was to bring about", a.Request, a.Refused))
			} else if !due {
				violations = append(violations, fmt.Sprintf("%v was refused with %s, though there was room for it", a.Request, a.Refused))
			}
		}
	}
	for request, stored := range made {
		if !asked[request] {
			violations = append(violations, fmt.Sprintf("the ledger has %d for %v, which nobody asked for", stored, request))
		}
	}
	return violations
}
