package promo

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// SpendTier is a step of a tier group: how much a buyer has to spend.
type SpendTier string

// The tiers, as the schema names them.
const (
	LowTier    SpendTier = "LOW"
	MediumTier SpendTier = "MEDIUM"
	HighTier   SpendTier = "HIGH"
)

// SpendTiers lists the tiers, lowest minimum spend first. Whatever comes by tier comes in this order.
var SpendTiers = [...]SpendTier{LowTier, MediumTier, HighTier}

// field is the tier in the path of an input.
func (t SpendTier) field() string { return strings.ToLower(string(t)) }

// TierPlace is a voucher's place in a tier group. Groups are for comparison only: they change nobody's terms.
type TierPlace struct {
	Group string
	Tier  SpendTier
}

// TierSpend is the range of the minimum spends in one tier of a group, in minor units; zero is no minimum.
type TierSpend struct {
	Tier            SpendTier
	Lowest, Highest int64
}

// refuseNotAscending refuses the tiers in which a minimum spend is not above all those of the lower tiers. The field at
// fault begins at the tier.
func refuseNotAscending(group []TierSpend, field ...string) (refusals Refusals) {
	highest := int64(-1)
	for _, tier := range SpendTiers {
		below := highest
		var broken bool
		for _, s := range group {
			if s.Tier == tier {
				broken = broken || s.Lowest <= below
				highest = max(highest, s.Highest)
			}
		}
		if broken {
			refusals.refuse("TIERS_NOT_ASCENDING", "The minimum spend must be above those of the lower tiers of the group.",
				append([]string{tier.field()}, field...)...)
		}
	}
	return refusals
}

// TiersDraft asks for a tier group's vouchers, one for each tier.
type TiersDraft struct {
	Shop  ShopID
	Tool  Tool
	Group string
	// Settings are the terms by tier.
	Settings [len(SpendTiers)]Settings
	// Acknowledged are the warnings that the seller submits in spite of, for all of them.
	Acknowledged []WarningCode
	// IdempotencyKey makes repeats safe. Empty: none.
	IdempotencyKey string
}

// Drafts are the vouchers by tier. Regular ones are shown on the shop's page.
func (d TiersDraft) Drafts() (drafts [len(SpendTiers)]Draft) {
	for i, settings := range d.Settings {
		drafts[i] = Draft{Shop: d.Shop, Tool: d.Tool, DisplayChannel: ShopPage, Settings: settings, Acknowledged: d.Acknowledged, from: SpendTiers[i].field()}
	}
	return drafts
}

// NewTiers holds the drafts of a tier group against product.md V2 to V10. It returns the vouchers by tier, or every rule
// that was broken as Refusals; warnings are given in both cases.
func NewTiers(d TiersDraft, known [len(SpendTiers)]Context) ([]*Voucher, []Warning, error) {
	var (
		refusals Refusals
		vouchers []*Voucher
		spends   []TierSpend
	)
	group := refusals.name(d.Group, "tierGroup")
	for i, draft := range d.Drafts() {
		v, refused := judge(draft, known[i])
		v.TierPlace = &TierPlace{Group: group, Tier: SpendTiers[i]}
		refusals = append(refusals, refused...)
		if (draft.Settings.MinimumSpend == nil) == (v.MinimumSpend == nil) { // else it is refused itself
			spends = append(spends, v.tierSpend())
		}
		vouchers = append(vouchers, v)
	}
	refusals = append(refusals, refuseNotAscending(spends, "minimumSpend")...)
	adviseTiers(vouchers)
	if len(refusals) > 0 {
		return nil, TierWarnings(vouchers), refusals
	}
	return vouchers, TierWarnings(vouchers), nil
}

// FitTiers holds new vouchers of a tier group against those that are in it already.
func FitTiers(vouchers []*Voucher, there []TierSpend) error {
	for _, v := range vouchers {
		there = append(there, v.tierSpend())
	}
	if refusals := refuseNotAscending(there, "minimumSpend"); refusals != nil {
		return refusals
	}
	return nil
}

