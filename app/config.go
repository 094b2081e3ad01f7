package app

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Config says where the stores are.
type Config struct {
	DataDir       string `name:"data-dir" default:"data" type:"path" help:"Directory of this installation: both embedded engines, and the key of tokens."`
	PostgresURL   string `name:"postgres-url" placeholder:"URL" help:"A Postgres of your own (15 or later) in place of the embedded one: postgres://user:password@host/database?sslmode=verify-full."`
	ClickHouseURL string `name:"clickhouse-url" placeholder:"URL" help:"A ClickHouse of your own (25.8 or later) in place of the embedded one: clickhouse://user:password@host:9000/database."`
	Warehouse     string `enum:"on,off" default:"on" help:"Whether this process has a warehouse. Without one, facts wait in the ledger and analytics answers UNAVAILABLE."`

	ChatWindow  time.Duration `name:"chat-window" default:"48h" help:"For how long after a buyer's message coupons may be sent into the chat."`
	Reservation time.Duration `default:"15m" help:"For how long an order that is not paid holds its voucher and its flash-deal units."`
}

// Validate checks what can be checked without asking anybody. Every error names the flag and the remedy; none repeats a
// URL, which may hold a password.
func (c Config) Validate() error {
	var errs []error
	if c.DataDir == "" {
		errs = append(errs, errors.New("--data-dir must name a directory, such as data"))
	}
	if c.PostgresURL != "" {
		if u, err := url.Parse(c.PostgresURL); err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Host == "" && u.Query().Get("host") == "" {
			errs = append(errs, errors.New("--postgres-url must be of the form postgres://user:password@host/database?sslmode=verify-full"))
		}
	}
	if c.ClickHouseURL != "" {
		if o, err := clickhouse.ParseDSN(c.ClickHouseURL); err != nil || len(o.Addr) == 0 {
			errs = append(errs, errors.New("--clickhouse-url must be of the form clickhouse://user:password@host:9000/database, or http:// for port 8123"))
		} else if o.Auth.Database == "" {
			errs = append(errs, errors.New("--clickhouse-url names no database: add one after the host, such as /voucherhouse"))
		}
		if c.Warehouse == "off" {
			errs = append(errs, errors.New("--clickhouse-url and --warehouse=off contradict each other: leave one out"))
		}
	}
	if c.ChatWindow <= 0 {
		errs = append(errs, errors.New("--chat-window must be above zero, such as 48h"))
	}
	if c.Reservation <= 0 {
		errs = append(errs, errors.New("--reservation must be above zero, such as 15m"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("the configuration: %w", err)
	}
	return nil
}

func (c Config) withWarehouse() bool { return c.Warehouse != "off" }

func (c Config) embedsClickHouse() bool { return c.withWarehouse() && c.ClickHouseURL == "" }
