package warehouse

// coreDataRow is a row of coreDataQuery or groupQuery.
type coreDataRow struct {
	// Bucket is when the bucket begins, in seconds since 1970. A row of the whole range has Total.
	Bucket uint32 `ch:"bucket"`
	Total  uint8  `ch:"total"`
	// Previous rows are of the period that was compared with.
	Previous uint8 `ch:"previous"`
	// First and Second are what the group is in each dimension, as text, and Hash is that of both.
	First  string `ch:"first"`
	Second string `ch:"second"`
	Hash   uint64 `ch:"hash"`
	// Place is what a promotion is listed by, as text. Empty if it has no value there; other groups tell none.
	Place string `ch:"place"`
	sums
}

// groupID tells groups apart.
type groupID [mostDimensions]string

func (r coreDataRow) keys() groupID { return groupID{r.First, r.Second} }

// tally gathers the rows of one series.
type tally struct {
	total   sums
	buckets map[uint32]*sums
}

func (t *tally) bucket(start uint32) *sums {
	if s := t.buckets[start]; s != nil {
		return s
	}
	return &sums{}
}

// tallies are those of the period asked for and of the one that it is compared with.
type tallies struct{ asked, before *tally }

func newTallies() *tallies {
	return &tallies{&tally{buckets: map[uint32]*sums{}}, &tally{buckets: map[uint32]*sums{}}}
}

func (t *tallies) add(r coreDataRow) {
	of := t.asked
	if r.Previous == 1 {
		of = t.before
	}
	if r.Total == 1 {
		of.total = r.sums
		return
	}
	of.buckets[r.Bucket] = &r.sums
}
