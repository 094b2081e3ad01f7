package embedded

import (
	"context"
	"os/exec"
	"strconv"
)

// settings are given at each start, so a data directory has those of the program
// that runs it. They are for 2 to 8 cores and for a footprint that is no burden
// beside the warehouse; what is not here is at Postgres's default.
var settings = []string{
	// Only through the socket in the data directory. The path is relative to that,
	// so it is never too long for an address.
	"listen_addresses=",
	"unix_socket_directories=.",
	"unix_socket_permissions=0700",
	"port=" + strconv.Itoa(port),

	// The promises of the ledger, which no edited configuration file may weaken.
	"fsync=on",
	"full_page_writes=on",
	"synchronous_commit=on",

	// The system's cache holds the rest; more would only make the process larger.
	"shared_buffers=64MB",
	"effective_cache_size=1GB",
	// Nothing to gain at this size, and a limit on huge pages in a container can
	// kill the server.
	"huge_pages=off",
	"max_connections=100",
	// A statement on a partitioned table locks every partition and index it may touch.
	"max_locks_per_transaction=128",

	// Few checkpoints mean few whole pages in the log, and those are compressed.
	// The size bounds the disk that it takes and the time a recovery takes. A lower
	// wal_level would make no import faster (tried), but a base backup impossible.
	"wal_compression=on",
	"checkpoint_timeout=15min",
	"max_wal_size=1GB",
	"min_wal_size=80MB",

	"autovacuum=on",
	// The ledger is small or read from solid-state disks: an index is rarely the
	// dearer way.
	"random_page_cost=1.1",
	// Compiling costs more than it saves on short statements.
	"jit=off",
	"track_io_timing=off",
	// The relay only delivers what is older than every open transaction, in all
	// databases: a forgotten one would stop the warehouse.
	"idle_in_transaction_session_timeout=60s",

	// The same answers and messages on every machine.
	"timezone=UTC",
	"log_timezone=UTC",
	"lc_messages=C",

	// To standard error, which becomes part of this program's log.
	"logging_collector=off",
	"log_destination=stderr",
	"log_line_prefix=",
	"cluster_name=voucherhouse",
}

// serverCommand is not bound to a context: the server runs until it is stopped.
func serverCommand(native, dir string) *exec.Cmd {
	args := []string{"-D", dir}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return tool(context.Background(), native, "postgres", args...)
}
