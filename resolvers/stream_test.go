package resolvers

import (
	"bytes"
	"context"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/auth"
	"voucherhouse/promo"
)

// subscribing is a caller's context when it begins a subscription.
func subscribing(ctx context.Context, subject string) context.Context {
	ctx = auth.With(ctx, auth.Session{Actor: promo.Actor{Role: promo.Seller, Subject: subject}})
	return graphql.WithOperationContext(ctx, &graphql.OperationContext{Operation: &ast.OperationDefinition{Operation: ast.Subscription}})
}

// What a subscription looks up when it begins may take its time.
func TestASubscriptionThatBeginsKeepsNobodyElseWaiting(t *testing.T) {
	t.Parallel()
	counts := &streamCounts{open: map[string]int{}}
	begins, goOn, begun := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(begun)
		counts.bound(subscribing(t.Context(), "ann"), func(context.Context) graphql.ResponseHandler {
			close(begins)
			<-goOn
			return nil
		})
	}()
	<-begins
	reached := false
	counts.bound(subscribing(t.Context(), "bo"), func(context.Context) graphql.ResponseHandler {
		reached = true
		return nil
	})
	if !reached {
		t.Error("bo's subscription was refused")
	}
	close(goOn)
	<-begun
}

// A caller who has as many as it may can begin another as soon as it is told that one has ended.
func TestASubscriptionIsOverBeforeItsEndIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		counts, reached := &streamCounts{open: map[string]int{}}, 0
		begin := func(ctx context.Context) graphql.ResponseHandler {
			return counts.bound(subscribing(ctx, "ann"), func(context.Context) graphql.ResponseHandler {
				reached++
				return graphql.OneShot(nil)
			})
		}
		ctx, cancel := context.WithCancel(t.Context())
		for range mostStreams - 1 {
			begin(ctx)
		}
		ends := begin(ctx)
		if refusal := begin(ctx)(ctx); reached != mostStreams || refusal == nil {
			t.Errorf("%d have begun, and one more is told %v", reached, refusal)
		}
		ends(ctx)
		if begin(ctx); reached != mostStreams+1 {
			t.Error("when one has ended, another is refused")
		}
		cancel()
		if synctest.Wait(); len(counts.open) != 0 {
			t.Errorf("in the end, open are %v", counts.open)
		}
	})
}

// Not parallel: the log is everybody's.
func TestABodyThatCannotBeReadIsRefusedAlikeAsAStreamAndNotLogged(t *testing.T) {
	keys, err := auth.LoadKeys(filepath.Join(t.TempDir(), "token.key"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	handler := NewHandler(&Resolver{}, keys)
	refusal := func(accept string) (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/graphql", strings.NewReader(`{"query":5,"variables":{"text":"a private word"}}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	status, body := refusal("application/graphql-response+json")
	if streamed, as := refusal("text/event-stream"); streamed != status || as != body || status != 400 || !strings.Contains(body, `"INVALID_INPUT"`) {
		t.Errorf("refused with %d %s, and as a stream with %d %s", status, body, streamed, as)
	}
	log.SetOutput(os.Stderr)
	if strings.Contains(logged.String(), "private") {
		t.Errorf("logged is %s", &logged)
	}
}
