package promo

import "time"

// IncreaseQuantity raises the total quantity, if product.md V12 allows it at the given moment to a caller who saw the
// given version. It changes nothing when it refuses.
func (v *Voucher) IncreaseQuantity(total, version int, now time.Time) error {
	switch status := v.Status(now); {
	case status != Upcoming && status != Ongoing:
		return Refuse("NOT_EDITABLE", "The voucher is expired or deactivated.", "id")
	case version != v.Version:
		return Refuse("VERSION_CONFLICT", "The voucher has changed since; look at it again.", "version")
	case total > LargestQuantity:
		return Refuse("QUANTITY_INVALID", "The quantity must be from 1 to 1,000,000,000.", "totalQuantity")
	case total <= v.TotalQuantity:
		return Refuse("QUANTITY_NOT_INCREASED", "The quantity may only be raised.", "totalQuantity")
	}
	v.TotalQuantity = total
	v.Version++
	return nil
}

// Deactivate ends the voucher for good at the given moment (product.md V13). One that has expired stays expired.
func (v *Voucher) Deactivate(now time.Time) error {
	switch v.Status(now) {
	case Deactivated:
		return Refuse("ALREADY_DEACTIVATED", "The promotion is deactivated already.", "id")
	case Expired:
		return Refuse("NOT_EDITABLE", "The promotion is over.", "id")
	}
	v.DeactivatedAt = &now
	v.Version++
	return nil
}
