package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"text/tabwriter"
	"time"

	"voucherhouse/importer"
	"voucherhouse/postgres"
	"voucherhouse/promo"
	"voucherhouse/sample"
)

// Demo is the sample shop in a data directory, with a token for each role.
type Demo struct {
	Shop   promo.Shop
	Tokens []DemoToken
	// Year is the year of the sample, moved.
	Year promo.Period
	// claimable is a voucher that the demo's buyer can claim.
	claimable promo.Key
}

// DemoToken is a token with whom it is for.
type DemoToken struct {
	promo.Actor
	Token string
}

// demoBuyer is a household of the sample with claims of every kind, redeemed and not.
const demoBuyer = "household-1029"

// demoState is what a data directory remembers of its sample. The dates are moved once: a later start finds them as they
// are, and an import that was interrupted goes on with the same.
type demoState struct {
	Weeks int
	Shop  promo.ShopID
	Done  bool
}

// PrepareDemo imports the sample, unless that is done, and issues the tokens.
func PrepareDemo(ctx context.Context, s *Stores, clock func() time.Time, out io.Writer, progress func(file string, read, size int64)) (*Demo, error) {
	state, err := readDemoState(s.dir.DemoState())
	if err != nil {
		return nil, err
	}
	if state == nil {
		if err := onlyInAnEmptyLedger(ctx, s); err != nil {
			return nil, err
		}
		state = &demoState{Weeks: sample.Weeks(clock())}
	}
	if !state.Done {
		if err := importSample(ctx, s, state, out, progress); err != nil {
			return nil, err
		}
	}
	d := &Demo{}
	shop, err := s.Ledger.Shop(ctx, promo.Actor{Role: promo.Admin}, state.Shop)
	if err != nil {
		return nil, fmt.Errorf("looking for the sample shop: %w", err)
	}
	d.Shop = *shop
	zone, err := time.LoadLocation(shop.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("reading the sample shop's time zone: %w", err)
	}
	days := 7 * state.Weeks
	d.Year = promo.Period{
		From: time.Date(2017, 1, 1+days, 0, 0, 0, 0, zone), To: time.Date(2018, 1, 1+days, 0, 0, 0, 0, zone),
	}
	if err := d.issue(ctx, s, clock()); err != nil {
		return nil, err
	}
	return d, d.findClaimable(ctx, s)
}

// onlyInAnEmptyLedger keeps the sample out of a ledger with shops of its own.
func onlyInAnEmptyLedger(ctx context.Context, s *Stores) error {
	shops, err := s.Ledger.Shops(ctx, promo.Actor{Role: promo.Admin}, promo.PageArgs{First: 1})
	if err == nil && len(shops.Items) > 0 {
		err = fmt.Errorf("the ledger holds %s and is no place for the sample: choose another --data-dir, or `serve`", shops.Items[0].Name)
	}
	return err
}

func importSample(ctx context.Context, s *Stores, state *demoState, out io.Writer, progress func(string, int64, int64)) error {
	if err := state.write(s.dir.DemoState()); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "voucherhouse-sample-")
	if err != nil {
		return fmt.Errorf("making room for the sample: %w", err)
	}
	defer os.RemoveAll(folder)
	if err := sample.Write(folder, state.Weeks); err != nil {
		return err
	}
	fmt.Fprintln(out, "Importing the sample, which takes some ten seconds …")
	summary, err := importer.Import(ctx, s.Ledger, importer.Options{Dir: folder, Rejects: s.dir.DemoState() + ".rejects.csv", Progress: progress})
	if err != nil {
		return fmt.Errorf("importing the sample: %w", err)
	}
	fmt.Fprintf(out, "%s\nDates are moved by %d weeks, so that the sample's last day is the latest possible one before today.\n\n", summary, state.Weeks)
	state.Done, state.Shop = true, summary.Shop
	return state.write(s.dir.DemoState())
}

func readDemoState(path string) (*demoState, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var state demoState
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what the data directory remembers of the sample: %w", err)
	}
	return &state, nil
}

