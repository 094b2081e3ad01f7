// Package embedded runs the two engines without a server to install: Postgres
// as a child process and ClickHouse as a library inside this one. Both come
// from npm packages that `npm ci` puts under node_modules, and both keep what
// they were given when the process is killed.
//
// Postgres is the real server, on a unix socket that only this user can reach.
//
// ClickHouse is the real engine, reached by the unchanged driver without a
// port: [ClickHouse.Options] replaces the driver's HTTP transport. It has the
// whole SQL dialect, but no SQL users, row policies, quotas, transactions or
// native port: whoever can send it SQL can do everything this process can,
// reading files included. Three more differences to a server:
//
//   - One data directory per process, and one process per data directory.
//   - A query id given to the driver does not become the engine's: it is put
//     in the setting log_comment, unless that is given too. So end a statement
//     of either kind of server by its id with KILL QUERY WHERE query_id = '…'
//     OR Settings['log_comment'] = '…'. Cancelling its context ends it as well.
//   - A SELECT without rows names no columns, the system log tables
//     (query_log and its kind) are off, and external tables and compression
//     on the wire are not available.
package embedded
