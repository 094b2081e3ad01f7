package promo

// TaskKind is what a viewer has to do for a LIVE voucher.
type TaskKind string

// The kinds of task, as the schema names them (product.md L3).
const (
	WatchTask  TaskKind = "WATCH"
	FollowTask TaskKind = "FOLLOW"
	NoTask     TaskKind = "NONE"
)
