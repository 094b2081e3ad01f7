package relay

import (
	"encoding/base64"
	"encoding/json"

	"voucherhouse/promo"
)

const (
	defaultFirst = 20
	largestFirst = 100
)

// cursorForm is what a cursor holds, after a version: an older form can be told apart if it ever changes.
type cursorForm struct {
	Version int    `json:"v"`
	Order   string `json:"o"`
	Value   string `json:"k"`
	Serial  int64  `json:"s"`
}

func encodeCursor(c promo.Cursor) string {
	// Strings and whole numbers always marshal.
	text, _ := json.Marshal(cursorForm{Version: 1, Order: c.Order, Value: c.Value, Serial: c.Serial})
	return base64.RawURLEncoding.EncodeToString(text)
}

// Args reads the paging arguments of a list in the given order.
func Args(first *int, after *string, order string) (promo.PageArgs, error) {
	args := promo.PageArgs{First: defaultFirst}
	if first != nil {
		args.First = *first
	}
	if args.First < 1 || args.First > largestFirst {
		return args, &promo.Error{Code: promo.InvalidInput, Message: "A page has 1 to 100 items.", Field: []string{"first"}}
	}
	if after == nil {
		return args, nil
	}
	var form cursorForm
	text, err := base64.RawURLEncoding.DecodeString(*after)
	if err != nil || json.Unmarshal(text, &form) != nil || form.Version != 1 || form.Order != order {
		return args, &promo.Error{
			Code: promo.InvalidInput, Message: "The cursor does not belong to this list in this order.", Field: []string{"after"},
		}
	}
	args.After = promo.Cursor{Order: form.Order, Value: form.Value, Serial: form.Serial}
	return args, nil
}
