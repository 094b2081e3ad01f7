package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// grant lets roles in from apps; without apps, from all of them.
type grant struct{ roles, clients string }

func (g grant) lets(a promo.Actor) bool {
	return slices.Contains(strings.Fields(g.roles), string(a.Role)) &&
		(g.clients == "" || slices.Contains(strings.Fields(g.clients), string(a.Client)))
}

// access is a field of a root: who may use it, and how it is asked for something of a shop. A probe without a place in
// braces asks for nothing that belongs to one. Names in free are roles to whom every shop is open: what they get of
// another shop's is not compared with what does not exist.
type access struct {
	who   []grant
	probe string
	free  string
}

const everybody = "SELLER AGENT HOST BUYER PLATFORM ANALYST ADMIN"

var (
	sellerCenter = []grant{{"SELLER", "SELLER_CENTER"}}
	hosts        = []grant{{"HOST", "STREAMER_DESKTOP MARKETPLACE_APP"}}
	buyers       = []grant{{"BUYER", "MARKETPLACE_APP"}}
	chatSellers  = []grant{{"AGENT SELLER", "SELLER_CENTER"}}
	platform     = []grant{{"PLATFORM", "SERVICE"}}
	checkouts    = []grant{{"PLATFORM", "SERVICE"}, {"BUYER", "MARKETPLACE_APP"}}
)

const settings = `settings: { name: "New", claimPeriod: { from: "2026-04-01T00:00:00Z", to: "2026-05-01T00:00:00Z" },
	discount: { amountOff: { amount: "1.00", currency: "USD" } }, minimumSpend: { amount: "%s", currency: "USD" }, totalQuantity: 10 }`

// tier is settings under another name.
func tier(name, minimum string) string {
	return name + strings.TrimPrefix(fmt.Sprintf(settings, minimum), "settings")
}

// cart is bob's, in the place {cart}.
const cart = `{ shopId: "{Shop}", buyerId: "{Buyer}", lines: [{ productId: "{Product}", quantity: 1 }] }`

