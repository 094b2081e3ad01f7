package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"voucherhouse/auth"
	"voucherhouse/promo"
)

// ask sends a request through the middleware, and says who it came from, or that it was refused.
func ask(t *testing.T, keys *auth.Keys, authorization ...string) (from *promo.Actor, refused bool, answer http.Header) {
	t.Helper()
	passed := false
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		passed = true
		if a, ok := auth.Actor(r.Context()); ok {
			from = &a
		}
	})
	refuse := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		refused = true
		if a, ok := auth.Actor(r.Context()); ok {
			t.Errorf("a refused request is %v's", a)
		}
	})
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil)
	request.Header["Authorization"] = authorization
	response := httptest.NewRecorder()
	keys.Authenticate(next, refuse).ServeHTTP(response, request)
	if passed == refused {
		t.Errorf("%q: passed %t, refused %t", authorization, passed, refused)
	}
	return from, refused, response.Header()
}

func TestARequestWithoutATokenPassesAsNobody(t *testing.T) {
	t.Parallel()
	keys, _ := newKeys(t)
	for _, header := range [][]string{nil, {""}} {
		from, refused, answer := ask(t, keys, header...)
		if refused || from != nil || answer.Get("WWW-Authenticate") != "" {
			t.Errorf("%q: from %v, refused %t, %v", header, from, refused, answer)
		}
	}
}

func TestARequestWithATokenIsItsActors(t *testing.T) {
	t.Parallel()
	keys, _ := newKeys(t)
	want := promo.Actor{Role: promo.Seller, Client: promo.SellerApp, Shops: []promo.ShopID{7}, Subject: "ann"}
	token, err := keys.Issue(want, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"Bearer " + token, "bearer " + token, "BEARER  " + token + " "} {
		if from, refused, _ := ask(t, keys, header); refused || from == nil || !reflect.DeepEqual(*from, want) {
			t.Errorf("from %v, refused %t", from, refused)
		}
	}
}

func TestARequestWithABadTokenIsRefused(t *testing.T) {
	t.Parallel()
	keys, _ := newKeys(t)
	others, _ := newKeys(t)
	actor := promo.Actor{Role: promo.Admin, Client: promo.Service, Subject: "root"}
	issue := func(k *auth.Keys, until time.Time) string {
		token, err := k.Issue(actor, until)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := issue(keys, now.Add(time.Hour))
	for name, header := range map[string]string{
		"token only":     good,
		"other scheme":   "Basic " + good,
		"longer scheme":  "Bearers " + good,
		"scheme only":    "Bearer",
		"no token":       "Bearer ",
		"two tokens":     "Bearer " + good + " " + good,
		"white space":    "  ",
		"somebody's own": "Bearer " + issue(others, now.Add(time.Hour)),
		"expired":        "Bearer " + issue(keys, now.Add(-time.Hour)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, refused, answer := ask(t, keys, header)
			if got := answer.Get("WWW-Authenticate"); !refused || got != `Bearer error="invalid_token"` {
				t.Errorf("refused: %t, WWW-Authenticate: %s", refused, got)
			}
		})
	}
}

func TestAContextCarriesAnActorOrNone(t *testing.T) {
	t.Parallel()
	want := promo.Actor{Role: promo.Admin, Client: promo.Service, Subject: "root"}
	if a, ok := auth.Actor(auth.With(context.Background(), auth.Session{Actor: want})); !ok || !reflect.DeepEqual(a, want) {
		t.Errorf("it is %v, %t", a, ok)
	}
	if a, ok := auth.Actor(context.Background()); ok {
		t.Errorf("it is %v", a)
	}
}
