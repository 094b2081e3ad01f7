package sample

import (
	"fmt"
	"slices"
	"time"
)

// claim is one household's copy of a campaign.
type claim struct {
	issue
	id         string
	claimedAt  time.Time
	redeemedAt time.Time // zero unless it was redeemed without a known order
}

// issue is a campaign that a household was given.
type issue struct{ campaign, household string }

// visit is a day on which a household shopped.
type visit struct{ household, day string }

// readClaims makes each redemption a claim of its own, since a household may
// redeem several times, and each issue without any a claim that stays claimed.
func readClaims(p pack, s shift, campaigns []*campaign, orders []*order) ([]claim, error) {
	redeemed, err := readRedemptions(p, s, orders)
	if err != nil {
		return nil, err
	}
	kept, err := readUnredeemed(p, redeemed)
	if err != nil {
		return nil, err
	}
	claims := slices.Concat(redeemed, kept)
	return claims, assign(claims, campaigns)
}

// readRedemptions notes each redemption on its order: the only basket of the
// household that day. The source names a day, so among several baskets it
// would be a guess, and the redemption stays without an order.
func readRedemptions(p pack, s shift, orders []*order) ([]claim, error) {
	visits := map[visit][]*order{}
	for _, o := range orders {
		v := visit{o.household, o.day}
		visits[v] = append(visits[v], o)
	}
	var claims []claim
	count := map[issue]int{}
	err := p.each("coupon_redemptions.csv", "household_id,coupon_upc,campaign_id,redemption_date", func(row []string) error {
		of := issue{campaign: row[2], household: row[0]}
		count[of]++
		c := claim{issue: of, id: fmt.Sprintf("%s-%s-r%d", of.campaign, of.household, count[of])}
		if baskets := visits[visit{row[0], row[3]}]; len(baskets) == 1 {
			baskets[0].claims = append(baskets[0].claims, c.id)
		} else {
			noon, err := s.noon(row[3])
			if err != nil {
				return err
			}
			c.redeemedAt = noon
		}
		claims = append(claims, c)
		return nil
	})
	return claims, err
}

func readUnredeemed(p pack, redeemed []claim) ([]claim, error) {
	used := map[issue]bool{}
	for _, c := range redeemed {
		used[c.issue] = true
	}
	var claims []claim
	err := p.each("campaigns.csv", "campaign_id,household_id", func(row []string) error {
		if of := (issue{row[0], row[1]}); !used[of] {
			claims = append(claims, claim{issue: of, id: of.campaign + "-" + of.household})
		}
		return nil
	})
	return claims, err
}

// assign counts the claims of each campaign and dates them at its start, which
// is an assumption: the source has no time of a claim.
func assign(claims []claim, campaigns []*campaign) error {
	byID := map[string]*campaign{}
	for _, c := range campaigns {
		byID[c.id] = c
	}
	count := map[issue]int{}
	for i := range claims {
		of := claims[i].issue
		c := byID[of.campaign]
		if c == nil {
			return fmt.Errorf("claim %s: campaign %s is not described", claims[i].id, of.campaign)
		}
		count[of]++
		c.claims++
		c.perBuyer = max(c.perBuyer, count[of])
		claims[i].claimedAt = c.startsAt
	}
	return nil
}
