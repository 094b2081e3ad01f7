package promo

// The refusals of what sellers, hosts and viewers do around livestreams.
const (
	LiveUnknown            Code = "NOT_FOUND"
	LiveHandleInvalid      Code = "HANDLE_INVALID"
	LiveAlreadyLinked      Code = "ALREADY_LINKED"
	LiveOfficialExists     Code = "OFFICIAL_ACCOUNT_EXISTS"
	LiveTooManyMarketing   Code = "TOO_MANY_MARKETING_ACCOUNTS"
	LiveAccountUnlinked    Code = "ACCOUNT_UNLINKED"
	LiveTitleInvalid       Code = "TITLE_INVALID"
	LiveAlreadyLive        Code = "ALREADY_LIVE"
	LiveEnded              Code = "LIVESTREAM_ENDED"
	LiveNotALiveVoucher    Code = "NOT_A_LIVE_VOUCHER"
	LiveVoucherNotOngoing  Code = "VOUCHER_NOT_ONGOING"
	LiveTaskInvalid        Code = "TASK_INVALID"
	LiveAlreadyDistributed Code = "ALREADY_DISTRIBUTED"
	LiveTaskConflict       Code = "TASK_CONFLICT"
	LiveAlreadyStopped     Code = "ALREADY_STOPPED"
)

var liveMessages = map[Code]string{
	LiveUnknown:            ErrNotFound.Message,
	LiveHandleInvalid:      "A handle has 1 to 30 Latin letters, digits, points and underscores.",
	LiveAlreadyLinked:      "The account is linked already.",
	LiveOfficialExists:     "The shop has an official account; unlink it first.",
	LiveTooManyMarketing:   "The shop has four marketing accounts; unlink one first.",
	LiveAccountUnlinked:    "The account is not linked to the shop any more.",
	LiveTitleInvalid:       "A title has 1 to 100 characters, and no control characters.",
	LiveAlreadyLive:        "The account has a livestream that runs; end it first.",
	LiveEnded:              "The livestream is over.",
	LiveNotALiveVoucher:    "Only LIVE vouchers are handed out in livestreams.",
	LiveVoucherNotOngoing:  "The voucher cannot be claimed now.",
	LiveTaskInvalid:        "WATCH needs 1 to 86,400 seconds; the other tasks have none.",
	LiveAlreadyDistributed: "The livestream hands this voucher out already; stop that first.",
	LiveTaskConflict:       "Another livestream hands this voucher out under another task.",
	LiveAlreadyStopped:     "The distribution is stopped already.",
}

// RefuseLive is the answer where a rule around livestreams forbids something.
func RefuseLive(code Code, field ...string) Refusals {
	return Refuse(code, liveMessages[code], field...)
}

// refuseLive adds a broken rule around livestreams.
func (r *Refusals) refuseLive(code Code, field ...string) {
	*r = append(*r, RefuseLive(code, field...)...)
}
