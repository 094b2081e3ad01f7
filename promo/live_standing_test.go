package promo_test

import (
	"testing"
	"time"

	"voucherhouse/promo"
)

// standing is of somebody who has just begun to watch what is handed out under the task.
func standing(task promo.LiveTask) *promo.LiveStanding {
	return &promo.LiveStanding{Distribution: &promo.Distribution{Task: task}, LastHeartbeat: &now}
}

// Each case breaks the rule it names and, where that can be, those decided after it.
func TestQ3LiveClaimIsRefusedWithTheFirstRuleThatFailed(t *testing.T) {
	t.Parallel()
	gone := now.Add(-61 * time.Second)
	followed := promo.Follow{Following: true, WindowOpenedAt: new(now.Add(-30 * day))}
	for name, test := range map[string]struct {
		change func(*promo.Voucher, *promo.LiveStanding)
		task   promo.LiveTask
		want   promo.Code
	}{
		"deactivated":     {func(v *promo.Voucher, s *promo.LiveStanding) { v.DeactivatedAt, s.Distribution = &now, nil }, noTask, "DEACTIVATED"},
		"not distributed": {func(_ *promo.Voucher, s *promo.LiveStanding) { s.Distribution, s.LastHeartbeat = nil, nil }, noTask, "NOT_DISTRIBUTED"},
		"never watched":   {func(_ *promo.Voucher, s *promo.LiveStanding) { s.LastHeartbeat = nil }, watchFor(5), "NOT_IN_AUDIENCE"},
		"gone since":      {func(_ *promo.Voucher, s *promo.LiveStanding) { s.LastHeartbeat, s.Watched = &gone, time.Hour }, watchFor(5), "NOT_IN_AUDIENCE"},
		"watched too short": {func(v *promo.Voucher, s *promo.LiveStanding) {
			s.Watched, v.Claimed = 5*time.Second-tick, v.TotalQuantity
		}, watchFor(5), "WATCH_TIME_SHORT"},
		"does not follow":          {func(v *promo.Voucher, _ *promo.LiveStanding) { v.Claimed = v.TotalQuantity }, follow, "NOT_FOLLOWING"},
		"followed in another time": {func(_ *promo.Voucher, s *promo.LiveStanding) { s.Follow = followed }, follow, "NOT_A_NEW_FOLLOWER"},
		"as many as one may":       {func(v *promo.Voucher, s *promo.LiveStanding) { v.Claimed, v.ClaimsPerCustomer = v.TotalQuantity, 0 }, noTask, "CUSTOMER_LIMIT_REACHED"},
		"sold out":                 {func(v *promo.Voucher, _ *promo.LiveStanding) { v.Claimed = v.TotalQuantity }, noTask, "SOLD_OUT"},
		"watched long enough":      {func(_ *promo.Voucher, s *promo.LiveStanding) { s.Watched = 5 * time.Second }, watchFor(5), ""},
		"a new follower":           {func(_ *promo.Voucher, s *promo.LiveStanding) { s.Follow.Follow(now) }, follow, ""},
		"no task":                  {func(*promo.Voucher, *promo.LiveStanding) {}, noTask, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, s := running(promo.LiveVoucher, promo.Ongoing), standing(test.task)
			test.change(v, s)
			c := v.ClaimableBy(0, s, now)
			if c.Claimable() != (test.want == "") || !c.Claimable() && *c.Reason != test.want || c.Distribution != s.Distribution {
				t.Errorf("claimable %t, reason %v; want %q", c.Claimable(), c.Reason, test.want)
			}
		})
	}
}

func TestWhatIsClaimableWithoutALivestream(t *testing.T) {
	t.Parallel()
	for tool, want := range map[promo.Tool]promo.Code{promo.RegularVoucher: "", promo.LiveVoucher: "NOT_DISTRIBUTED", promo.ChatCoupon: "PRIVATE_COUPON"} {
		c := running(tool, promo.Ongoing).ClaimableBy(0, nil, now)
		if c.Claimable() != (want == "") || !c.Claimable() && *c.Reason != want {
			t.Errorf("%s: reason %v, want %q", tool, c.Reason, want)
		}
	}
	if c := running(promo.RegularVoucher, promo.Ongoing).ClaimableBy(1, nil, now); c.Claimable() || *c.Reason != "CUSTOMER_LIMIT_REACHED" {
		t.Errorf("reason %v", c.Reason)
	}
}

func TestProgressWithTasks(t *testing.T) {
	t.Parallel()
	s := standing(watchFor(5))
	s.Watched = 4999 * time.Millisecond
	if p := s.Progress(now); p.Done || *p.WatchedSeconds != 4 || p.Following != nil {
		t.Errorf("watched %v: %+v", s.Watched, p)
	}
	s.Watched = 5 * time.Second
	if p := s.Progress(now); !p.Done || *p.WatchedSeconds != 5 {
		t.Errorf("watched %v: %+v", s.Watched, p)
	}
	s = standing(follow)
	if p := s.Progress(now); p.Done || *p.Following || p.WatchedSeconds != nil {
		t.Errorf("before the follow: %+v", p)
	}
	s.Follow.Follow(now)
	if p := s.Progress(now); !p.Done || !*p.Following {
		t.Errorf("after the follow: %+v", p)
	}
	if p := s.Progress(now.Add(30 * day)); p.Done || !*p.Following {
		t.Errorf("after thirty days: %+v", p)
	}
	if p := standing(noTask).Progress(now); !p.Done || p.Following != nil || p.WatchedSeconds != nil {
		t.Errorf("no task: %+v", p)
	}
}
