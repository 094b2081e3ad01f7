package promo

import (
	"strconv"
	"time"
)

// What was done to a promotion, as its history names it.
const (
	DoneCreate     = "CREATE"
	DoneClone      = "CLONE"
	DoneUpdate     = "UPDATE"
	DoneIncrease   = "INCREASE_QUANTITY"
	DoneDeactivate = "DEACTIVATE"
	DoneAssignTier = "ASSIGN_TIER"
)

// Change is an entry of a promotion's history.
type Change struct {
	At time.Time
	// Actor is the role and the subject of who did it.
	Actor  string
	Action string
	// Field is what changed, as the schema's input names it. Nil: the promotion as a whole.
	Field *string
	// Old and New are the field's values, for people. Nil: none.
	Old, New *string
}

// fieldChanges are the history of an update.
func fieldChanges(fields []Field, was, becomes Settings) []Change {
	changes := make([]Change, len(fields))
	for i, f := range fields {
		changes[i] = Change{Action: DoneUpdate, Field: new(string(f)), Old: textOf(f, was), New: textOf(f, becomes)}
	}
	return changes
}

// Created is the history of a promotion that was made.
func Created() []Change { return []Change{{Action: DoneCreate}} }

// ClonedFrom is the history of a clone, with the name of what was cloned.
func ClonedFrom(name string) []Change { return []Change{{Action: DoneClone, Old: &name}} }

// QuantityRaised is the history of a quantity that was raised.
func QuantityRaised(from, to int) []Change {
	return []Change{{
		Action: DoneIncrease, Field: new(string(FieldTotalQuantity)), Old: new(strconv.Itoa(from)), New: new(strconv.Itoa(to)),
	}}
}

// Ended is the history of a promotion that was deactivated while it had the given status.
func Ended(was Status) []Change {
	return []Change{{Action: DoneDeactivate, Field: new("status"), Old: new(string(was)), New: new(string(Deactivated))}}
}
