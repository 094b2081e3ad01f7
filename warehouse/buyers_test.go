package warehouse

import (
	"testing"
	"time"
)

// Buckets are found by numbers that ClickHouse and this program must give alike, at the ends of years above all.
func TestBucketsHaveTheSameNumbersInClickHouse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const days = 15_000 // from 1999 to 2040
	for _, g := range []Granularity{Day, Week, Month} {
		var numbers []uint32
		must(t, b.conn.QueryRow(t.Context(), "select groupArray(toUInt32("+g.numberOf("day")+
			")) from (select toDate32('1999-01-01') + number as day from numbers(15000) order by day)").Scan(&numbers))
		equal(t, len(numbers), days)
		for i, number := range numbers {
			if day := time.Date(1999, 1, 1+i, 0, 0, 0, 0, time.UTC); g.number(day) != number {
				t.Fatalf("%s: the bucket of %s is %d, in ClickHouse %d", g, day.Format(time.DateOnly), g.number(day), number)
			}
		}
	}
}
