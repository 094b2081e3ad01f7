package promo_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

func watchFor(seconds int) promo.LiveTask {
	return promo.LiveTask{Kind: promo.WatchTask, WatchSeconds: &seconds}
}

var (
	follow = promo.LiveTask{Kind: promo.FollowTask}
	noTask = promo.LiveTask{Kind: promo.NoTask}
)

// stage is livestream 7 of account 3, which runs.
func stage(open ...promo.Distribution) promo.Stage {
	account := &promo.Account{ID: promo.AccountID{Shop: 1, Serial: 3}}
	return promo.Stage{Account: account, Livestream: &promo.Livestream{ID: stream(7), Account: account.ID}, Open: open}
}

func stream(serial int64) promo.LivestreamID { return promo.LivestreamID{Shop: 1, Serial: serial} }

func TestL3Tasks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		task  promo.LiveTask
		valid bool
	}{
		"watch a second":           {watchFor(1), true},
		"watch a day":              {watchFor(86_400), true},
		"watch for longer":         {watchFor(86_401), false},
		"watch for nothing":        {watchFor(0), false},
		"watch backwards":          {watchFor(-1), false},
		"watch for nobody knows":   {promo.LiveTask{Kind: promo.WatchTask}, false},
		"follow":                   {follow, true},
		"follow for seconds":       {promo.LiveTask{Kind: promo.FollowTask, WatchSeconds: new(5)}, false},
		"no task":                  {noTask, true},
		"no task, and yet seconds": {promo.LiveTask{Kind: promo.NoTask, WatchSeconds: new(5)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on := stage()
			d, err := running(promo.LiveVoucher, promo.Ongoing).Distribute(on, test.task, now)
			if got := broken(t, err); (got == nil) != test.valid || !test.valid && !slices.Equal(got, []string{"TASK_INVALID task"}) {
				t.Fatalf("refused with %q", got)
			}
			if d != nil && (d.Livestream != on.Livestream.ID || !d.StartedAt.Equal(now) || (d.Task.Account != nil) != (d.Task.Kind == promo.FollowTask)) {
				t.Errorf("distributed is %+v", d)
			}
		})
	}
}

func TestL4OneTaskPerVoucherAtATime(t *testing.T) {
	t.Parallel()
	open := func(in int64, task promo.LiveTask) promo.Distribution {
		return promo.Distribution{Livestream: stream(in), Task: task}
	}
	for name, test := range map[string]struct {
		open []promo.Distribution
		task promo.LiveTask
		want []string
	}{
		"nothing is open":                  {nil, watchFor(30), nil},
		"the same task elsewhere":          {[]promo.Distribution{open(8, watchFor(30))}, watchFor(30), nil},
		"other seconds elsewhere":          {[]promo.Distribution{open(8, watchFor(31))}, watchFor(30), []string{"TASK_CONFLICT task"}},
		"another kind elsewhere":           {[]promo.Distribution{open(8, noTask)}, follow, []string{"TASK_CONFLICT task"}},
		"following other hosts is one":     {[]promo.Distribution{open(8, follow), open(9, follow)}, follow, nil},
		"here, with the same task":         {[]promo.Distribution{open(7, follow)}, follow, []string{"ALREADY_DISTRIBUTED livestreamId"}},
		"here and elsewhere, another task": {[]promo.Distribution{open(8, follow), open(7, follow)}, noTask, []string{"ALREADY_DISTRIBUTED livestreamId"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := running(promo.LiveVoucher, promo.Ongoing).Distribute(stage(test.open...), test.task, now)
			if got := broken(t, err); !slices.Equal(got, test.want) {
				t.Errorf("refused with %q, want %q", got, test.want)
			}
		})
	}
}

func TestL2ALiveVoucherIsHandedOutWhileItAndTheLivestreamRun(t *testing.T) {
	t.Parallel()
	for status, at := range stages {
		_, err := running(promo.LiveVoucher, status).Distribute(stage(), noTask, at)
		if got, ongoing := broken(t, err), status == promo.Ongoing; (got == nil) != ongoing || !ongoing && !slices.Equal(got, []string{"VOUCHER_NOT_ONGOING voucherId"}) {
			t.Errorf("%s: %v", status, got)
		}
	}
	for _, tool := range []promo.Tool{promo.RegularVoucher, promo.ChatCoupon} {
		_, err := running(tool, promo.Ongoing).Distribute(stage(), noTask, now)
		if got := broken(t, err); !slices.Equal(got, []string{"NOT_A_LIVE_VOUCHER voucherId"}) {
			t.Errorf("%s: %v", tool, got)
		}
	}
	// All that is wrong is told at once.
	over := stage()
	over.Livestream.EndedAt, over.Account.UnlinkedAt = &now, &now
	_, err := running(promo.LiveVoucher, promo.Expired).Distribute(over, watchFor(0), now.AddDate(1, 0, 0))
	want := []string{"ACCOUNT_UNLINKED livestreamId", "LIVESTREAM_ENDED livestreamId", "TASK_INVALID task", "VOUCHER_NOT_ONGOING voucherId"}
	if got := broken(t, err); !slices.Equal(got, want) {
		t.Errorf("refused with %q, want %q", got, want)
	}
}

func TestL5StoppingAndEndingHappenOnce(t *testing.T) {
	t.Parallel()
	d, l := promo.Distribution{}, promo.Livestream{}
	for i, want := range [][]string{nil, {"ALREADY_STOPPED distributionId"}} {
		if got := broken(t, d.Stop(now.Add(time.Duration(i)))); !slices.Equal(got, want) || !d.StoppedAt.Equal(now) {
			t.Errorf("stopped at %v, refused with %q", d.StoppedAt, got)
		}
	}
	for i, want := range [][]string{nil, {"LIVESTREAM_ENDED livestreamId"}} {
		if got := broken(t, l.End(now.Add(time.Duration(i)))); !slices.Equal(got, want) || !l.EndedAt.Equal(now) {
			t.Errorf("ended at %v, refused with %q", l.EndedAt, got)
		}
	}
}

func TestAnAccountHasOneLivestreamAtATime(t *testing.T) {
	t.Parallel()
	a := promo.Account{ID: promo.AccountID{Shop: 1, Serial: 3}}
	l, err := a.StartLivestream("  Spring ☕ ", false, now)
	if err != nil || l.Title != "Spring ☕" || l.Account != a.ID || !l.StartedAt.Equal(now) || l.EndedAt != nil {
		t.Errorf("started %+v, %v", l, err)
	}
	if _, err := a.StartLivestream(strings.Repeat("☕", 100), false, now); err != nil {
		t.Error(err)
	}
	a.UnlinkedAt = &now
	want := []string{"ACCOUNT_UNLINKED accountId", "ALREADY_LIVE accountId", "TITLE_INVALID title"}
	for _, title := range []string{"", " ", "a\nb", "\xff", "\u200d", strings.Repeat("☕", 101)} {
		if _, err := a.StartLivestream(title, true, now); !slices.Equal(broken(t, err), want) {
			t.Errorf("%q: %v", title, err)
		}
	}
}
