package promo

// FollowNeedsOneClaim is V10's advice on the follow task: a buyer follows once, so one claim is enough.
const FollowNeedsOneClaim WarningCode = "FOLLOW_TASK_NEEDS_ONE_CLAIM"

// TaskWarnings are what the seller should know of handing the voucher out under the task; none of it forbids anything.
func (v *Voucher) TaskWarnings(task LiveTask) []Warning {
	if task.Kind != FollowTask || v.ClaimsPerCustomer == 1 {
		return nil
	}
	return []Warning{{
		Code:    FollowNeedsOneClaim,
		Message: "Buyers follow once: with the follow task one claim for each customer is enough.",
		Field:   []string{"claimsPerCustomer"},
	}}
}
