package promo

import "time"

// IncreaseQuantity raises the total quantity, if product.md V12 allows it to the actor, who saw the given version, at the
// given moment. It changes nothing when it refuses.
func (v *Voucher) IncreaseQuantity(a Actor, total, version int, now time.Time) error {
	if err := v.Standing(now).refusal(a, ActionIncreaseQuantity); err != nil {
		return err
	}
	if version != v.Version {
		return versionConflict
	}
	if total <= v.TotalQuantity {
		return Refuse("QUANTITY_NOT_INCREASED", "The quantity may only be raised.", "totalQuantity")
	}
	return v.raise(total, "totalQuantity")
}

var versionConflict = Refuse("VERSION_CONFLICT", "It has changed since; look at it again.", "version")

// raise sets a larger quantity; field is where it was asked for.
func (v *Voucher) raise(total int, field ...string) error {
	if total > LargestQuantity {
		return Refuse("QUANTITY_INVALID", "The quantity must be from 1 to 1,000,000,000.", field...)
	}
	v.TotalQuantity = total
	v.Version++
	return nil
}

// Deactivate ends the voucher for good at the given moment, if product.md V13 allows it to the actor. One that has
// expired stays expired.
func (v *Voucher) Deactivate(a Actor, now time.Time) error {
	if err := v.Standing(now).refusal(a, ActionDeactivate); err != nil {
		return err
	}
	v.DeactivatedAt = &now
	v.Version++
	return nil
}
