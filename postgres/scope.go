package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// The roles that transactions take; 0003_access.sql says what each may do.
const (
	roleAPI    = "voucherhouse_api"
	roleClaims = "voucherhouse_claims"
	roleImport = "voucherhouse_import"
	roleRelay  = "voucherhouse_relay"
	roleSearch = "voucherhouse_search" // 0009_lists.sql
)

// scope is for whom a transaction acts: row-level security reads it.
type scope struct {
	role     string
	shops    []promo.ShopID
	accounts []promo.AccountID
	subject  string
	actor    promo.Role
	// browsing says that it reads a list, of which the arguments say what is looked for and from where.
	browsing bool
	// at is the moment at which the transaction acts; whoever begins it sets it.
	at time.Time
}

func scopeOf(a promo.Actor) scope {
	s := scope{role: roleAPI, shops: a.Shops, accounts: a.Accounts, actor: a.Role}
	if a.Role == promo.RoleBuyer {
		s.subject = a.Subject
	}
	return s
}

const (
	enterScope = `
select set_config('role', $1, true), set_config('app.shops', $2, true), set_config('app.subject', $3, true),
       set_config('app.role', $4, true), set_config('app.at', $5, true), set_config('app.accounts', $6, true),
       set_config('plan_cache_mode', $7, true), set_config('enable_seqscan', $8, true), set_config('jit', 'off', true)`
	// Asked as the buyer, after its scope was entered: a buyer sees its own row and no other.
	enterBuyer = `
select set_config('app.buyer', coalesce((select id::text from buyers where external_id = $1), ''), true)`
)

// statement enters the scope. It has no arguments, so that it can go to the server with the one that begins the transaction.
func (s scope) statement() string { return withLiterals(enterScope, s.settings()...) }

// settings are what enterScope sets.
func (s scope) settings() []string {
	accounts := make([]int64, len(s.accounts))
	for i, a := range s.accounts {
		accounts[i] = a.Serial
	}
	cacheMode, seqscan := s.planning()
	return []string{s.role, array(shopNumbers(s.shops)), s.subject, string(s.actor), s.at.Format(time.RFC3339Nano), array(accounts), cacheMode, seqscan}
}

// withLiterals puts texts into the places of $1 to $9.
func withLiterals(statement string, texts ...string) string {
	var places []string
	for i, text := range texts {
		places = append(places, "$"+strconv.Itoa(i+1), pq.QuoteLiteral(text))
	}
	return strings.NewReplacer(places...).Replace(statement)
}

// planning is how statements are planned. What is looked for by key is always found by the same indexes, so one plan does, and
// must not be made for a table that is still small. What a list looks for depends on which of its filters are given, so each
// page has a plan of its own; as has what the relay reads, where a plan is little beside the reading. An import reads its own
// temporary tables whole.
func (s scope) planning() (cacheMode, seqscan string) {
	switch {
	case s.browsing || s.role == roleRelay:
		return "force_custom_plan", "on"
	case s.role == roleImport:
		return "force_generic_plan", "on"
	}
	return "force_generic_plan", "off"
}

// inTx runs do in a transaction that acts within the scope. It commits if do returns nil.
func (l *Ledger) inTx(ctx context.Context, s scope, do func(*sqlx.Tx) error) (err error) {
	defer func() { err = asError(ctx, err) }()
	s.at = l.now()
	tx, err := l.pool(s).BeginTxx(beginningWith(ctx, s.statement()), nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction in the scope of %s: %w", s.role, err)
	}
	defer tx.Rollback() // has no effect after a commit
	if err := s.enterBuyer(ctx, tx); err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// pool is where the scope's connections are.
func (l *Ledger) pool(s scope) *sqlx.DB {
	if s.role == roleClaims {
		return l.claiming
	}
	return l.db
}

// enter changes the scope of a transaction that has begun.
func (s scope) enter(ctx context.Context, tx *sqlx.Tx) error {
	if _, err := tx.ExecContext(ctx, s.statement()); err != nil {
		return fmt.Errorf("entering the scope of %s: %w", s.role, err)
	}
	return s.enterBuyer(ctx, tx)
}

func (s scope) enterBuyer(ctx context.Context, tx *sqlx.Tx) error {
	if s.subject == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, enterBuyer, s.subject); err != nil {
		return fmt.Errorf("entering the scope of a buyer: %w", err)
	}
	return nil
}

// view reads what has keys within the actor's scope.
func view[T any](ctx context.Context, l *Ledger, a promo.Actor, read func(*sqlx.Tx) (T, error)) (T, error) {
	return within(ctx, l, scopeOf(a), read)
}

// browse reads a list within the actor's scope.
func browse[T any](ctx context.Context, l *Ledger, a promo.Actor, read func(*sqlx.Tx) (T, error)) (T, error) {
	s := scopeOf(a)
	s.browsing = true
	return within(ctx, l, s, read)
}

func within[T any](ctx context.Context, l *Ledger, s scope, read func(*sqlx.Tx) (T, error)) (result T, err error) {
	err = l.inTx(ctx, s, func(tx *sqlx.Tx) (err error) {
		result, err = read(tx)
		return err
	})
	return result, err
}

// one gets a single row; none is promo.ErrNotFound.
func one[R any](ctx context.Context, tx *sqlx.Tx, query string, args ...any) (R, error) {
	var row R
	err := tx.GetContext(ctx, &row, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return row, promo.ErrNotFound
	}
	return row, err
}

func shopNumbers(shops []promo.ShopID) []int64 {
	numbers := make([]int64, len(shops))
	for i, s := range shops {
		numbers[i] = int64(s)
	}
	return numbers
}

// array is Postgres' text for an array.
func array(numbers []int64) string {
	text := make([]string, len(numbers))
	for i, n := range numbers {
		text[i] = strconv.FormatInt(n, 10)
	}
	return "{" + strings.Join(text, ",") + "}"
}
