package warehouse

import (
	"context"
	"errors"
	"log/slog"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// known gives what people may be told of an error; empty if it is no error that this package names. Others may quote statements.
func known(err error) string {
	if batch, ok := errors.AsType[*BatchError](err); ok {
		return batch.Error()
	}
	for _, named := range []error{ErrForeignLedger, ErrOtherLedger, ErrOtherWarehouse, ErrAway, ErrBusy, ErrFedElsewhere} {
		if errors.Is(err, named) {
			return named.Error()
		}
	}
	if told, ok := errors.AsType[*promo.Error](err); ok {
		return told.Message
	}
	return ""
}

// Explain says in words for people why a rebuild or a reconciliation failed, and logs the cause.
func Explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	told := known(err)
	if told == "" {
		told = "ledger or warehouse does not do its part; the log says why. Nothing is lost: ask again once it is mended"
	}
	if told != err.Error() {
		slog.Error("the warehouse has failed", "error", err)
	}
	return errors.New(told)
}

// tell says of a relay's trouble what people may be told.
func tell(trouble error) string {
	if told := known(trouble); told != "" {
		return told
	}
	if _, refused := errors.AsType[*clickhouse.Exception](trouble); refused {
		return "ClickHouse refuses facts; the log says why. They wait in the ledger, and delivery goes on once it takes them"
	}
	return "delivery has stopped; the log says why"
}
