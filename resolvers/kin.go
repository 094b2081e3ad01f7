package resolvers

import (
	"reflect"
	"strings"
	"sync"

	"voucherhouse/promo"
)

// kin knows which ids stand beside each other in an answer: those of a list's items, and those that the items refer to. The
// same fields are asked of all of them, so what is looked up for one is looked up for all, by one statement and without
// waiting for the others to ask.
type kin struct {
	mu sync.Mutex
	// noted are the values that have not been searched for ids yet: that is left until somebody asks.
	noted []any
	// groups gives an id's group: the other ids of its type in the value that it came with first.
	groups map[any][]any
}

func newKin() *kin { return &kin{groups: map[any][]any{}} }

// beside are the ids that stand beside an id, itself among them.
func beside[ID comparable](k *kin, id ID) []ID {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.search()
	group, known := k.groups[id]
	if !known {
		return []ID{id}
	}
	ids := make([]ID, len(group))
	for i, other := range group {
		ids[i] = other.(ID)
	}
	return ids
}

// note takes note of a value that belongs to the answer.
func (k *kin) note(value any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.noted = append(k.noted, value)
}

// search groups the ids in the values that were noted.
func (k *kin) search() {
	for _, value := range k.noted {
		found := ids{seen: map[any]bool{}, byType: map[reflect.Type][]any{}}
		found.collect(reflect.ValueOf(value))
		for _, group := range found.byType {
			k.join(group)
		}
	}
	k.noted = nil
}

// join makes a group of ids. Those that have one stay there.
func (k *kin) join(group []any) {
	if len(group) == 1 {
		return
	}
	for _, id := range group {
		if _, known := k.groups[id]; !known {
			k.groups[id] = group
		}
	}
}

// ids are those that were found in a value, each once.
type ids struct {
	seen   map[any]bool
	byType map[reflect.Type][]any
}

func (f ids) collect(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if p, ok := v.Interface().(promo.Promotion); ok && !v.IsNil() {
			f.add(promo.PromotionIDOf(p))
		}
		f.collect(v.Elem()) // nothing, if it is nil
	case reflect.Slice:
		for i := range v.Len() {
			f.collect(v.Index(i))
		}
	case reflect.Struct, reflect.Int64:
		f.collectOurs(v)
	}
}

// collectOurs leaves the types of others aside, which hold no ids: times and decimals.
func (f ids) collectOurs(v reflect.Value) {
	if !strings.HasPrefix(v.Type().PkgPath(), "voucherhouse/") {
		return
	}
	switch id := v.Interface().(type) {
	case promo.ShopID, promo.BuyerID, promo.Identity:
		f.add(id)
		return
	case promo.Key:
		f.addKey(id)
		return
	}
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			f.collect(v.Field(i))
		}
	}
}

// addKey adds the id that a group of a report goes by.
func (f ids) addKey(k promo.Key) {
	switch k.Kind {
	case promo.KindProduct:
		f.add(promo.ProductID{Shop: k.Shop, Serial: k.Serial})
	case promo.KindAccount:
		f.add(promo.AccountID{Shop: k.Shop, Serial: k.Serial})
	case promo.KindLivestream:
		f.add(promo.LivestreamID{Shop: k.Shop, Serial: k.Serial})
	}
}

func (f ids) add(id any) {
	if !f.seen[id] {
		f.seen[id] = true
		f.byType[reflect.TypeOf(id)] = append(f.byType[reflect.TypeOf(id)], id)
	}
}