// table is "Who may do what" of docs/product.md, with a way to ask for each.
var table = map[string]access{
	"viewer":            {[]grant{{everybody, ""}}, `{ viewer { role } }`, ""},
	"node":              {[]grant{{everybody, ""}}, `{ node(id: "{Claim}") { id } }`, ""},
	"shop":              {[]grant{{everybody, ""}}, `{ shop(id: "{Shop}") { id } }`, "BUYER ADMIN"},
	"promotion":         {[]grant{{everybody, ""}}, `{ promotion(id: "{chat}") { id } }`, ""},
	"previewVoucher":    {sellerCenter, `{ previewVoucher(input: { shopId: "{Shop}", tool: REGULAR_VOUCHER, ` + fmt.Sprintf(settings, "10.00") + ` }) { userErrors { code field message } } }`, ""},
	"claimableVouchers": {[]grant{{"BUYER", ""}}, `{ claimableVouchers(shopId: "{Shop}") { claimable } }`, "BUYER"},
	"myCoupons":         {[]grant{{"BUYER", ""}}, `{ myCoupons { nodes { id } } }`, ""},
	"myConversations":   {[]grant{{"BUYER", ""}}, `{ myConversations { nodes { id } } }`, ""},
	"couponWorkbench":   {[]grant{{"AGENT SELLER", ""}}, `{ couponWorkbench(conversationId: "{Conversation}") { nodes { sendable } } }`, ""},
	"quoteCart":         {[]grant{{"BUYER PLATFORM", ""}}, `{ quoteCart(input: {cart}) { userErrors { code field message } } }`, "BUYER"},
	"order":             {[]grant{{"SELLER AGENT HOST BUYER PLATFORM ANALYST", ""}}, `{ order(shopId: "{Shop}", orderNumber: "paid") { id } }`, ""},
	"coreData": {[]grant{{"SELLER ANALYST", ""}}, `{ coreData(input: { shopId: "{Shop}", granularity: NONE, period: { from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z" } })
		{ totals { claims } } }`, ""},
	"liveFunnel": {[]grant{{"SELLER ANALYST", ""}}, `{ liveFunnel(shopId: "{Shop}", livestreamId: "{watched}") { steps { count } } }`, ""},
	"chatFunnel": {[]grant{{"SELLER ANALYST", ""}}, `{ chatFunnel(shopId: "{Shop}", period: { from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z" }) { steps { count } } }`, ""},
	"promotionPerformance": {[]grant{{"SELLER ANALYST", ""}}, `{ promotionPerformance(input: { shopId: "{Shop}", period: { from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z" } })
		{ nodes { metrics { claims } } } }`, ""},
	"tierComparison": {[]grant{{"SELLER ANALYST", ""}}, `{ tierComparison(shopId: "{Shop}", tierGroup: "seeded", period: { from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z" })
		{ tiers { downgradedOrders } } }`, ""},
	"backtestVoucher":        {[]grant{{"SELLER ANALYST", ""}}, `{ backtestVoucher(input: { shopId: "{Shop}", ` + fmt.Sprintf(settings, "10.00") + ` }) { orders } }`, ""},
	"diagnoseVoucher":        {[]grant{{"SELLER ANALYST", ""}}, `{ diagnoseVoucher(voucherId: "{regular}") { findings { code } } }`, ""},
	"minimumSpendSuggestion": {[]grant{{"SELLER ANALYST", ""}}, `{ minimumSpendSuggestion(shopId: "{Shop}") { orders } }`, ""},
	"metricDefinitions":      {[]grant{{everybody, ""}}, `{ metricDefinitions { metric } }`, ""},
	"warehouseStatus":        {[]grant{{"SELLER ANALYST ADMIN", ""}}, `{ warehouseStatus { facts } }`, ""},

	"createShop": {[]grant{{"ADMIN", "SERVICE"}}, `mutation { createShop(input: { name: "New", currency: "USD", timeZone: "UTC" }) { userErrors { code field message } } }`, ""},
	"upsertProducts": {[]grant{{"PLATFORM", "SERVICE"}, {"SELLER", "SELLER_CENTER"}}, `mutation { upsertProducts(input: { shopId: "{Shop}", products: [
		{ sku: "new", title: "New", category: "NEW", price: { amount: "1.00", currency: "USD" } }] }) { userErrors { code field message } } }`, ""},
	"upsertBuyers":         {[]grant{{"PLATFORM", "SERVICE"}}, `mutation { upsertBuyers(input: { buyers: [{ externalId: "new", name: "New" }] }) { userErrors { code field message } } }`, ""},
	"createRegularVoucher": {sellerCenter, `mutation { createRegularVoucher(input: { shopId: "{Shop}", ` + fmt.Sprintf(settings, "10.00") + ` }) { userErrors { code field message } } }`, ""},
	"createLiveVoucher":    {sellerCenter, `mutation { createLiveVoucher(input: { shopId: "{Shop}", ` + fmt.Sprintf(settings, "10.00") + ` }) { userErrors { code field message } } }`, ""},
	"createChatCoupon":     {sellerCenter, `mutation { createChatCoupon(input: { shopId: "{Shop}", ` + fmt.Sprintf(settings, "10.00") + ` }) { userErrors { code field message } } }`, ""},
	"createVoucherTiers": {sellerCenter, `mutation { createVoucherTiers(input: { shopId: "{Shop}", tool: REGULAR_VOUCHER, tierGroup: "new", ` +
		tier("low", "10.00") + tier("medium", "20.00") + tier("high", "30.00") + ` }) { userErrors { code field message } } }`, ""},
	"assignVoucherTiers":      {sellerCenter, `mutation { assignVoucherTiers(input: { shopId: "{Shop}", tierGroup: "g", low: ["{regular}"], medium: ["{live}"], high: ["{chat}"] }) { userErrors { code field message } } }`, ""},
	"updateVoucher":           {sellerCenter, `mutation { updateVoucher(input: { id: "{upcoming}", version: 1, changes: { name: "Other" } }) { userErrors { code field message } } }`, ""},
	"increaseVoucherQuantity": {sellerCenter, `mutation { increaseVoucherQuantity(input: { id: "{regular}", version: 1, totalQuantity: 2000 }) { userErrors { code field message } } }`, ""},
	"deactivatePromotion":     {[]grant{{"SELLER", "SELLER_CENTER SELLER_APP"}}, `mutation { deactivatePromotion(input: { id: "{last}" }) { userErrors { code field message } } }`, ""},
	"cloneVoucher":            {sellerCenter, `mutation { cloneVoucher(input: { id: "{regular}" }) { userErrors { code field message } } }`, ""},
	"createProductDiscount":   {sellerCenter, `mutation { createProductDiscount(input: { shopId: "{Shop}", name: "New", period: { from: "2026-04-01T00:00:00Z", to: "2026-05-01T00:00:00Z" }, items: [{ productId: "{Product}", percent: "10" }] }) { userErrors { code field message } } }`, ""},
	"createFlashDeal":         {sellerCenter, `mutation { createFlashDeal(input: { shopId: "{Shop}", name: "New", period: { from: "2026-04-01T00:00:00Z", to: "2026-05-01T00:00:00Z" }, items: [{ productId: "{Product}", percent: "10", quantityLimit: 5 }] }) { userErrors { code field message } } }`, ""},

	"linkAccount":       {sellerCenter, `mutation { linkAccount(input: { shopId: "{Shop}", handle: "new", kind: MARKETING }) { userErrors { code field message } } }`, ""},
	"unlinkAccount":     {sellerCenter, `mutation { unlinkAccount(input: { accountId: "{Account}" }) { userErrors { code field message } } }`, ""},
	"startLivestream":   {hosts, `mutation { startLivestream(input: { accountId: "{Account}", title: "New" }) { userErrors { code field message } } }`, ""},
	"endLivestream":     {hosts, `mutation { endLivestream(input: { livestreamId: "{Livestream}" }) { userErrors { code field message } } }`, ""},
	"distributeVoucher": {hosts, `mutation { distributeVoucher(input: { voucherId: "{live2}", livestreamId: "{Livestream}", task: { kind: NONE } }) { userErrors { code field message } } }`, ""},
	"stopDistribution":  {hosts, `mutation { stopDistribution(input: { distributionId: "{Distribution}" }) { userErrors { code field message } } }`, ""},
	"watchLivestream":   {buyers, `mutation { watchLivestream(input: { livestreamId: "{watched}" }) { userErrors { code field message } } }`, "BUYER"},
	"followAccount":     {buyers, `mutation { followAccount(input: { accountId: "{Account}" }) { userErrors { code field message } } }`, "BUYER"},
	"unfollowAccount":   {buyers, `mutation { unfollowAccount(input: { accountId: "{Account}" }) { userErrors { code field message } } }`, "BUYER"},
	"claimVoucher":      {buyers, `mutation { claimVoucher(input: { voucherId: "{regular}" }) { userErrors { code field message } } }`, "BUYER"},

	"startConversation": {buyers, `mutation { startConversation(input: { shopId: "{Shop}", text: "Hello" }) { userErrors { code field message } } }`, "BUYER"},
	"sendMessage": {[]grant{{"BUYER", "MARKETPLACE_APP"}, {"AGENT SELLER", "SELLER_CENTER SELLER_APP"}},
		`mutation { sendMessage(input: { conversationId: "{Conversation}", text: "Hello" }) { userErrors { code field message } } }`, ""},
	"closeConversation": {chatSellers, `mutation { closeConversation(input: { conversationId: "{Conversation}" }) { userErrors { code field message } } }`, ""},
	"sendCoupon":        {chatSellers, `mutation { sendCoupon(input: { conversationId: "{Conversation}", voucherId: "{chat}" }) { userErrors { code field message } } }`, ""},
	"viewCoupon":        {buyers, `mutation { viewCoupon(input: { messageId: "{Message}" }) { userErrors { code field message } } }`, ""},

	"placeOrder": {checkouts, `mutation { placeOrder(input: { orderNumber: "new", cart: {cart}, expectedPayable: { amount: "10.00", currency: "USD" } }) {
		userErrors { code field message } } }`, "BUYER"},
	"payOrder":    {platform, `mutation { payOrder(input: { shopId: "{Shop}", orderNumber: "paid" }) { userErrors { code field message } } }`, ""},
	"cancelOrder": {checkouts, `mutation { cancelOrder(input: { shopId: "{Shop}", orderNumber: "pending" }) { userErrors { code field message } } }`, ""},
	"refundOrder": {platform, `mutation { refundOrder(input: { shopId: "{Shop}", orderNumber: "paid", refundNumber: "new" }) { userErrors { code field message } } }`, ""},
}

