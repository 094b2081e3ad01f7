// Package schema carries the warehouse's tables, in numbered steps.
package schema

import "embed"

// Files are the steps, in the order of their numbers.
//
//go:embed *.sql
var Files embed.FS
