// Package auth tells who is asking: it issues and checks the tokens that carry role, app, shops, accounts and subject.
//
// A token is a JWT signed with HS256: who checks it here is who issued it, and a signature of two keys would take a tenth of
// what a claim takes. The key is local, made in the data directory at the first start; whoever has the file can be anybody,
// so it is readable by its owner only.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"

	"voucherhouse/promo"
)

const (
	issuer   = "voucherhouse"
	audience = "voucherhouse"
	// leeway forgives clocks that differ a little.
	leeway = 30 * time.Second
)

// ErrInvalidToken says that a token is malformed, expired or signed by somebody else. Which of them is not told.
var ErrInvalidToken = errors.New("the token is not valid")

// claims are what a token carries.
type claims struct {
	jwt.RegisteredClaims
	Role   promo.Role     `json:"role"`
	Client promo.Client   `json:"client"`
	Shops  []promo.ShopID `json:"shops,omitempty"`
	// Accounts are pairs of the shop's and the account's number.
	Accounts [][2]int64 `json:"accounts,omitempty"`
}

// mostSessions bounds how many tokens are remembered.
const mostSessions = 50_000 // at about half a kilobyte each

// Keys issues and checks tokens.
type Keys struct {
	secret []byte
	clock  func() time.Time
	parser *jwt.Parser
	// seen are the sessions of tokens that were good: a caller asks more than once, and to check a token takes a tenth of what a
	// claim takes.
	seen *lru.Cache[string, Session]
}

func newKeys(secret []byte, clock func() time.Time) *Keys {
	seen, _ := lru.New[string, Session](mostSessions) // fails only for a size below one
	return &Keys{secret, clock, jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(clock)), seen}
}

// LoadKeys reads the key in the file, or makes one there.
func LoadKeys(path string, clock func() time.Time) (*Keys, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKeys(path, clock)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key of tokens: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != keyType || len(block.Bytes) != keyBytes {
		return nil, fmt.Errorf("%s holds no key for tokens: restore it, or remove it to make a new one", path)
	}
	return newKeys(block.Bytes, clock), nil
}

const (
	keyType = "VOUCHERHOUSE TOKEN KEY"
	// keyBytes is as long as what HS256 makes of it (RFC 7518, 3.2).
	keyBytes = sha256.Size
)

func makeKeys(path string, clock func() time.Time) (*Keys, error) {
	secret := make([]byte, keyBytes)
	rand.Read(secret) // never fails
	text := pem.EncodeToMemory(&pem.Block{Type: keyType, Bytes: secret})
	// Written beside and renamed: a crash leaves no half of a key.
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return nil, fmt.Errorf("writing the key of tokens: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return nil, fmt.Errorf("writing the key of tokens: %w", err)
	}
	return newKeys(secret, clock), nil
}

// Issue makes a token for an actor that is good until expiry.
func (k *Keys) Issue(a promo.Actor, expiry time.Time) (string, error) {
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: a.Subject, ExpiresAt: jwt.NewNumericDate(expiry),
		},
		Role: a.Role, Client: a.Client, Shops: a.Shops,
	}
	for _, account := range a.Accounts {
		c.Accounts = append(c.Accounts, [2]int64{int64(account.Shop), account.Serial})
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(k.secret)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return text, nil
}

// Session is who a token is for, and until when.
type Session struct {
	promo.Actor
	// Until is when the token is not good any more, forgiveness for clocks included.
	Until time.Time
}

// Over tells whether the session's token has expired.
func (k *Keys) Over(s Session) bool { return !k.clock().Before(s.Until) }

// Session checks a token and gives who it is for, else ErrInvalidToken.
func (k *Keys) Session(token string) (Session, error) {
	if s, ok := k.seen.Get(token); ok && !k.Over(s) {
		return s, nil
	}
	s, err := k.check(token)
	if err == nil {
		k.seen.Add(token, s)
	}
	return s, err
}

func (k *Keys) check(token string) (Session, error) {
	var c claims
	if _, err := k.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return k.secret, nil }); err != nil {
		return Session{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	a := promo.Actor{Role: c.Role, Client: c.Client, Shops: c.Shops, Subject: c.Subject}
	for _, account := range c.Accounts {
		a.Accounts = append(a.Accounts, promo.AccountID{Shop: promo.ShopID(account[0]), Serial: account[1]})
	}
	if err := Check(a); err != nil {
		return Session{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	return Session{Actor: a, Until: c.ExpiresAt.Add(leeway)}, nil
}

// longestSubject bounds the name behind a token.
const longestSubject = 100

// Check says what is wrong with an actor that a token is to be made for; nil if nothing is.
func Check(a promo.Actor) error {
	switch {
	case !slices.Contains(promo.Roles, a.Role):
		return fmt.Errorf("there is no role %q", a.Role)
	case !slices.Contains(promo.Clients, a.Client):
		return fmt.Errorf("there is no client %q", a.Client)
	case a.Subject == "" || len(a.Subject) > longestSubject:
		return fmt.Errorf("the subject must have 1 to %d bytes", longestSubject)
	case strings.ContainsFunc(a.Subject, unicode.IsControl):
		return errors.New("the subject must have no control characters")
	case a.Role == promo.RoleBuyer && len(a.Shops) > 0:
		return errors.New("a BUYER has no shops")
	case a.Role != promo.Host && len(a.Accounts) > 0:
		return errors.New("only a HOST has accounts")
	case slices.ContainsFunc(a.Accounts, func(account promo.AccountID) bool { return !a.Owns(account.Shop) }):
		return errors.New("an account's shop must be one of the token's")
	}
	return nil
}
