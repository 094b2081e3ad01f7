// Package relay gives the schema its opaque ids and cursors and its connections, after Relay's server specification.
package relay

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"voucherhouse/promo"
)

// ID is the opaque form of a key.
func ID(k promo.Key) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d:%d", k.Kind, k.Shop, k.Serial))
}

// Key reads an id. One that ID would not have written is ErrNotFound: nothing has it.
func Key(id string) (promo.Key, error) {
	text, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return promo.Key{}, promo.ErrNotFound
	}
	kind, rest, _ := strings.Cut(string(text), ":")
	shop, serial, _ := strings.Cut(rest, ":")
	k := promo.Key{Kind: promo.Kind(kind)}
	shopID, shopErr := strconv.ParseInt(shop, 10, 64)
	k.Shop = promo.ShopID(shopID)
	k.Serial, err = strconv.ParseInt(serial, 10, 64)
	if shopErr != nil || err != nil || ID(k) != id {
		return promo.Key{}, promo.ErrNotFound
	}
	return k, nil
}

// KeyOf reads an id of one kind; an id of another kind is ErrNotFound.
func KeyOf(kind promo.Kind, id string) (promo.Key, error) {
	k, err := Key(id)
	if err == nil && k.Kind != kind {
		return promo.Key{}, promo.ErrNotFound
	}
	return k, err
}
