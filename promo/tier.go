package promo

import (
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

// notAscending lists the tiers in which a minimum spend is not above all those of the lower tiers.
func notAscending(group []TierSpend) (tiers []SpendTier) {
	highest := int64(-1)
	for _, tier := range SpendTiers {
		below := highest
		for _, s := range group {
			if s.Tier != tier {
				continue
			}
			if s.Lowest <= below && !slices.Contains(tiers, tier) {
				tiers = append(tiers, tier)
			}
			highest = max(highest, s.Highest)
		}
	}
	return tiers
}

// refuseNotAscending adds the rule that a tier's minimum spend broke.
func (r *Refusals) refuseNotAscending(field ...string) {
	r.refuse("TIERS_NOT_ASCENDING", "The minimum spend must be above those of the lower tiers of the group.", field...)
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

// NewTiers holds the drafts of a tier group against product.md V2 to V10, and against what is in the group already. It
// returns the vouchers by tier, or every rule that was broken as Refusals; warnings are given in both cases.
func NewTiers(d TiersDraft, known [len(SpendTiers)]Context, there []TierSpend) ([]*Voucher, []Warning, error) {
	var refusals Refusals
	group := refusals.name(d.Group, "tierGroup")
	vouchers := make([]*Voucher, len(SpendTiers))
	for i, draft := range d.Drafts() {
		v, refused := judge(draft, known[i])
		v.TierPlace = &TierPlace{Group: group, Tier: SpendTiers[i]}
		refusals = append(refusals, refused...)
		if (draft.Settings.MinimumSpend == nil) == (v.MinimumSpend == nil) { // else it is refused itself
			there = append(there, v.tierSpend(SpendTiers[i]))
		}
		vouchers[i] = v
	}
	for _, tier := range notAscending(there) {
		refusals.refuseNotAscending(tier.field(), "minimumSpend")
	}
	adviseTiers(vouchers)
	if len(refusals) > 0 {
		return nil, TierWarnings(vouchers), refusals
	}
	return vouchers, TierWarnings(vouchers), nil
}

func (v *Voucher) tierSpend(tier SpendTier) TierSpend {
	return TierSpend{Tier: tier, Lowest: minorOf(v.MinimumSpend), Highest: minorOf(v.MinimumSpend)}
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

// Assign puts the vouchers into their places of the group, or gives every rule that was broken as Refusals. Known are
// those that exist in the shop. It returns the vouchers in the order in which they were named, each once.
func (d TierAssignment) Assign(known map[VoucherID]*Voucher) ([]*Voucher, error) {
	var (
		refusals Refusals
		assigned []*Voucher
		spends   []TierSpend
	)
	group := refusals.name(d.Group, "tierGroup")
	for i, ids := range d.Vouchers {
		place := TierPlace{Group: group, Tier: SpendTiers[i]}
		for at, id := range ids {
			v, ok := known[id]
			if !ok {
				refusals.refuse(NotFound, ErrNotFound.Message, place.Tier.field(), strconv.Itoa(at))
				continue
			}
			spends = append(spends, v.tierSpend(place.Tier))
			if v.TierPlace = &place; !slices.Contains(assigned, v) {
				assigned = append(assigned, v)
			}
		}
	}
	for _, tier := range notAscending(spends) {
		refusals.refuseNotAscending(tier.field()) // also where a voucher is named in two tiers
	}
	if len(refusals) > 0 {
		return nil, refusals
	}
	return assigned, nil
}