// noShop is a shop that does not exist.
const noShop = 9

// asked puts the ids of a shop's things into a probe.
func asked(probe string, shop int64) string {
	id := func(kind promo.Kind, serial int64) string {
		return relay.ID(promo.Key{Kind: kind, Shop: promo.ShopID(shop), Serial: serial})
	}
	probe = strings.ReplaceAll(probe, "{cart}", cart)
	places := []string{
		"{Shop}", relay.ID(promo.Key{Kind: promo.KindShop, Shop: promo.ShopID(shop)}),
		"{Buyer}", relay.ID(promo.Key{Kind: promo.KindBuyer, Serial: 1}),
	}
	for _, kind := range []promo.Kind{promo.KindProduct, promo.KindClaim, promo.KindAccount, promo.KindLivestream, promo.KindDistribution, promo.KindConversation, promo.KindMessage} {
		places = append(places, "{"+string(kind)+"}", id(kind, shop))
	}
	places = append(places, "{watched}", id(promo.KindLivestream, 10+shop))
	for n, name := range []string{"regular", "live", "chat", "upcoming", "live2", "last"} {
		places = append(places, "{"+name+"}", id(promo.KindVoucher, 10*shop+int64(n)+1))
	}
	return strings.NewReplacer(places...).Replace(probe)
}

