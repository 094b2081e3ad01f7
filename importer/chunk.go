package importer

import (
	"context"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"sync"
	"time"

	"voucherhouse/postgres"
	"voucherhouse/promo"
)

// Rows go to the ledger in chunks, one transaction each. A transaction that is open holds back the facts of the whole
// server, so the size of a chunk follows the time that the last one took.
const (
	firstChunk    = 1_000
	smallestChunk = 100
	largestChunk  = 20_000
	// Between them the size stays.
	quick, slow = 150 * time.Millisecond, 350 * time.Millisecond
	// lanes is how many chunks are stored at once: one alone leaves the server waiting for its disk, and a core idle.
	lanes = 2
)

func nextSize(size int, took time.Duration) int {
	switch {
	case took > slow:
		return max(size/2, smallestChunk)
	case took < quick:
		return min(size*2, largestChunk)
	}
	return size
}

// table is how the rows of a file become rows of the ledger.
type table[R any] struct {
	file  string
	parse func(*cells) R
	// keys are what a row has in common with those that it must be judged after.
	keys func(R) []string
	// with is what a row has in common with those that it must be stored with, if they are stored at the same time.
	with  func(R) string
	store func(context.Context, promo.ShopID, []R) (postgres.ImportOutcome, error)
}

// intake gathers rows of a file until they are enough to be stored. Rows that share a key are not stored together: the
// later one waits.
type intake[R any] struct {
	table[R]
	*importing
	in      *reader
	size    int // of a chunk
	rows    []arrived[R]
	keys    map[string]bool
	waiting []arrived[R]
	rejects []reject
	summary FileSummary
}

// arrived is a row with where it stood.
type arrived[R any] struct {
	rawRow
	value R
}

// bring imports a file, if it is there.
func bring[R any](ctx context.Context, i *importing, t table[R]) error {
	in := i.folder[t.file]
	if in == nil {
		return nil
	}
	c := &intake[R]{table: t, importing: i, in: in, size: firstChunk, keys: map[string]bool{}, summary: FileSummary{File: t.file}}
	err := c.all(ctx)
	i.summary.Files = append(i.summary.Files, c.summary)
	return err
}

func (c *intake[R]) all(ctx context.Context) error {
	for {
		row, err := c.in.next()
		if errors.Is(err, io.EOF) {
			return c.flush(ctx, 1)
		}
		if err != nil {
			return err
		}
		cells := c.cells(c.in, row)
		value := c.parse(cells)
		if cells.problem != "" {
			c.reject(row, cells.problem)
		} else {
			c.add(arrived[R]{row, value})
		}
		if err := c.flush(ctx, c.size*lanes); err != nil {
			return err
		}
	}
}

func (c *intake[R]) reject(row rawRow, reason string) {
	c.rejects = append(c.rejects, reject{file: c.file, line: row.line, reason: reason, row: row.text})
}

// add makes a row wait if it shares a key with any that came before it, waiting ones included.
func (c *intake[R]) add(row arrived[R]) {
	keys := c.table.keys(row.value)
	waits := slices.ContainsFunc(keys, func(k string) bool { return c.keys[k] })
	for _, k := range keys {
		c.keys[k] = true
	}
	if waits {
		c.waiting = append(c.waiting, row)
	} else {
		c.rows = append(c.rows, row)
	}
}

// flush stores what is held, as long as that is at least enough rows.
func (c *intake[R]) flush(ctx context.Context, enough int) error {
	for len(c.rows)+len(c.waiting)+len(c.rejects) >= enough {
		err := c.storeRows(ctx)
		c.summary.Rejected += len(c.rejects)
		c.summary.Read += len(c.rejects)
		if err := errors.Join(err, c.importing.rejects.write(c.rejects)); err != nil {
			return err
		}
		waiting := c.waiting
		c.rows, c.waiting, c.rejects = c.rows[:0], nil, c.rejects[:0]
		clear(c.keys)
		for _, row := range waiting {
			c.add(row)
		}
		c.tell(c.in)
	}
	return nil
}

// storeRows stores the rows as chunks side by side.
func (c *intake[R]) storeRows(ctx context.Context) error {
	var (
		wait     sync.WaitGroup
		lock     sync.Mutex
		failures []error
		longest  time.Duration
	)
	for _, chunk := range c.chunks() {
		wait.Go(func() {
			began := time.Now()
			outcome, err := c.store(ctx, c.shop.ID, values(chunk))
			lock.Lock()
			defer lock.Unlock()
			longest = max(longest, time.Since(began))
			if err != nil {
				failures = append(failures, err)
				return
			}
			c.settle(chunk, outcome)
		})
	}
	wait.Wait()
	if len(c.rows) > 0 {
		c.size = nextSize(c.size, longest)
	}
	return errors.Join(failures...)
}

// chunks divides the rows among the lanes. A few are not worth dividing.
func (c *intake[R]) chunks() [][]arrived[R] {
	if len(c.rows) < lanes*smallestChunk {
		return [][]arrived[R]{c.rows}
	}
	chunks := make([][]arrived[R], lanes)
	for _, row := range c.rows {
		lane := crc32.ChecksumIEEE([]byte(c.with(row.value))) % lanes
		chunks[lane] = append(chunks[lane], row)
	}
	return chunks
}

func values[R any](rows []arrived[R]) []R {
	values := make([]R, len(rows))
	for i, row := range rows {
		values[i] = row.value
	}
	return values
}

// settle counts a chunk that is stored.
func (c *intake[R]) settle(chunk []arrived[R], outcome postgres.ImportOutcome) {
	c.summary.Imported += outcome.Imported
	c.summary.Present += outcome.Present
	c.summary.Read += outcome.Imported + outcome.Present
	for _, r := range outcome.Rejected {
		c.reject(chunk[r.Row].rawRow, r.Reason)
	}
}
