package promo

import "time"

// longestWatch bounds the WATCH task: a day.
const longestWatch = 24 * time.Hour

// LiveTask is what a viewer has to do for a LIVE voucher.
type LiveTask struct {
	Kind TaskKind
	// WatchSeconds is for how long to watch. Nil unless the kind is WATCH.
	WatchSeconds *int
	// Account is whom to follow. Nil unless the kind is FOLLOW.
	Account *AccountID
}

// valid is L3: WATCH n seconds, FOLLOW, NONE.
func (t LiveTask) valid() bool {
	if t.Kind != WatchTask {
		return t.WatchSeconds == nil
	}
	return t.WatchSeconds != nil && *t.WatchSeconds >= 1 && *t.WatchSeconds <= int(longestWatch/time.Second)
}

// same is L4's comparison of tasks: the kind and, for WATCH, the seconds. Whom to follow is each livestream's own account.
func (t LiveTask) same(o LiveTask) bool {
	return t.Kind == o.Kind && (t.Kind != WatchTask || *t.WatchSeconds == *o.WatchSeconds)
}

// Distribution is one period in which a LIVE voucher is handed out in one livestream under one task.
type Distribution struct {
	ID         DistributionID
	Voucher    VoucherID
	Livestream LivestreamID
	// Account is whose livestream it is.
	Account   AccountID
	Task      LiveTask
	StartedAt time.Time
	// StoppedAt is when it was stopped. Nil while it is open.
	StoppedAt *time.Time
	// Claimed counts the claims that were made through it.
	Claimed int
	// Remaining is how many copies of the voucher were left to claim, in whatever livestream. Nil where that was not looked at.
	Remaining *int
	// LastVoucher and LastLivestream come with the news that it was stopped: a buyer who followed it may see neither any more.
	LastVoucher    *Voucher
	LastLivestream *Livestream
}

// Stage is what a distribution takes place in: a livestream of an account, and what is open of the voucher anywhere.
type Stage struct {
	Livestream *Livestream
	Account    *Account
	Open       []Distribution
}

// Distribute begins to hand the voucher out at the given moment (product.md L2 to L4), or gives every rule that forbids it.
func (v *Voucher) Distribute(on Stage, task LiveTask, now time.Time) (*Distribution, error) {
	var refusals Refusals
	if v.Tool != LiveVoucher {
		refusals.refuseLive(LiveNotALiveVoucher, "voucherId")
	} else if v.Status(now) != Ongoing {
		refusals.refuseLive(LiveVoucherNotOngoing, "voucherId")
	}
	if on.Livestream.EndedAt != nil {
		refusals.refuseLive(LiveEnded, "livestreamId")
	}
	if on.Account.UnlinkedAt != nil {
		refusals.refuseLive(LiveAccountUnlinked, "livestreamId")
	}
	if !task.valid() {
		refusals.refuseLive(LiveTaskInvalid, "task")
	} else {
		refusals = append(refusals, on.oneTask(task)...)
	}
	if len(refusals) > 0 {
		return nil, refusals
	}
	if task.Kind == FollowTask {
		task.Account = &on.Account.ID
	}
	return &Distribution{Voucher: v.ID, Livestream: on.Livestream.ID, Account: on.Account.ID, Task: task, StartedAt: now}, nil
}

// oneTask is L4: one open distribution in a livestream, and one task in all of them.
func (on Stage) oneTask(task LiveTask) Refusals {
	var conflict Refusals
	for _, d := range on.Open {
		if d.Livestream == on.Livestream.ID {
			return RefuseLive(LiveAlreadyDistributed, "livestreamId")
		}
		if !d.Task.same(task) {
			conflict = RefuseLive(LiveTaskConflict, "task")
		}
	}
	return conflict
}

// Stop ends the distribution at the given moment, unless that has been done (product.md L5).
func (d *Distribution) Stop(now time.Time) error {
	if d.StoppedAt != nil {
		return RefuseLive(LiveAlreadyStopped, "distributionId")
	}
	d.StoppedAt = &now
	return nil
}
