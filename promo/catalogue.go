package promo

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// MostAtOnce bounds the products or buyers of one request, and the items of one discount.
	MostAtOnce = 1000
	// longestTitle bounds titles and categories of products and names of buyers, in code points.
	longestTitle = 200
	// longestKey bounds skus and external ids, in bytes; a token's subject has the same bound.
	longestKey = 100
)

// The refusals of changes to the catalogue, as the schema's CatalogueErrorCode names them.
const (
	CatalogueNameLength        Code = "NAME_LENGTH"
	CatalogueNameInvalid       Code = "NAME_INVALID"
	CatalogueCurrencyUnknown   Code = "CURRENCY_UNKNOWN"
	CatalogueTimeZoneUnknown   Code = "TIME_ZONE_UNKNOWN"
	CatalogueSKUInvalid        Code = "SKU_INVALID"
	CatalogueExternalIDInvalid Code = "EXTERNAL_ID_INVALID"
	CataloguePriceInvalid      Code = "PRICE_INVALID"
	CatalogueCurrencyMismatch  Code = "CURRENCY_MISMATCH"
	CatalogueTooMany           Code = "TOO_MANY"
	CatalogueUnknown           Code = "NOT_FOUND"
)

// ShopDraft is a shop as an administrator asks for it.
type ShopDraft struct {
	Name, Currency, TimeZone string
	// IdempotencyKey makes repeats safe. Empty: none.
	IdempotencyKey string
}

// NewShop holds a draft against the rules, and gives the shop, without an id, or all that it breaks as Refusals.
func NewShop(d ShopDraft) (Shop, error) {
	var c catalogueChecker
	s := Shop{Name: c.text(d.Name, LongestName, "name"), Currency: Currency(d.Currency), TimeZone: d.TimeZone}
	if _, err := ParseCurrency(d.Currency); err != nil {
		c.reject(CatalogueCurrencyUnknown, "The currency must be an ISO 4217 code such as USD.", "currency")
	}
	if _, known := Zone(d.TimeZone); !known {
		c.reject(CatalogueTimeZoneUnknown, "The time zone must be a name of the IANA database such as America/New_York.", "timeZone")
	}
	return s, c.err()
}

// Zone finds a time zone by its name in the IANA database, where all begin with a capital: what else a machine has, such as
// localtime, is its own.
func Zone(name string) (zone *time.Location, known bool) {
	first, _ := utf8.DecodeRuneInString(name)
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" || !unicode.IsUpper(first) {
		return nil, false
	}
	return zone, true
}

// ProductDraft is a product as a caller wrote it.
type ProductDraft struct {
	SKU, Title, Category string
	Price                MoneyInput
}

// NewProducts holds the drafts of a shop's products against the rules, and gives the products, without ids, or all that
// they break as Refusals. A sku that stands there twice is refused: which of the two was meant cannot be known.
func NewProducts(s Shop, drafts []ProductDraft) ([]Product, error) {
	var c catalogueChecker
	if !c.few(len(drafts), "products") {
		return nil, c.err()
	}
	products, keys := make([]Product, len(drafts)), map[string]bool{}
	for i, d := range drafts {
		c.key(d.SKU, keys, CatalogueSKUInvalid, place("products", i, "sku")...)
		products[i] = Product{
			ID: ProductID{Shop: s.ID}, SKU: d.SKU, Title: c.text(d.Title, longestTitle, place("products", i, "title")...),
			Category: c.text(d.Category, longestTitle, place("products", i, "category")...), Price: c.price(s, d.Price, place("products", i, "price")...),
		}
	}
	return products, c.err()
}

// BuyerDraft is a buyer as a caller wrote it.
type BuyerDraft struct {
	ExternalID, Name string
}

// NewBuyers holds drafts of buyers against the rules, and gives the buyers, without ids, or all that they break as
// Refusals. An external id that stands there twice is refused.
func NewBuyers(drafts []BuyerDraft) ([]Buyer, error) {
	var c catalogueChecker
	if !c.few(len(drafts), "buyers") {
		return nil, c.err()
	}
	buyers, keys := make([]Buyer, len(drafts)), map[string]bool{}
	for i, d := range drafts {
		c.key(d.ExternalID, keys, CatalogueExternalIDInvalid, place("buyers", i, "externalId")...)
		buyers[i] = Buyer{ExternalID: d.ExternalID, Name: c.text(d.Name, longestTitle, place("buyers", i, "name")...)}
	}
	return buyers, c.err()
}

// place is the path of a field of the item at i in a list.
func place(list string, i int, field ...string) []string {
	return append([]string{list, strconv.Itoa(i)}, field...)
}

// catalogueChecker keeps what was broken.
type catalogueChecker struct{ broken Refusals }

func (c *catalogueChecker) reject(code Code, message string, field ...string) {
	c.broken = append(c.broken, Error{Code: code, Message: message, Field: field})
}

// err is all that was broken; nil if nothing was.
func (c *catalogueChecker) err() error {
	if len(c.broken) == 0 {
		return nil
	}
	return c.broken
}

// few tells whether a request is not too large to look at.
func (c *catalogueChecker) few(n int, field string) bool {
	if n > MostAtOnce {
		c.reject(CatalogueTooMany, "At most 1,000 at a time.", field)
	}
	return n <= MostAtOnce
}

// text is V4 for a text of any length: 1 to longest code points after trimming, legible.
func (c *catalogueChecker) text(given string, longest int, field ...string) string {
	text := strings.TrimSpace(given)
	n := utf8.RuneCountInString(text)
	if n < 1 || n > longest {
		c.reject(CatalogueNameLength, "This must have 1 to "+strconv.Itoa(longest)+" characters.", field...)
	}
	if n > 0 && !legible(text) {
		c.reject(CatalogueNameInvalid, "This must have something that can be seen, and no control characters or line breaks.", field...)
	}
	return text
}

// key is what a product or buyer is known by elsewhere. It is taken as it is, so white space at its ends is refused.
func (c *catalogueChecker) key(key string, met map[string]bool, code Code, field ...string) {
	switch {
	case len(key) > longestKey || key != strings.TrimSpace(key) || !legible(key):
		c.reject(code, "This must have 1 to 100 bytes, no white space at its ends and no control characters.", field...)
	case met[key]:
		c.reject(code, "This stands in the request twice.", field...)
	}
	met[key] = true
}

// price is a list price: above zero, in the shop's currency, with no more digits than that has (product.md K7).
func (c *catalogueChecker) price(s Shop, in MoneyInput, field ...string) Money {
	minor, ok := s.Currency.MinorUnits(in.Amount)
	switch {
	case in.Currency != string(s.Currency):
		c.reject(CatalogueCurrencyMismatch, "The currency must be the shop's, "+string(s.Currency)+".", append(field, "currency")...)
	case !ok || minor <= 0:
		c.reject(CataloguePriceInvalid, "The price must be above zero, with no more digits than the currency has.", append(field, "amount")...)
	}
	return s.Money(minor)
}
