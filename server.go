// Voucherhouse is a GraphQL backend with an analytics warehouse for sellers' promotions on a marketplace.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // time zones also where the system has none

	"github.com/alecthomas/kong"
	"github.com/shopspring/decimal"

	"voucherhouse/app"
	"voucherhouse/promo"
)

//go:generate go tool gqlgen generate

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted: what is done stays, and the same command goes on from there")
	}
	stop()
	if err != nil {
		// One line, whatever it is made of.
		fmt.Fprintln(os.Stderr, "voucherhouse: "+strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

// commands are what the program can do.
type commands struct {
	Serve     serveCommand     `cmd:"" help:"Serve the GraphQL API and the explorer."`
	Demo      demoCommand      `cmd:"" help:"Serve a sample shop to explore, with a token for each role."`
	Import    importCommand    `cmd:"" help:"Import a shop's history from a folder of CSV files."`
	Token     tokenCommand     `cmd:"" help:"Print a token."`
	Policy    policyCommand    `cmd:"" help:"Set the range of percentages for vouchers to come."`
	Migrate   migrateCommand   `cmd:"" help:"Bring ledger and warehouse to the current schema."`
	Rebuild   rebuildCommand   `cmd:"" help:"Fill the warehouse anew from the ledger, while reports go on."`
	Reconcile reconcileCommand `cmd:"" help:"Compare ledger and warehouse, and tell every difference."`
}

func run(ctx context.Context, args []string) error {
	parser, err := kong.New(&commands{}, kong.Name("voucherhouse"), kong.BindTo(ctx, (*context.Context)(nil)), kong.DefaultEnvars("VOUCHERHOUSE"),
		kong.Description("A GraphQL backend with an analytics warehouse for sellers' promotions on a marketplace."))
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w (see voucherhouse --help)", err)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(app.Garbage)
	}
	return command.Run()
}

// listening is where a server listens.
type listening struct {
	Listen string `default:"127.0.0.1:8080" help:"Address to listen on."`
}

type serveCommand struct {
	app.Config
	listening
}

func (c *serveCommand) Run(ctx context.Context) error { return app.Serve(ctx, c.Config, c.Listen) }

type demoCommand struct {
	app.Config
	listening
}

func (c *demoCommand) Run(ctx context.Context) error {
	return app.ServeDemo(ctx, c.Config, c.Listen, os.Stdout)
}

type importCommand struct {
	app.Config
	Folder  string `arg:"" type:"existingdir" help:"Folder with shop.csv and what else there is; docs/importing.md describes the files."`
	Rejects string `type:"path" default:"rejects.csv" help:"File for rows that cannot be imported, with line number and reason."`
}

func (c *importCommand) Run(ctx context.Context) error {
	return app.Import(ctx, c.Config, c.Folder, c.Rejects, os.Stdout)
}

type tokenCommand struct {
	DataDir  string        `name:"data-dir" default:"data" type:"path" help:"Directory of the installation whose key signs the token."`
	Role     promo.Role    `required:"" enum:"SELLER,AGENT,HOST,BUYER,PLATFORM,ANALYST,ADMIN" help:"SELLER, AGENT, HOST, BUYER, PLATFORM, ANALYST or ADMIN."`
	Client   promo.Client  `required:"" enum:"SELLER_CENTER,SELLER_APP,STREAMER_DESKTOP,MARKETPLACE_APP,SERVICE" help:"SELLER_CENTER, SELLER_APP, STREAMER_DESKTOP, MARKETPLACE_APP or SERVICE."`
	Shop     []string      `placeholder:"ID" help:"A shop the token is for, by its id in the API. Can be repeated."`
	Account  []string      `placeholder:"ID" help:"An account whose livestreams a HOST hosts, by its id in the API. Can be repeated."`
	Subject  string        `required:"" help:"Whom the token is for; a BUYER's external id."`
	ValidFor time.Duration `name:"valid-for" default:"24h" help:"How long the token is good; half a minute longer, since clocks differ."`
}

func (c *tokenCommand) Run() error {
	token, err := app.IssueToken(c.DataDir, promo.Actor{Role: c.Role, Client: c.Client, Subject: c.Subject}, c.Shop, c.Account, c.ValidFor)
	if err == nil {
		fmt.Println(token)
	}
	return err
}

type policyCommand struct {
	app.Config
	Tool    promo.Tool      `required:"" enum:"REGULAR_VOUCHER,LIVE_VOUCHER,CHAT_COUPON" help:"REGULAR_VOUCHER, LIVE_VOUCHER or CHAT_COUPON."`
	Minimum decimal.Decimal `required:"" placeholder:"PER-CENT" help:"The smallest percentage off."`
	Maximum decimal.Decimal `required:"" placeholder:"PER-CENT" help:"The largest percentage off."`
	From    time.Time       `required:"" placeholder:"TIME" help:"From when on, such as 2030-01-01T00:00:00Z. Older vouchers keep their range."`
}

func (c *policyCommand) Run(ctx context.Context) error {
	draft := promo.PolicyDraft{Tool: c.Tool, Minimum: c.Minimum, Maximum: c.Maximum, From: c.From}
	return app.AddPolicy(ctx, c.Config, draft, os.Stdout)
}

type migrateCommand struct{ app.Config }

func (c *migrateCommand) Run(ctx context.Context) error { return app.Migrate(ctx, c.Config, os.Stdout) }

type rebuildCommand struct{ app.Config }

func (c *rebuildCommand) Run(ctx context.Context) error { return app.Rebuild(ctx, c.Config, os.Stdout) }

type reconcileCommand struct{ app.Config }

func (c *reconcileCommand) Run(ctx context.Context) error {
	return app.Reconcile(ctx, c.Config, os.Stdout)
}
