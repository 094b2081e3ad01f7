package warehouse

import (
	"testing"
	"time"

	"voucherhouse/promo"
)

// rowsOf are n rows of one partition.
func rowsOf(t testing.TB, n int) *rows {
	t.Helper()
	facts := make([]promo.RecordedFact, n)
	for i := range facts {
		facts[i] = promo.RecordedFact{
			Position: promo.Position{Tx: 1, ID: int64(i)}, Shop: 1, Kind: promo.FactClaim,
			At: march.Add(time.Duration(i) * time.Second), Payload: []byte(`{"quantity": 1}`),
		}
	}
	load, err := pack(facts, map[promo.ShopID]currency{1: {"USD", 2, time.UTC}})
	must(t, err)
	return load.partitions[202403]
}

func TestABatchIsOneBlock(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.sink("facts")
	must(t, s.insert(t.Context(), promo.Batch{Number: 1, Partition: 202403, Rows: mostFacts}, rowsOf(t, mostFacts)))
	equal(t, b.count(t, "count()", "facts"), mostFacts)
	// Parts are written one for each block, and those that were merged know of how many.
	equal(t, b.count(t, "max(max_block_number) - min(min_block_number)", "system.parts where database = currentDatabase() and table = 'facts'"), 0)
}

func TestTheSameBatchAgainIsDropped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.sink("facts")
	batch := promo.Batch{Number: 7, Partition: 202403, Rows: 3}
	for range 2 {
		must(t, s.insert(t.Context(), batch, rowsOf(t, 3)))
		equal(t, b.count(t, "count()", "facts"), 3)
	}
	// The same rows under another number are other facts.
	batch.Number = 8
	must(t, s.insert(t.Context(), batch, rowsOf(t, 3)))
	equal(t, b.count(t, "count()", "facts"), 6)
}

func TestABatchThatTheLedgerGivesOtherwiseIsRefused(t *testing.T) {
	t.Parallel()
	s := sink{table: "facts"} // without a connection: asking it would panic
	for n, r := range map[int]*rows{2: rowsOf(t, 3), 1: nil} {
		if err := s.settle(t.Context(), promo.Batch{Number: 1, Partition: 202403, Rows: n}, r); err == nil {
			t.Errorf("a batch that was written down with %d rows was taken", n)
		}
	}
}
