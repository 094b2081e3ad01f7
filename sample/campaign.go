package sample

import (
	"fmt"
	"strings"
	"time"
)

// tools maps the source's campaign types; an assumption. Type A is the one
// whose coupons were chosen for each household.
var tools = map[string]string{"A": "CHAT_COUPON", "B": "REGULAR_VOUCHER", "C": "LIVE_VOUCHER"}

// campaign is a promotion of the source.
type campaign struct {
	id       string
	kind     string // A, B or C
	startsAt time.Time
	endsAt   time.Time // exclusive
	claims   int
	perBuyer int // the largest number of claims that one household has
}

// quantity leaves some to claim: the next hundred above what was claimed; an
// assumption.
func (c *campaign) quantity() int { return (c.claims/100 + 1) * 100 }

func readCampaigns(p pack, s shift) ([]*campaign, error) {
	var campaigns []*campaign
	err := p.each("campaign_descriptions.csv", "campaign_id,campaign_type,start_date,end_date", func(row []string) error {
		kind := strings.TrimPrefix(row[1], "Type ")
		if tools[kind] == "" {
			return fmt.Errorf("campaign %s has the unknown type %q", row[0], row[1])
		}
		starts, err := s.day(row[2])
		if err != nil {
			return err
		}
		last, err := s.day(row[3])
		if err != nil {
			return err
		}
		campaigns = append(campaigns, &campaign{id: row[0], kind: kind, startsAt: starts, endsAt: last.AddDate(0, 0, 1)})
		return nil
	})
	return campaigns, err
}

// scope says that a campaign's coupons cover a product.
type scope struct{ campaign, sku string }

// readScopes returns each product once per campaign, however many of its
// coupons name it.
func readScopes(p pack) ([]scope, error) {
	var scopes []scope
	met := map[scope]bool{}
	err := p.each("coupons.csv", "coupon_upc,product_id,campaign_id", func(row []string) error {
		if s := (scope{row[2], row[1]}); !met[s] {
			met[s] = true
			scopes = append(scopes, s)
		}
		return nil
	})
	return scopes, err
}