func (d *demoState) write(path string) error {
	text, err := json.Marshal(d)
	if err == nil {
		err = os.WriteFile(path+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("remembering the sample's dates: %w", err)
	}
	return nil
}

// issue makes a token for each role. They are the same through a month: the explorer keeps its visitor's tabs as long as
// the tokens in them are the demo's.
func (d *Demo) issue(ctx context.Context, s *Stores, now time.Time) error {
	own := []promo.ShopID{d.Shop.ID}
	hosted, err := linkDemoAccount(ctx, s.Ledger, d.Shop.ID)
	if err != nil {
		return err
	}
	actors := []promo.Actor{
		{Role: promo.Seller, Client: promo.SellerCenter, Shops: own, Subject: "demo-seller"},
		{Role: promo.Analyst, Client: promo.SellerCenter, Shops: own, Subject: "demo-analyst"},
		{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: demoBuyer},
		{Role: promo.Agent, Client: promo.SellerCenter, Shops: own, Subject: "demo-agent"},
		{Role: promo.Host, Client: promo.StreamerDesktop, Shops: own, Accounts: hosted, Subject: "demo-host"},
		{Role: promo.Platform, Client: promo.Service, Shops: own, Subject: "demo-platform"},
		{Role: promo.Admin, Client: promo.Service, Subject: "demo-admin"},
	}
	expiry := time.Date(now.Year(), now.Month()+2, 1, 0, 0, 0, 0, time.UTC)
	for _, a := range actors {
		token, err := s.Keys.Issue(a, expiry)
		if err != nil {
			return err
		}
		d.Tokens = append(d.Tokens, DemoToken{Actor: a, Token: token})
	}
	return nil
}

// demoAccount is the sample shop's official account, which the sample does not have.
const demoAccount = "complete.journey"

// linkDemoAccount links the official account, unless accounts are linked, and gives those that are.
func linkDemoAccount(ctx context.Context, l *postgres.Ledger, shop promo.ShopID) ([]promo.AccountID, error) {
	seller := promo.Actor{Role: promo.Seller, Shops: []promo.ShopID{shop}}
	linked, err := l.AccountsOfShops(ctx, seller, seller.Shops)
	if err != nil {
		return nil, fmt.Errorf("looking for the sample shop's accounts: %w", err)
	}
	if len(linked[shop]) == 0 {
		account, err := l.LinkAccount(ctx, seller, shop, demoAccount, promo.Official)
		if err != nil {
			return nil, fmt.Errorf("linking the sample shop's account: %w", err)
		}
		return []promo.AccountID{account.ID}, nil
	}
	ids := make([]promo.AccountID, len(linked[shop]))
	for i, account := range linked[shop] {
		ids[i] = account.ID
	}
	return ids, nil
}

// findClaimable picks the regular voucher that began last: the most likely to be running.
func (d *Demo) findClaimable(ctx context.Context, s *Stores) error {
	vouchers, err := s.Ledger.Promotions(ctx, d.Tokens[0].Actor, d.Shop.ID, promo.PromotionFilter{Tools: []promo.Tool{promo.RegularVoucher}},
		promo.PromotionOrder{Field: promo.ByStartsAt, Descending: true}, promo.PageArgs{First: 1})
	if err != nil || len(vouchers.Items) == 0 {
		return fmt.Errorf("looking for a voucher of the sample: %w", errors.Join(err, promo.ErrNotFound))
	}
	d.claimable = vouchers.Items[0].Key()
	return nil
}

// Print tells a newcomer where to go.
func (d *Demo) Print(out io.Writer, url string) {
	fmt.Fprintln(out, "A token for each role, to send as `Authorization: Bearer …` (the explorer's tabs have them filled in):")
	fmt.Fprintln(out)
	for _, token := range d.Tokens {
		fmt.Fprintf(out, "  %s from %s\n  %s\n\n", token.Role, token.Client, token.Token)
	}
	fmt.Fprintf(out, "%s is ready.\n\n", d.Shop.Name)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  explorer\t%s/explore\n  GraphQL\t%s/graphql\n  health\t%s/livez  /readyz  /startupz\n\n", url, url, url)
	t.Flush()
}
