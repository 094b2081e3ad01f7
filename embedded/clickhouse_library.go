package embedded

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the part of libchdb's C interface that is used. Texts go with
// their length, so they may hold any byte.
type library struct {
	setSignalHandlers func(enabled int32)
	connect           func(argc int32, argv **byte) *unsafe.Pointer
	disconnect        func(*unsafe.Pointer)
	classify          func(session unsafe.Pointer, sql string, sqlLen uintptr, database *byte, databaseLen uintptr, found *analysis) int32

	query        runFunc
	stream       runFunc
	fetch        func(session, stream unsafe.Pointer) unsafe.Pointer
	cancelStream func(session, stream unsafe.Pointer)

	insert        runFunc
	insertAppend  func(insert unsafe.Pointer, data *byte, n uintptr) int32
	insertDone    func(insert unsafe.Pointer) unsafe.Pointer
	insertError   func(insert unsafe.Pointer) string
	destroyInsert func(insert unsafe.Pointer)

	resultBuffer  func(result unsafe.Pointer) *byte
	resultLength  func(result unsafe.Pointer) uintptr
	resultError   func(result unsafe.Pointer) string
	destroyResult func(result unsafe.Pointer)
}

// analysis is what the engine's parser says of a text.
type analysis struct{ size, statements, _, _ uint32 }

// runFunc is the signature of the three functions that start a statement.
type runFunc func(
	session unsafe.Pointer,
	sql string, sqlLen uintptr,
	format string, formatLen uintptr,
	names **byte, nameLens *uintptr,
	values **byte, valueLens *uintptr,
	count uintptr,
) unsafe.Pointer

func loadLibrary(path string) (*library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load the ClickHouse library: %w", err)
	}
	lib := new(library)
	for name, function := range map[string]any{
		"chdb_set_signal_handlers_enabled": &lib.setSignalHandlers,
		"chdb_connect":                     &lib.connect,
		"chdb_close_conn":                  &lib.disconnect,
		"chdb_classify_query_n":            &lib.classify,
		"chdb_query_with_params_n":         &lib.query,
		"chdb_stream_query_with_params_n":  &lib.stream,
		"chdb_stream_fetch_result":         &lib.fetch,
		"chdb_stream_cancel_query":         &lib.cancelStream,
		"chdb_stream_insert_with_params_n": &lib.insert,
		"chdb_stream_append":               &lib.insertAppend,
		"chdb_stream_done":                 &lib.insertDone,
		"chdb_stream_insert_error":         &lib.insertError,
		"chdb_destroy_insert_stream":       &lib.destroyInsert,
		"chdb_result_buffer":               &lib.resultBuffer,
		"chdb_result_length":               &lib.resultLength,
		"chdb_result_error":                &lib.resultError,
		"chdb_destroy_query_result":        &lib.destroyResult,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("load the ClickHouse library %s: %w", path, err)
		}
		purego.RegisterFunc(function, symbol)
	}
	// Go owns the process's signals; the engine's handlers would replace its.
	lib.setSignalHandlers(0)
	return lib, nil
}

// result is an answer in the engine's memory, valid until it is freed.
type result struct {
	lib *library
	ptr unsafe.Pointer
}

func (r result) bytes() []byte {
	return unsafe.Slice(r.lib.resultBuffer(r.ptr), r.lib.resultLength(r.ptr))
}

// err is the engine's message as a server would send it: "Code: 62. DB::…".
func (r result) err() error { return engineError(r.lib.resultError(r.ptr)) }

func (r result) free() { r.lib.destroyResult(r.ptr) }

func engineError(message string) error {
	if message == "" {
		return nil
	}
	return &exception{message}
}

// exception is an error of the engine, as opposed to one of the transport.
type exception struct{ message string }

func (e *exception) Error() string { return e.message }
