package warehouse

import (
	"testing"
	"time"

	"voucherhouse/promo"
)

// at is n seconds after now.
func at(n int) time.Time { return now.Add(time.Duration(n) * time.Second) }

func TestAMarkIsReachedOnceALaterXminHasPassedIt(t *testing.T) {
	t.Parallel()
	var m marks
	m.poll(promo.Snapshot{At: at(1), Xmin: 10, Xmax: 20}) // 10 still runs, and whatever had ended is below 20
	m.reached(10)
	equal(t, m.asOf, time.Time{})
	m.poll(promo.Snapshot{At: at(2), Xmin: 19, Xmax: 25})
	m.reached(19)
	equal(t, m.asOf, time.Time{})
	m.poll(promo.Snapshot{At: at(3), Xmin: 20, Xmax: 30})
	m.reached(20)
	equal(t, m.asOf, at(1))
	m.poll(promo.Snapshot{At: at(4), Xmin: 31, Xmax: 31}) // idle: nothing runs
	m.reached(31)
	equal(t, m.asOf, at(4))
	equal(t, len(m.waiting), 0)
}

func TestMarksAreThinnedWhileATransactionDoesNotEnd(t *testing.T) {
	t.Parallel()
	var m marks
	for i := range 100 * mostMarks {
		m.poll(promo.Snapshot{At: at(i), Xmin: 1, Xmax: uint64(i + 2)})
		m.reached(1)
		if len(m.waiting) > mostMarks {
			t.Fatalf("%d marks are waiting", len(m.waiting))
		}
	}
	equal(t, m.asOf, time.Time{})
	m.reached(3)
	equal(t, m.asOf, at(0)) // the earliest is kept
	m.reached(100*mostMarks + 1)
	equal(t, m.asOf, at(100*mostMarks-1)) // and so is the latest
}
