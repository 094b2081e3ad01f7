package auth

import (
	"context"
	"net/http"
	"strings"

	"voucherhouse/promo"
)

type actorKey struct{}

// With puts the actor into the context.
func With(ctx context.Context, a promo.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// Actor is who the request is from; ok is false if it came without a token.
func Actor(ctx context.Context) (a promo.Actor, ok bool) {
	a, ok = ctx.Value(actorKey{}).(promo.Actor)
	return a, ok
}

// Bearer gives whom the value of an Authorization header is for, else ErrInvalidToken.
func (k *Keys) Bearer(header string) (promo.Actor, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return promo.Actor{}, ErrInvalidToken
	}
	return k.Actor(strings.TrimSpace(token))
}

// Authenticate reads the bearer token of a request. A request without one passes, and may ask only what nobody has to be
// known for; one with a token that is not valid is answered by refuse.
func (k *Keys) Authenticate(next http.Handler, refuse http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		if header == "" {
			next.ServeHTTP(w, r)
			return
		}
		actor, err := k.Bearer(header)
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			refuse.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), actor)))
	})
}
