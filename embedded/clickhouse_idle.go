package embedded

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// preparedSession is a session in the database and with the settings that a statement wants.
type preparedSession struct {
	session
	preparation string
	// name is what its statements are known by: the engine makes its own query ids. It stands in a setting that labels calls of
	// other servers and does nothing here.
	name string
}

// mostIdle bounds the sessions that wait for another statement.
const mostIdle = 8

// idleSessions have run nothing that changes a session, and are kept for statements that want the same: to open one and to
// prepare it takes a tenth of what a small report does.
type idleSessions struct {
	mu sync.Mutex
	// sessions are in the order in which they were last used.
	sessions []*preparedSession
}

// take gives the session that was used last, nil if none was prepared so.
func (i *idleSessions) take(preparation string) *preparedSession {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n, s := range slices.Backward(i.sessions) {
		if s.preparation == preparation {
			i.sessions = slices.Delete(i.sessions, n, n+1)
			return s
		}
	}
	return nil
}

// keep keeps a session, and closes the one that was not used for longest if they are too many.
func (i *idleSessions) keep(s *preparedSession) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.sessions) == mostIdle {
		i.sessions[0].close()
		i.sessions = slices.Delete(i.sessions, 0, 1)
	}
	i.sessions = append(i.sessions, s)
}

func (i *idleSessions) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, s := range i.sessions {
		s.close()
	}
	i.sessions = nil
}

// prepared gives a session that nothing else uses, from which the statement can start.
func (c *ClickHouse) prepared(st *statement) (*preparedSession, error) {
	preparation := st.preparation()
	key := strings.Join(preparation, "\n")
	if s := c.idle.take(key); s != nil {
		return s, nil
	}
	opened, err := c.lib.open(c.args)
	if err != nil {
		return nil, err
	}
	s := &preparedSession{opened, key, strconv.FormatUint(c.lastID.Add(1), 10)}
	for _, sql := range append(preparation, "SET chdb_client_name = '"+s.name+"'") {
		if _, err := s.exec(sql, "Null"); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}
