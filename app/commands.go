package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"voucherhouse/auth"
	"voucherhouse/datadir"
	"voucherhouse/embedded"
	"voucherhouse/graph/relay"
	"voucherhouse/importer"
	"voucherhouse/postgres"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// Import brings a shop's history into the ledger and tells out what became of every row. A server may run on the data
// directory meanwhile: the history is imported through its Postgres, and it delivers the facts.
func Import(ctx context.Context, c Config, folder, rejects string, out io.Writer) error {
	return withLedger(ctx, c, func(l *postgres.Ledger) error {
		summary, err := importer.Import(ctx, l, importer.Options{Dir: folder, Rejects: rejects, Progress: showFile()})
		if err != nil {
			return err
		}
		fmt.Fprintln(out, summary)
		return nil
	})
}

// withLedger opens the ledger alone: that of the server that runs on the data directory, if one does.
func withLedger(ctx context.Context, c Config, do func(*postgres.Ledger) error) error {
	c.Warehouse, c.ClickHouseURL = "off", ""
	stores, err := Open(ctx, c, time.Now)
	if err == nil {
		return errors.Join(do(stores.Ledger), stores.Close())
	}
	if !errors.Is(err, datadir.ErrInUse) {
		return err
	}
	dsn, err := runningPostgres(c)
	if err != nil {
		return err
	}
	ledger, err := postgres.Open(ctx, dsn, time.Now)
	if err != nil {
		return fmt.Errorf("reaching the ledger of the running server: %w", err)
	}
	return errors.Join(do(ledger), ledger.Close())
}

// runningPostgres is the address of the Postgres of a running server.
func runningPostgres(c Config) (string, error) {
	if c.PostgresURL != "" {
		return c.PostgresURL, nil
	}
	paths, err := datadir.At(c.DataDir)
	if err != nil {
		return "", err
	}
	return embedded.PostgresDSN(paths.Postgres(), database)
}

// IssueToken makes a token with the key of a data directory. Shops and accounts are ids of the API.
func IssueToken(dataDir string, a promo.Actor, shops, accounts []string, validFor time.Duration) (string, error) {
	for _, id := range shops {
		key, err := relay.KeyOf(promo.KindShop, id)
		if err != nil {
			return "", fmt.Errorf("--shop %s is no shop's id: ask the API for `{ viewer { shops { nodes { id } } } }`", id)
		}
		a.Shops = append(a.Shops, key.Shop)
	}
	for _, id := range accounts {
		key, err := relay.KeyOf(promo.KindAccount, id)
		if err != nil {
			return "", fmt.Errorf("--account %s is no account's id: ask the API for `{ viewer { shops { nodes { accounts { id handle } } } } }`", id)
		}
		a.Accounts = append(a.Accounts, promo.AccountID{Shop: key.Shop, Serial: key.Serial})
	}
	if err := auth.Check(a); err != nil {
		return "", err
	}
	if validFor <= 0 {
		return "", errors.New("--valid-for must be above zero")
	}
	if len(a.Shops) == 0 && a.Role != promo.RoleBuyer && a.Role != promo.Admin {
		return "", fmt.Errorf("a token of %s without a shop opens nothing: add --shop, with its id", a.Role)
	}
	paths, err := datadir.At(dataDir)
	if err != nil {
		return "", err
	}
	keys, err := auth.LoadKeys(paths.TokenKey(), time.Now)
	if err != nil {
		return "", err
	}
	return keys.Issue(a, time.Now().Add(validFor))
}

// AddPolicy adds a range of percentages for vouchers to come, and tells out that it did. A server may run meanwhile.
func AddPolicy(ctx context.Context, c Config, d promo.PolicyDraft, out io.Writer) error {
	// A mistyped directory must not become an installation, and a mistyped range needs none.
	if _, err := promo.NewPercentPolicy(d, time.Now()); err != nil {
		return flagError(err)
	}
	if _, err := datadir.At(c.DataDir); err != nil {
		return err
	}
	return withLedger(ctx, c, func(l *postgres.Ledger) error {
		if err := l.AddPolicy(ctx, d); err != nil {
			return flagError(err)
		}
		fmt.Fprintf(out, "From %s on a %s can take %s to %s per cent off. Older vouchers keep their range.\n",
			d.From.UTC().Format(time.RFC3339), d.Tool, d.Minimum, d.Maximum)
		return nil
	})
}

// flagError names the flag that a rule found at fault.
func flagError(err error) error {
	if refused, ok := errors.AsType[*promo.Error](err); ok && refused.Field != nil {
		return fmt.Errorf("--%s: %s", refused.Field[0], refused.Message)
	}
	return err
}

// Migrate brings the schemas of both stores up to date, and tells out that it did.
func Migrate(ctx context.Context, c Config, out io.Writer) error {
	stores, err := Open(ctx, c, time.Now) // migrates
	if err != nil {
		return err
	}
	if stores.Warehouse != nil {
		// One that was away has not been migrated.
		if err = stores.Warehouse.Prepare(ctx); err != nil {
			err = fmt.Errorf("--clickhouse-url: %w; check the URL, and that the server runs", err)
		}
	}
	if err := errors.Join(err, stores.Close()); err != nil {
		return err
	}
	fmt.Fprintln(out, "The schemas are current.")
	return nil
}

// Rebuild fills the warehouse anew: in the server that runs on the data directory, or here if none does.
func Rebuild(ctx context.Context, c Config, out io.Writer) error {
	if err := rebuild(ctx, c, showFacts()); err != nil {
		return err
	}
	fmt.Fprintln(out, "The warehouse is rebuilt.")
	return nil
}

func rebuild(ctx context.Context, c Config, progress warehouse.Progress) error {
	// A mistyped directory must not become an installation.
	if _, err := datadir.At(c.DataDir); err != nil {
		return err
	}
	if admin := dialAdmin(c); admin != nil {
		return admin.order(ctx, "rebuild", progress, nil)
	}
	stores, err := Open(ctx, c, time.Now)
	if err != nil {
		return err
	}
	return errors.Join(stores.rebuild(ctx, progress), stores.Close())
}

// errDiffers says that a reconciliation found differences.
var errDiffers = errors.New("ledger and warehouse differ: `voucherhouse rebuild` mends the warehouse")

// Reconcile compares ledger and warehouse: in the server that runs on the data directory, or here if none does. It tells
// out the outcome; differences are an error.
func Reconcile(ctx context.Context, c Config, out io.Writer) error {
	result, err := comparison(ctx, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Of what has been delivered: %d facts in the ledger, %d in the warehouse. %d more wait in the ledger.\n",
		result.LedgerFacts, result.WarehouseFacts, result.Waiting)
	if result.BlockedBy != nil {
		fmt.Fprintf(out, "Delivery is held up by: %s\n", *result.BlockedBy)
	}
	for _, d := range result.Differences {
		fmt.Fprintln(out, d)
	}
	if !result.Matches {
		return errDiffers
	}
	fmt.Fprintln(out, "All counts and sums are equal.")
	return nil
}

func comparison(ctx context.Context, c Config) (*Comparison, error) {
	if _, err := datadir.At(c.DataDir); err != nil {
		return nil, err
	}
	if admin := dialAdmin(c); admin != nil {
		result := &Comparison{}
		return result, admin.order(ctx, "reconcile", nil, result)
	}
	stores, err := Open(ctx, c, time.Now)
	if err != nil {
		return nil, err
	}
	result, err := stores.reconcile(ctx)
	return result, errors.Join(err, stores.Close())
}
