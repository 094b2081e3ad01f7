// Package native tests the wire to a real ClickHouse server: the native protocol over TCP, as --clickhouse-url speaks it
// to port 9000. Its tests need the server's program and run by `make test-native` only. Debian's is of 2018 and knows
// neither our tables nor our reports: they are held against the embedded engine, and here it is the driver that is tested,
// on a plain table.
package native
