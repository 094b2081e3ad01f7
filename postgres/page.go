package postgres

import (
	"time"

	"voucherhouse/promo"
)

// paged makes a page of rows that were asked for with one more than the page holds.
func paged[R, T any](rows []R, args promo.PageArgs, item func(R) T, place func(R) promo.Cursor) promo.Page[T] {
	page := promo.Page[T]{HasPrevious: args.After != nil}
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
	if args.After == nil {
		return nil, nil
	}
	return args.After.Value, args.After.Serial
}

// afterTime is after for a list in order of time.
func afterTime(args promo.PageArgs) (at, serial any, err error) {
	if args.After == nil {
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
