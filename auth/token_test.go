package auth_test

import (
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"voucherhouse/auth"
	"voucherhouse/promo"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// newKeys makes keys, and gives the secret in their file.
func newKeys(t *testing.T) (*auth.Keys, []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	keys, err := auth.LoadKeys(path, clock)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(text)
	if block == nil || len(rest) > 0 {
		t.Fatalf("the file is not one block of PEM: %q", text)
	}
	return keys, block.Bytes
}

// payload is what a token carries that is good for an hour, with changes; a change to nil leaves the claim out.
func payload(changes jwt.MapClaims) jwt.MapClaims {
	p := jwt.MapClaims{
		"iss": "voucherhouse", "aud": "voucherhouse", "sub": "ann", "exp": now.Add(time.Hour).Unix(),
		"role": "SELLER", "client": "SELLER_CENTER", "shops": []int{1, 2},
	}
	for name, value := range changes {
		if p[name] = value; value == nil {
			delete(p, name)
		}
	}
	return p
}

func signed(t *testing.T, method jwt.SigningMethod, key any, p jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, p).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func expectInvalid(t *testing.T, keys *auth.Keys, token string) {
	t.Helper()
	if session, err := keys.Session(token); !errors.Is(err, auth.ErrInvalidToken) || !reflect.DeepEqual(session, auth.Session{}) {
		t.Errorf("the token is %+v's, %v", session, err)
	}
}

func TestATokenIsGoodForTheActorItWasMadeFor(t *testing.T) {
	t.Parallel()
	keys, _ := newKeys(t)
	for _, role := range promo.Roles {
		for _, client := range promo.Clients {
			want := promo.Actor{Role: role, Client: client, Subject: "häns@example"}
			if role != promo.RoleBuyer {
				want.Shops = []promo.ShopID{1, 1<<63 - 1}
			}
			if role == promo.Host {
				want.Accounts = []promo.AccountID{{Shop: 1, Serial: 7}, {Shop: 1<<63 - 1, Serial: 1<<63 - 1}}
			}
			token, err := keys.Issue(want, now.Add(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := keys.Session(token); err != nil || !reflect.DeepEqual(got.Actor, want) {
				t.Errorf("%+v came back as %+v, %v", want, got, err)
			}
		}
	}
}

func TestATokenExpiresButForThirtySecondsOfClocks(t *testing.T) {
	t.Parallel()
	keys, _ := newKeys(t)
	actor := promo.Actor{Role: promo.Admin, Client: promo.Service, Subject: "root"}
	for age, good := range map[time.Duration]bool{
		-time.Second: true, 0: true, 29 * time.Second: true, 30 * time.Second: false, time.Hour: false,
	} {
		token, err := keys.Issue(actor, now.Add(-age))
		if err != nil {
			t.Fatal(err)
		}
		if !good {
			expectInvalid(t, keys, token)
		} else if session, err := keys.Session(token); err != nil || keys.Over(session) || !session.Until.Equal(now.Add(30*time.Second-age)) {
			t.Errorf("expired for %v: %+v, %v", age, session, err)
		}
		if over := keys.Over(auth.Session{Until: now.Add(30*time.Second - age)}); over == good {
			t.Errorf("expired for %v: over is %t", age, over)
		}
	}
}

func TestATokenThatWasSeenExpires(t *testing.T) {
	t.Parallel()
	at := now
	keys, err := auth.LoadKeys(filepath.Join(t.TempDir(), "key.pem"), func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	token, err := keys.Issue(promo.Actor{Role: promo.Admin, Client: promo.Service, Subject: "root"}, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if session, err := keys.Session(token); err != nil || session.Subject != "root" {
			t.Errorf("the token is %+v's, %v", session, err)
		}
	}
	at = now.Add(time.Minute + 30*time.Second)
	expectInvalid(t, keys, token)
}

func TestATokenMustBeSignedByOurKey(t *testing.T) {
	t.Parallel()
	keys, secret := newKeys(t)
	_, other := newKeys(t)
	good := signed(t, jwt.SigningMethodHS256, secret, payload(nil))
	if _, err := keys.Session(good); err != nil {
		t.Fatalf("the token that the others are made from: %v", err)
	}
	parts := strings.Split(good, ".")
	stranger := strings.Split(signed(t, jwt.SigningMethodHS256, other, payload(jwt.MapClaims{"role": "ADMIN"})), ".")
	for name, token := range map[string]string{
		"empty":                     "",
		"no token":                  "ann",
		"dots only":                 "..",
		"not signed":                parts[0] + "." + parts[1] + ".",
		"signature cut off":         parts[0] + "." + parts[1],
		"a part more":               good + ".x",
		"other payload":             parts[0] + "." + stranger[1] + "." + parts[2],
		"other key":                 strings.Join(stranger, "."),
		"alg none":                  signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, payload(nil)),
		"HS512 with our key":        signed(t, jwt.SigningMethodHS512, secret, payload(nil)),
		"HS256 with half a key":     signed(t, jwt.SigningMethodHS256, secret[:16], payload(nil)),
		"HS256 with nothing":        signed(t, jwt.SigningMethodHS256, []byte{}, payload(nil)),
		"a megabyte of other bytes": strings.Repeat("A", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectInvalid(t, keys, token)
		})
	}
}

func TestATokenMustCarryWhatWePutIn(t *testing.T) {
	t.Parallel()
	keys, secret := newKeys(t)
	for name, changes := range map[string]jwt.MapClaims{
		"no issuer":            {"iss": nil},
		"other issuer":         {"iss": "somebody"},
		"no audience":          {"aud": nil},
		"other audience":       {"aud": "somebody"},
		"no expiry":            {"exp": nil},
		"expiry of zero":       {"exp": 0},
		"expiry that is text":  {"exp": "tomorrow"},
		"not valid before":     {"nbf": now.Add(time.Minute).Unix()},
		"no role":              {"role": nil},
		"unknown role":         {"role": "OWNER"},
		"role in lower case":   {"role": "seller"},
		"no client":            {"client": nil},
		"unknown client":       {"client": "BROWSER"},
		"no subject":           {"sub": nil},
		"empty subject":        {"sub": ""},
		"subject of 101 bytes": {"sub": strings.Repeat("x", 101)},
		"shops that are text":  {"shops": []string{"1"}},
		"fractional shop":      {"shops": []float64{1.5}},
		"BUYER with shops":     {"role": "BUYER", "client": "MARKETPLACE_APP"},
		"SELLER with accounts": {"accounts": [][]int{{1, 7}}},
		"account of no shop":   {"role": "HOST", "accounts": [][]int{{3, 7}}},
		"accounts as numbers":  {"role": "HOST", "accounts": []int{7}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectInvalid(t, keys, signed(t, jwt.SigningMethodHS256, secret, payload(changes)))
		})
	}
}

func TestCheckSaysWhatIsWrongWithAnActor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		actor promo.Actor
		want  string
	}{
		{promo.Actor{Role: "OWNER", Client: promo.SellerApp, Subject: "x"}, `there is no role "OWNER"`},
		{promo.Actor{Role: promo.Seller, Client: "BROWSER", Subject: "x"}, `there is no client "BROWSER"`},
		{promo.Actor{Role: promo.Seller, Client: promo.SellerApp}, "the subject must have 1 to 100 bytes"},
		{promo.Actor{Role: promo.Seller, Client: promo.SellerApp, Subject: "a\x00b"}, "the subject must have no control characters"},
		{promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: "x", Shops: []promo.ShopID{1}}, "a BUYER has no shops"},
		{promo.Actor{Role: promo.Seller, Client: promo.SellerApp, Subject: "x", Shops: []promo.ShopID{1}, Accounts: []promo.AccountID{{Shop: 1, Serial: 7}}}, "only a HOST has accounts"},
		{promo.Actor{Role: promo.Host, Client: promo.StreamerDesktop, Subject: "x", Accounts: []promo.AccountID{{Shop: 1, Serial: 7}}}, "an account's shop must be one of the token's"},
		{promo.Actor{Role: promo.Seller, Client: promo.SellerApp, Subject: strings.Repeat("x", 100)}, "<nil>"},
		{promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: "x"}, "<nil>"},
	} {
		got := "<nil>"
		if err := auth.Check(test.actor); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%+v: %s, want %s", test.actor, got, test.want)
		}
	}
}
