package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

const (
	openManifest = `select to_tx::text::bigint as tx, to_id as id from manifests where stream = $1`
	openBatches  = `select batch, partition, rows, done from manifest_batches where stream = $1 order by batch`
)

// Manifest is the range that is being delivered. Nil if none is.
func (s *Stream) Manifest(ctx context.Context) (*promo.Manifest, error) {
	var m promo.Manifest
	err := s.conn.GetContext(ctx, &m.To, openManifest, s.name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = s.conn.SelectContext(ctx, &m.Batches, openBatches, s.name)
	}
	if err != nil {
		return nil, asError(ctx, fmt.Errorf("reading the manifest of %s: %w", s.name, err))
	}
	return &m, nil
}

const (
	cutManifest = `insert into manifests (stream, to_tx, to_id) values ($1, $2::bigint::text::xid8, $3)`
	cutBatches  = `
insert into manifest_batches (stream, partition, rows)
select $1, partition, rows from unnest($2::int[], $3::bigint[]) as b (partition, rows)
returning batch, partition, rows, done`
)

// Cut writes down the range that is delivered next: up to a position, with so many rows for each partition.
func (s *Stream) Cut(ctx context.Context, to promo.Position, rows map[int]int) (*promo.Manifest, error) {
	m := &promo.Manifest{To: to}
	var partitions, counts []int64
	for p, n := range rows {
		partitions, counts = append(partitions, int64(p)), append(counts, int64(n))
	}
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, cutManifest, s.name, to.Tx, to.ID); err != nil {
			return err
		}
		return tx.SelectContext(ctx, &m.Batches, cutBatches, s.name, pq.Array(partitions), pq.Array(counts))
	})
	if err != nil {
		return nil, asError(ctx, fmt.Errorf("writing the manifest of %s: %w", s.name, err))
	}
	return m, nil
}

const markBatch = `update manifest_batches set done = true where stream = $1 and batch = $2`

// Done records that a batch is in the warehouse.
func (s *Stream) Done(ctx context.Context, batch int64) error {
	if _, err := s.conn.ExecContext(ctx, markBatch, s.name, batch); err != nil {
		return asError(ctx, fmt.Errorf("marking batch %d: %w", batch, err))
	}
	return nil
}

const (
	dropManifest = `delete from manifests where stream = $1`
	moveStream   = `update streams set tx = $2::bigint::text::xid8, id = $3 where name = $1`
)

// Advance moves the stream to the end of a manifest whose batches are all done.
func (s *Stream) Advance(ctx context.Context, to promo.Position) error {
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, dropManifest, s.name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, moveStream, s.name, to.Tx, to.ID)
		return err
	})
	if err != nil {
		return asError(ctx, fmt.Errorf("moving %s: %w", s.name, err))
	}
	return nil
}
