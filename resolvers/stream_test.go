package resolvers

import (
	"context"
	"testing"

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
