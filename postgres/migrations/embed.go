// Package migrations carries the ledger's schema, in numbered steps.
package migrations

import "embed"

// Files are the steps, in the order of their numbers.
//
//go:embed *.sql
var Files embed.FS
