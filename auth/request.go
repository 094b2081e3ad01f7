package auth

import (
	"context"
	"net/http"
	"strings"

	"voucherhouse/promo"
)

type sessionKey struct{}

// With puts the session into the context.
func With(ctx context.Context, s Session) context.Context {
	return context.WithValue(ctx, sessionKey{}, s)
}

// SessionOf is that of the request; ok is false if it came without a token.
func SessionOf(ctx context.Context) (s Session, ok bool) {
	s, ok = ctx.Value(sessionKey{}).(Session)
	return s, ok
}

// Actor is who the request is from; ok is false if it came without a token.
func Actor(ctx context.Context) (a promo.Actor, ok bool) {
	s, ok := SessionOf(ctx)
	return s.Actor, ok
}

// Bearer gives the session of the value of an Authorization header, else ErrInvalidToken.
func (k *Keys) Bearer(header string) (Session, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return Session{}, ErrInvalidToken
	}
	return k.Session(strings.TrimSpace(token))
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
		session, err := k.Bearer(header)
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			refuse.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), session)))
	})
}
