package history

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

// client asks the servers of a cluster and remembers what it was told. It is safe for concurrent use.
type client struct {
	*cluster
	http *http.Client

	mu sync.Mutex
	// claimed are the answers to claimVoucher, and placed and paid those to placeOrder and payOrder of the deal's shop.
	claimed, placed, paid []Answer
	// sales are the answers about orders of the voucher's shop.
	sales Told
}

// wish is something that is asked for until it is granted or refused.
type wish struct {
	Request
	units int
	as    promo.Actor
	query string
	// kind is what it makes.
	kind promo.Kind
	// refund is the number of the refund that it makes, if it does.
	refund string
	// told is where its answers are kept.
	told *[]Answer
}

const (
	// mostAttempts bounds how often a wish is asked for: whoever is never answered finds a server that hangs.
	mostAttempts = 200
	// answerTime bounds how long an attempt may take.
	answerTime = 20 * time.Second
)

// pursue asks for a wish until there is an answer. Some callers send it twice at once, some give up soon and ask again, and
// some ask again for what they were told already; each attempt goes to another server.
func (c *client) pursue(t *testing.T, w wish, chance *rand.Rand) Answer {
	first := chance.IntN(len(c.servers))
	patience := answerTime
	var twin sync.WaitGroup
	switch chance.IntN(8) {
	case 0:
		twin.Go(func() { c.attempt(t, w, first+1, answerTime) })
	case 1:
		patience = time.Duration(chance.IntN(20)) * time.Millisecond
	}
	defer twin.Wait()
	for n := range mostAttempts {
		a := c.attempt(t, w, first+n, patience)
		if a.Made != 0 || a.Refused != "" {
			if chance.IntN(8) == 0 {
				c.attempt(t, w, first+n+1, answerTime)
			}
			return a
		}
		if t.Context().Err() != nil {
			return a // the test has failed
		}
		patience = answerTime
		c.outage.RLock()
		c.outage.RUnlock() //nolint:staticcheck // waiting while Postgres is away is all it is for
	}
	t.Errorf("%v was not answered in %d attempts", w.Request, mostAttempts)
	return Answer{}
}

// attempt asks one of the servers once, and remembers what came of it.
func (c *client) attempt(t *testing.T, w wish, server int, patience time.Duration) Answer {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a := Answer{Request: w.Request, Units: w.units}
	got, err := c.ask(ctx, c.servers[server%len(c.servers)], w)
	if err == nil {
		err = got.read(w, &a)
	}
	if err != nil {
		t.Errorf("%v: %v", w.Request, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	*w.told = append(*w.told, a)
	return a
}

// ask sends a wish to a server. An answer that never came, or says that a store is away, is empty.
func (c *client) ask(ctx context.Context, s *server, w wish) (got reply, err error) {
	token, err := s.keys.Issue(w.as, time.Now().Add(time.Hour))
	if err != nil {
		return got, err
	}
	body, err := json.Marshal(map[string]string{"query": w.query})
	if err != nil {
		return got, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address.Load().(string)+"/graphql", bytes.NewReader(body))
	if err != nil {
		return got, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := c.http.Do(request)
	if err != nil {
		return got, nil
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		return reply{}, nil // it was cut off, or the server had not started
	}
	return got, nil
}
