// Package importer brings an existing shop's history into the ledger from a folder of CSV files, which docs/importing.md
// describes.
//
// It promises that a bad row stops nothing: it goes to a rejects file with its line number and the reason, and the good
// rows are kept. It promises that importing twice changes nothing: what is there already is counted and left alone, so an
// import that was interrupted is simply started again. And it never holds the relay back: every transaction is short.
package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"voucherhouse/postgres"
	"voucherhouse/promo"
)

// Options say what to import.
type Options struct {
	// Dir is the folder.
	Dir string
	// Rejects is the path of the file for rows that cannot be imported. It is made if there is one, and that of an
	// earlier import is removed.
	Rejects string
	// Progress is told, after each transaction, how many bytes of a file are done. It may be nil.
	Progress func(file string, read, size int64)
}

// Import imports what the folder holds. With an error it gives what was done until then: whole transactions, which the
// next import finds.
func Import(ctx context.Context, l *postgres.Ledger, o Options) (Summary, error) {
	began := time.Now()
	f, err := openFolder(o.Dir)
	if err != nil {
		return Summary{}, err
	}
	defer f.close()
	rejects := &rejects{path: o.Rejects}
	if err := rejects.begin(); err != nil {
		return Summary{}, err
	}
	i := &importing{ledger: l, folder: f, rejects: rejects, progress: o.Progress, now: l.Now()}
	err = errors.Join(i.files(ctx), rejects.close())
	if i.summary.Rows().Rejected > 0 {
		i.summary.Rejects = o.Rejects
	}
	if err == nil {
		i.summary.Totals, err = l.ShopTotals(ctx, i.shop.ID)
	}
	i.summary.Took = time.Since(began)
	return i.summary, err
}

// importing is one import on its way.
type importing struct {
	ledger   *postgres.Ledger
	folder   folder
	rejects  *rejects
	progress func(file string, read, size int64)
	now      time.Time
	shop     promo.Shop
	digits   int // of the shop's currency
	summary  Summary
}

// files imports the files in the order in which their rows refer to each other.
func (i *importing) files(ctx context.Context) error {
	if err := i.importShop(ctx); err != nil {
		return err
	}
	l := i.ledger
	for _, file := range []func() error{
		func() error { return bring(ctx, i, products(l)) },
		func() error { return bring(ctx, i, vouchers(l)) },
		func() error { return bring(ctx, i, voucherProducts(l)) },
		func() error { return bring(ctx, i, claims(l)) },
		func() error { return bring(ctx, i, orders(l)) },
		func() error { return bring(ctx, i, lines(l)) },
	} {
		if err := file(); err != nil {
			return err
		}
	}
	return nil
}

// importShop finds or makes the shop that the history is of. Nothing can be imported without it, so a bad row is an error.
func (i *importing) importShop(ctx context.Context) error {
	in := i.folder["shop.csv"]
	row, err := in.next()
	if errors.Is(err, io.EOF) {
		return errors.New("shop.csv has no row: it must name the shop")
	}
	if err != nil {
		return err
	}
	c := i.cells(in, row)
	shop := parseShop(c)
	if c.problem != "" {
		return fmt.Errorf("shop.csv, line %d: %s", row.line, c.problem)
	}
	if second, err := in.next(); !errors.Is(err, io.EOF) {
		return errors.Join(fmt.Errorf("shop.csv, line %d: there must be one row", second.line), err)
	}
	found, made, err := i.ledger.ImportShop(ctx, shop)
	if err != nil {
		return err
	}
	i.shop, i.digits, i.summary.Shop = found, int(found.Currency.Digits()), found.ID
	s := FileSummary{File: in.name, Read: 1}
	if made {
		s.Imported = 1
	} else {
		s.Present = 1
	}
	i.summary.Files = append(i.summary.Files, s)
	i.tell(in)
	return nil
}

func (i *importing) tell(in *reader) {
	if i.progress != nil {
		i.progress(in.name, in.done(), in.size)
	}
}
