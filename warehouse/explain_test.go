package warehouse

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

func TestFailuresAreExplainedWithoutTheWordsOfDrivers(t *testing.T) {
	t.Parallel()
	ledger := &promo.Error{Code: promo.Unavailable, Message: "The ledger does not answer at the moment."}
	for want, err := range map[string]error{
		ErrBusy.Error():           fmt.Errorf("exchanging: %w", ErrBusy),
		ErrOtherWarehouse.Error(): fmt.Errorf("beginning: %w", ErrOtherWarehouse),
		ledger.Message:            fmt.Errorf("reading facts: %w: %w", ledger, errors.New("pq: private words")),
		"the log says why":        &clickhouse.Exception{Code: 243, Message: "private words"},
	} {
		told := Explain(err).Error()
		if !strings.Contains(told, want) || strings.Contains(told, "private") {
			t.Errorf("of %v, told is %q", err, told)
		}
	}
	if err := fmt.Errorf("reading facts: %w", context.Canceled); !errors.Is(Explain(err), context.Canceled) || Explain(nil) != nil {
		t.Error("who gave up is told of a failure")
	}
}
