package promo

import "time"

// Position is the place of a fact in the ledger's order: by writing transaction, then by number.
type Position struct {
	Tx uint64
	ID int64
}

// RecordedFact is a fact as the ledger holds it.
type RecordedFact struct {
	Position
	Shop ShopID
	Kind FactKind
	// At is when it happened.
	At time.Time
	// Payload is the JSON form of a Fact.
	Payload []byte
}

// StreamState is how far a stream of facts into the warehouse has come.
type StreamState struct {
	// Delivered is the place of the last fact that has been delivered.
	Delivered Position
	// AsOf is an instant: everything committed before it has been delivered. Zero if that is not known yet.
	AsOf time.Time
	// Foreign says that the ledger's server is another one than the stream was begun on, as after a restore: its
	// transactions are counted anew, and Delivered means nothing.
	Foreign bool
	// Warehouse is the id of the warehouse that has what is delivered. Empty if it is not known, or nothing is.
	Warehouse string
}

// Snapshot is a moment of the ledger.
type Snapshot struct {
	// At is not after the moment at which the snapshot was taken.
	At time.Time
	// Transactions below Xmin had all ended, and those from Xmax on had not begun.
	Xmin, Xmax uint64
}

// Manifest is a range of facts that is being delivered, up to a position, in batches.
type Manifest struct {
	To      Position
	Batches []Batch
}

// Batch is what one insert brings into one partition of the warehouse.
type Batch struct {
	// Number is never used twice, in any stream.
	Number    int64 `db:"batch"`
	Partition int   `db:"partition"`
	Rows      int   `db:"rows"`
	Done      bool  `db:"done"`
}

// FactTotals sums a ledger's or a warehouse's facts of one shop, day (UTC) and kind.
type FactTotals struct {
	Shop            ShopID
	Day             string
	Kind            FactKind
	Facts, Quantity int64
	// Numbers is the sum of the facts' numbers modulo 1,000,000,007: where one is missing and another there twice, it tells.
	Numbers int64
	// Amounts in minor units.
	Revenue, ItemDiscount, VoucherDiscount, Subsidy int64
}

// Reconciliation is a comparison of ledger and warehouse.
type Reconciliation struct {
	At time.Time
	// LedgerFacts and WarehouseFacts count the facts compared.
	LedgerFacts, WarehouseFacts int64
	// Matches says that all counts and sums were equal.
	Matches bool
}