// CompareMinimumSpends orders vouchers by their minimum spends, those without one first.
func CompareMinimumSpends(a, b *Voucher) int {
	return cmp.Compare(minorOf(a.MinimumSpend), minorOf(b.MinimumSpend))
}

// tierSpend is the voucher's share in its tier.
func (v *Voucher) tierSpend() TierSpend {
	return TierSpend{Tier: v.TierPlace.Tier, Lowest: minorOf(v.MinimumSpend), Highest: minorOf(v.MinimumSpend)}
}

// TierWarnings are the warnings of vouchers that come by tier. Their fields begin at the tier.
func TierWarnings(vouchers []*Voucher) (warnings []Warning) {
	for i, v := range vouchers {
		for _, w := range v.Warnings() {
			w.Field = append([]string{SpendTiers[i].field()}, w.Field...)
			warnings = append(warnings, w)
		}
	}
	return warnings
}

// TierAssignment asks for a tier group of vouchers that exist: these and no others.
type TierAssignment struct {
	Shop  ShopID
	Group string
	// Vouchers are the group's by tier.
	Vouchers [len(SpendTiers)][]VoucherID
}

// TierGroup is what an assignment makes of a tier group.
type TierGroup struct {
	Name string
	// Vouchers are those that it consists of, in the order in which they were named, each once.
	Vouchers []*Voucher
	// Moves are those of them that had another place.
	Moves []TierMove
}

// TierMove is a voucher that has come to another place.
type TierMove struct {
	Voucher *Voucher
	// Was is its place before. Nil: none.
	Was *TierPlace
}

// Name is the name of the group that is asked for. Not ok: no group can have it, and Assign will say so.
func (d TierAssignment) Name() (name string, ok bool) {
	var refusals Refusals
	name = refusals.name(d.Group, "tierGroup")
	return name, len(refusals) == 0
}

// Assign puts the vouchers into their places, or gives every rule that was broken as Refusals. Known are those that the
// caller may see, of any shop.
func (d TierAssignment) Assign(known map[VoucherID]*Voucher) (TierGroup, error) {
	var (
		refusals Refusals
		spends   []TierSpend
	)
	group := TierGroup{Name: refusals.name(d.Group, "tierGroup"), Vouchers: []*Voucher{}}
	for i, ids := range d.Vouchers {
		tier := SpendTiers[i]
		for at, id := range ids {
			v, ok := known[id]
			if !ok || id.Shop != d.Shop {
				refusals.refuse(NotFound, ErrNotFound.Message, tier.field(), strconv.Itoa(at))
				continue
			}
			group.put(v, tier)
			spends = append(spends, v.tierSpend())
		}
	}
	// One that is named in two tiers is not above itself.
	refusals = append(refusals, refuseNotAscending(spends)...)
	if len(refusals) > 0 {
		return TierGroup{}, refusals
	}
	return group, nil
}

func (g *TierGroup) put(v *Voucher, tier SpendTier) {
	if !slices.Contains(g.Vouchers, v) {
		g.Vouchers = append(g.Vouchers, v)
	}
	if place := (TierPlace{Group: g.Name, Tier: tier}); v.TierPlace == nil || *v.TierPlace != place {
		g.Moves = append(g.Moves, v.moveTo(&place))
	}
}

// LeaveTiers takes the voucher out of its tier group.
func (v *Voucher) LeaveTiers() TierMove { return v.moveTo(nil) }

func (v *Voucher) moveTo(place *TierPlace) TierMove {
	was := v.TierPlace
	v.TierPlace = place
	return TierMove{Voucher: v, Was: was}
}

// History tells of the move.
func (m TierMove) History() []Change {
	return []Change{{Action: DoneAssignTier, Field: new("tier"), Old: m.Was.text(), New: m.Voucher.TierPlace.text()}}
}

// text names the place for people. Nil is none.
func (p *TierPlace) text() *string {
	if p == nil {
		return nil
	}
	return new(string(p.Tier) + " of " + p.Group)
}
