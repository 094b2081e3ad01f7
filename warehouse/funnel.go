package warehouse

import (
	"time"

	"voucherhouse/promo"
)

// FunnelStepKind is a step from what is offered to what comes of it, as the schema names it.
type FunnelStepKind string

// The steps, in their order. Of a claim's redemption and refund, and of a look at its card, a funnel tells where and when the
// claim was made, so that each step is a part of the one before.
const (
	StepIssued   FunnelStepKind = "ISSUED"
	StepSent     FunnelStepKind = "SENT"
	StepViewers  FunnelStepKind = "VIEWERS"
	StepTaskDone FunnelStepKind = "TASK_DONE"
	StepViewed   FunnelStepKind = "VIEWED"
	StepClaimed  FunnelStepKind = "CLAIMED"
	StepRedeemed FunnelStepKind = "REDEEMED"
	StepRefunded FunnelStepKind = "REFUNDED"
)

// FunnelStep is how many came to a step.
type FunnelStep struct {
	Kind  FunnelStepKind
	Count int64
}

// FunnelPoint is the steps of one bucket.
type FunnelPoint struct {
	Period promo.Period
	Steps  []FunnelStep
}

// How long a range may be for buckets of a length: a livestream's minutes for a day, a period's hours for three.
const (
	longestByMinute = 24 * time.Hour
	longestByHour   = 3 * 24 * time.Hour
)

// livestreamBuckets cuts the time of a livestream into minutes, unless it went on for longer than a day.
func livestreamBuckets(p promo.Period, zone *time.Location) []promo.Period {
	if p.To.Sub(p.From) > longestByMinute {
		return periodBuckets(p, zone)
	}
	cuts, _ := buckets(p, zone, Minute) // 1,441 at the most
	return cuts
}

// periodBuckets cuts a period into hours, or into days if it is longer than three.
func periodBuckets(p promo.Period, zone *time.Location) []promo.Period {
	by := Day
	if p.To.Sub(p.From) <= longestByHour {
		by = Hour
	}
	cuts, _ := buckets(p, zone, by) // ten years have 3,653 days
	return cuts
}

// refuseArgument is the answer to an argument of a query that cannot be answered.
func refuseArgument(message, argument string) error {
	return &promo.Error{Code: promo.InvalidInput, Message: message, Field: []string{argument}}
}
