// Package warehouse answers what a shop's promotions brought. It takes the ledger's facts into ClickHouse and reports
// on them.
//
// It promises that every fact of the ledger is counted exactly once, whatever crashes on the way: a relay reads facts in
// the order of their commits, writes down which rows go together before it inserts them, and after any doubt looks which
// of them arrived. It promises to say how fresh each answer is: everything committed before Freshness.AsOf is in it.
//
// Tables: facts, what happened, only appended to; promotions, what promotions are called. Both can be rebuilt from the
// ledger at any time.
package warehouse
