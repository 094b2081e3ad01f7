package app

import (
	"embed"
	"strings"
	"text/template"
	"time"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
	"voucherhouse/web"
)

//go:embed examples/*
var examples embed.FS

// exampleTabs are the operations that the explorer opens with, and who asks.
var exampleTabs = []struct {
	name string
	role promo.Role
}{
	{"revenue_by_month", promo.Seller},
	{"ongoing_promotions", promo.Seller},
	{"tools_by_week", promo.Analyst},
	{"best_promotions", promo.Seller},
	{"backtest_voucher", promo.Seller},
	{"create_voucher", promo.Seller},
	{"claim_voucher", promo.RoleBuyer},
	{"my_coupons", promo.RoleBuyer},
	{"warehouse", promo.Analyst},
}

// Explorer is what the explorer opens with in the demo: examples that answer, with tokens filled in.
func (d *Demo) Explorer(now time.Time) (web.Boot, error) {
	boot := web.Boot{Endpoint: endpoint}
	values := map[string]string{
		"Shop":      relay.ID(d.Shop.Key()),
		"Voucher":   relay.ID(d.claimable),
		"Currency":  string(d.Shop.Currency),
		"From":      d.Year.From.Format(time.RFC3339),
		"To":        d.Year.To.Format(time.RFC3339),
		"Today":     now.UTC().Format(time.DateOnly) + "T00:00:00Z",
		"NextMonth": now.UTC().AddDate(0, 1, 0).Format(time.DateOnly) + "T00:00:00Z",
	}
	for _, e := range exampleTabs {
		operation, err := examples.ReadFile("examples/" + e.name + ".graphql")
		if err != nil {
			return boot, err
		}
		variables, err := template.ParseFS(examples, "examples/"+e.name+".json")
		if err != nil {
			return boot, err
		}
		var text strings.Builder
		if err := variables.Execute(&text, values); err != nil {
			return boot, err
		}
		boot.Tabs = append(boot.Tabs, web.Tab{Query: string(operation), Variables: text.String(), Token: d.token(e.role)})
	}
	return boot, nil
}

func (d *Demo) token(role promo.Role) string {
	for _, t := range d.Tokens {
		if t.Role == role {
			return t.Token
		}
	}
	return ""
}

// endpoint is the path of the GraphQL API.
const endpoint = "/graphql"

// PlainExplorer is what the explorer opens with outside the demo: a question that anybody with a token can ask.
func PlainExplorer() web.Boot {
	const whoAmI = "query Viewer {\n  viewer {\n    role\n    client\n    shops {\n      nodes {\n        id\n        name\n      }\n    }\n  }\n}\n"
	return web.Boot{Endpoint: endpoint, Tabs: []web.Tab{{Query: whoAmI}}}
}
