package postgres

import (
	"time"

	"github.com/lib/pq"

	"voucherhouse/promo"
)

// paged makes a page of rows that were asked for with one more than the page holds.
func paged[R, T any](rows []R, args promo.PageArgs, item func(R) T, place func(R) promo.Cursor) promo.Page[T] {
	page := promo.Page[T]{HasPrevious: args.Follows()}
	if len(rows) > args.First {
		page.HasNext, rows = true, rows[:args.First]
	}
	for _, r := range rows {
		page.Items = append(page.Items, item(r))
		page.Cursors = append(page.Cursors, place(r))
	}
	return page
}

// after gives the place that a page follows as arguments of a query; nils if it begins the list.
func after(args promo.PageArgs) (value, serial any) {
	if !args.Follows() {
		return nil, nil
	}
	return args.After.Value, args.After.Serial
}

// afterTime is after for a list in order of time.
func afterTime(args promo.PageArgs) (at, serial any, err error) {
	if !args.Follows() {
		return nil, nil, nil
	}
	t, err := time.Parse(time.RFC3339Nano, args.After.Value)
	if err != nil {
		return nil, nil, &promo.Error{Code: promo.InvalidInput, Message: "The cursor does not belong to this list.", Field: []string{"after"}}
	}
	return t.UTC(), args.After.Serial, nil // Postgres knows fewer offsets
}

func timePlace(order string, at time.Time, serial int64) promo.Cursor {
	return promo.Cursor{Order: order, Value: at.UTC().Format(time.RFC3339Nano), Serial: serial}
}

// pageColumns gives pages of lists as five arrays, for unnest: whose list it is, as shop and number, the place that the page
// follows, as value and number, and how many rows to read.
func pageColumns[T any](pages []promo.PageOf[promo.ID[T]]) []any {
	owners, values, serials, sizes := make([]promo.ID[T], len(pages)), make([]*string, len(pages)), make([]*int64, len(pages)), make([]int, len(pages))
	for i, p := range pages {
		owners[i], sizes[i] = p.Of, p.Args.First+1
		if p.Args.Follows() {
			values[i], serials[i] = &pages[i].Args.After.Value, &pages[i].Args.After.Serial
		}
	}
	shops, numbers := columns(owners)
	return []any{shops, numbers, pq.Array(values), pq.Array(serials), pq.Array(sizes)}
}

// pagesOf makes pages of the rows that were read for them. A row says which page it is of, counted from 1.
func pagesOf[ID, R, T any](pages []promo.PageOf[ID], rows []R, ordinal func(R) int, item func(R) T, place func(R) promo.Cursor) []promo.Page[T] {
	of := make([][]R, len(pages))
	for _, r := range rows {
		of[ordinal(r)-1] = append(of[ordinal(r)-1], r)
	}
	made := make([]promo.Page[T], len(pages))
	for i, p := range pages {
		made[i] = paged(of[i], p.Args, item, place)
	}
	return made
}

// runningPages reads the arguments that runningColumns gives.
const runningPages = `unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::integer[], $6::boolean[])
        with ordinality as page (shop_id, owner, after_at, after_id, size, running, ordinal)`

// runningColumns gives pages of lists in order of time, latest first, column by column.
func runningColumns[T any](pages []promo.PageOf[promo.Running[promo.ID[T]]]) ([]any, error) {
	of, running := make([]promo.PageOf[promo.ID[T]], len(pages)), make([]*bool, len(pages))
	for i, p := range pages {
		of[i], running[i] = promo.PageOf[promo.ID[T]]{Of: p.Of.Of, Args: p.Args}, p.Of.Now
		at, _, err := afterTime(p.Args)
		if err != nil {
			return nil, err
		}
		if at, ok := at.(time.Time); ok {
			of[i].Args.After.Value = instant(at)
		}
	}
	return append(pageColumns(of), pq.Array(running)), nil
}
