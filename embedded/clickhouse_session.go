package embedded

import (
	"bufio"
	"context"
	"errors"
	"io"
	"runtime"
	"unsafe"
)

// session is one connection to the engine. It runs one statement at a time, on
// one thread from its start to its end. Opening one takes 0.2 ms.
type session struct {
	lib *library
	ref *unsafe.Pointer
}

var errNotStarted = errors.New("the ClickHouse engine did not start; its reason is on standard error. " +
	"If it cannot be mended, move the directory away and run `voucherhouse rebuild`; `--warehouse=off` sells meanwhile")

// open starts the engine if it is the first session of the process.
func (lib *library) open(args []string) (session, error) {
	argv := make([]*byte, 0, len(args)+1)
	for _, arg := range args {
		argv = append(argv, cString(arg))
	}
	argv = append(argv, nil)
	ref := lib.connect(int32(len(args)), &argv[0])
	runtime.KeepAlive(argv)
	if ref == nil {
		return session{}, errNotStarted
	}
	return session{lib, ref}, nil
}

func (s session) close() { s.lib.disconnect(s.ref) }

// exec runs sql and returns its answer in format.
func (s session) exec(sql, format string) (string, error) {
	r := s.start(s.lib.query, statement{sql: sql, format: format})
	defer r.free()
	return string(r.bytes()), r.err()
}

// errSeveral is what servers answer over HTTP, where the engine would go on and
// run them all.
var errSeveral = engineError("Code: 62. DB::Exception: Syntax error: Multi-statements are not allowed. (SYNTAX_ERROR)")

// query runs a statement as one piece and hands its answer to write.
func (s session) query(st statement, write func([]byte) error) error {
	found := analysis{size: uint32(unsafe.Sizeof(analysis{}))}
	s.lib.classify(*s.ref, st.sql, uintptr(len(st.sql)), nil, 0, &found)
	if found.statements > 1 {
		return errSeveral
	}
	r := s.start(s.lib.query, st)
	defer r.free()
	if err := r.err(); err != nil {
		return err
	}
	if b := r.bytes(); len(b) > 0 {
		return write(b)
	}
	return nil
}

// stream hands the answer of a SELECT to write as it comes, and tells whether
// that was all: the session is as it was then. The engine refuses to stream any
// other statement, before running it: those run as one piece.
func (s session) stream(st statement, write func([]byte) error) (unchanged bool, err error) {
	r := s.start(s.lib.stream, st)
	defer r.free()
	if r.err() != nil {
		return false, s.query(st, write)
	}
	for {
		more, err := s.fetch(r, write)
		if err != nil {
			s.lib.cancelStream(*s.ref, r.ptr)
			return false, err
		}
		if !more {
			return true, nil
		}
	}
}

func (s session) fetch(stream result, write func([]byte) error) (more bool, err error) {
	chunk := result{s.lib, s.lib.fetch(*s.ref, stream.ptr)}
	defer chunk.free()
	if err := chunk.err(); err != nil {
		return false, err
	}
	b := chunk.bytes()
	if len(b) == 0 {
		return false, nil
	}
	return true, write(b)
}

// errNoRows is the code that servers have for it. The driver sends a batch that
// it could not encode as nothing at all, and would take success for an answer.
var errNoRows = engineError("Code: 108. DB::Exception: No data to insert. (NO_DATA_TO_INSERT)")

// insert runs an INSERT with the rows of st.data.
func (s session) insert(ctx context.Context, st statement) error {
	data := bufio.NewReaderSize(st.data, 1<<20)
	if _, err := data.Peek(1); errors.Is(err, io.EOF) {
		return errNoRows
	}
	stream := s.start(s.lib.insert, st).ptr
	defer s.lib.destroyInsert(stream) // gives up an insert that is not done
	if err := engineError(s.lib.insertError(stream)); err != nil {
		return err
	}
	if _, err := data.WriteTo(insertWriter{s.lib, stream}); err != nil && !errors.Is(err, errInsertFailed) {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // what came may not be all of it
	}
	r := result{s.lib, s.lib.insertDone(stream)}
	defer r.free()
	return r.err()
}

// insertWriter gives an insert its rows; the engine copies them.
type insertWriter struct {
	lib    *library
	stream unsafe.Pointer
}

// errInsertFailed is known better by the insert's result.
var errInsertFailed = errors.New("insert failed")

func (w insertWriter) Write(b []byte) (int, error) {
	if len(b) > 0 && w.lib.insertAppend(w.stream, &b[0], uintptr(len(b))) != 0 {
		return 0, errInsertFailed
	}
	return len(b), nil
}

func (s session) start(run runFunc, st statement) result {
	p := st.parameters
	ptr := run(*s.ref,
		st.sql, uintptr(len(st.sql)), st.format, uintptr(len(st.format)),
		unsafe.SliceData(p.names), unsafe.SliceData(p.nameLens),
		unsafe.SliceData(p.values), unsafe.SliceData(p.valueLens), uintptr(len(p.names)))
	runtime.KeepAlive(p)
	return result{s.lib, ptr}
}
