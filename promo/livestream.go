package promo

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Livestream is one broadcast of an account.
type Livestream struct {
	ID        LivestreamID
	Account   AccountID
	Title     string
	StartedAt time.Time
	// EndedAt is when it ended. Nil while it runs.
	EndedAt *time.Time
}

// longestLivestreamTitle is in code points.
const longestLivestreamTitle = 100

// StartLivestream begins a livestream of the account at the given moment. An account has one at a time; live tells
// whether one runs. All rules that it breaks are given.
func (a *Account) StartLivestream(title string, live bool, now time.Time) (*Livestream, error) {
	var refusals Refusals
	title = strings.TrimSpace(title)
	if n := utf8.RuneCountInString(title); n < 1 || n > longestLivestreamTitle || !legible(title) {
		refusals.refuseLive(LiveTitleInvalid, "title")
	}
	if a.UnlinkedAt != nil {
		refusals.refuseLive(LiveAccountUnlinked, "accountId")
	}
	if live {
		refusals.refuseLive(LiveAlreadyLive, "accountId")
	}
	if len(refusals) > 0 {
		return nil, refusals
	}
	return &Livestream{Account: a.ID, Title: title, StartedAt: now}, nil
}

// End ends the livestream at the given moment, unless that has been done.
func (l *Livestream) End(now time.Time) error {
	if l.EndedAt != nil {
		return RefuseLive(LiveEnded, "livestreamId")
	}
	l.EndedAt = &now
	return nil
}
