package bench

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"voucherhouse/importer"
	"voucherhouse/internal/testdb"
	"voucherhouse/postgres"
	"voucherhouse/sample"
)

// BenchmarkImport imports the sample into an empty ledger, facts included; beside it the floor: the same lines brought
// into tables without types, keys or facts with COPY.
func BenchmarkImport(b *testing.B) {
	folder := b.TempDir()
	must(b, sample.Write(folder, 0))
	var lines int
	var took, floor time.Duration
	for b.Loop() {
		ledger, err := postgres.Open(b.Context(), testdb.Postgres(b), time.Now)
		must(b, err)
		must(b, ledger.Migrate(b.Context(), func(context.Context) error { return nil }))
		summary, err := importer.Import(b.Context(), ledger, importer.Options{Dir: folder, Rejects: filepath.Join(b.TempDir(), "rejects.csv")})
		must(b, err)
		must(b, ledger.Close())
		for _, f := range summary.Files {
			lines += f.Read
		}
		took += summary.Took
		floor += copyAll(b, folder)
	}
	b.ReportMetric(float64(lines)/took.Seconds(), "lines/s")
	b.ReportMetric(float64(lines)/floor.Seconds(), "lines/s-bare-copy")
}

// copyAll brings every file of the folder into a table of text.
func copyAll(b *testing.B, folder string) time.Duration {
	b.Helper()
	db, err := sql.Open("postgres", testdb.Postgres(b))
	must(b, err)
	defer db.Close()
	files, err := filepath.Glob(filepath.Join(folder, "*.csv"))
	must(b, err)
	began := time.Now()
	for n, file := range files {
		must(b, copyFile(db, file, fmt.Sprintf("bare%d", n)))
	}
	return time.Since(began)
}

func copyFile(db *sql.DB, path, table string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	rows := csv.NewReader(file)
	rows.ReuseRecord = true
	head, err := rows.Read()
	if err != nil {
		return err
	}
	names := append([]string(nil), head...)
	if _, err := db.Exec("create table " + table + " (" + strings.Join(names, " text, ") + " text)"); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	copying, err := tx.Prepare("copy " + table + " (" + strings.Join(names, ", ") + ") from stdin")
	if err != nil {
		return err
	}
	cells := make([]any, len(names))
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for i, cell := range row {
			cells[i] = cell
		}
		if _, err := copying.Exec(cells...); err != nil {
			return err
		}
	}
	if _, err := copying.Exec(); err != nil {
		return err
	}
	return errors.Join(copying.Close(), tx.Commit())
}