// everyActor are the people of shop 1, and the buyer bob, in every role from every app.
func everyActor() (actors []promo.Actor) {
	for _, role := range promo.Roles {
		for _, client := range promo.Clients {
			a := promo.Actor{Role: role, Client: client, Shops: []promo.ShopID{1}, Subject: "somebody"}
			switch role {
			case promo.RoleBuyer:
				a.Shops, a.Subject = nil, "bob"
			case promo.Admin:
				a.Shops = nil
			case promo.Host:
				a.Accounts = []promo.AccountID{{Shop: 1, Serial: 1}}
			}
			actors = append(actors, a)
		}
	}
	return actors
}

// Every field of the roots × role × app × {own shop, another shop}: who may not is told FORBIDDEN whatever it asks for, and
// who may learns nothing of another shop, not even that something is there.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/access.sql")
	fields := rootFields(t)
	if names, want := sortedKeys(fields), sortedKeys(table); !slices.Equal(names, want) {
		t.Fatalf("the schema has %v, the table %v", names, want)
	}
	for _, name := range sortedKeys(table) {
		row, answered := table[name], false
		for _, a := range everyActor() {
			may := slices.ContainsFunc(row.who, func(g grant) bool { return g.lets(a) })
			who := fmt.Sprintf("%s from %s", a.Role, a.Client)
			other, unknown := s.askAs(t, a, asked(row.probe, 2)), s.askAs(t, a, asked(row.probe, noShop))
			own := s.askAs(t, a, asked(row.probe, 1))
			answered = answered || may && (own != unknown || row.probe == asked(row.probe, 1))
			if forbidden := strings.Contains(own, `"FORBIDDEN"`); forbidden == may {
				t.Errorf("%s, %s: forbidden is %t: %s", name, who, forbidden, own)
			}
			switch {
			case !may:
				if own != other || own != unknown {
					t.Errorf("%s, %s: told apart: %s, %s, %s", name, who, own, other, unknown)
				}
			case strings.Contains(own, "INVALID_INPUT"), strings.Contains(own, "INTERNAL"):
				t.Errorf("%s, %s: %s", name, who, own)
			case strings.Contains(row.free, string(a.Role)):
			case row.probe == asked(row.probe, 2): // nothing of a shop is asked for
			case other != unknown || !strings.Contains(other, `"NOT_FOUND"`):
				t.Errorf("%s, %s: of another shop %s, of none %s", name, who, other, unknown)
			}
		}
		if !answered {
			t.Errorf("%s: nobody is told of its own shop anything else than of none", name)
		}
	}
}

// askAs sends an operation as an actor and gives the answer's body.
func (s *server) askAs(t *testing.T, a promo.Actor, query string) string {
	t.Helper()
	token, err := s.keys.Issue(a, time.Now().Add(time.Hour))
	must(t, err)
	_, answer := s.send(t, token, query, nil)
	return string(answer)
}

// rootFields are those of the schema's roots but for subscriptions, which have tests of their own.
func rootFields(t *testing.T) map[string]*ast.FieldDefinition {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	must(t, err)
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
	must(t, err)
	fields := map[string]*ast.FieldDefinition{}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") {
				fields[f.Name] = f
			}
		}
	}
	return fields
}

func sortedKeys[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
