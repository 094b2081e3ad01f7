package history

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// client asks the servers of a cluster and remembers what it was told. It is safe for concurrent use.
type client struct {
	*cluster
	http *http.Client

	mu sync.Mutex
	// claimed, placed and paid are the answers to claimVoucher, placeOrder and payOrder.
	claimed, placed, paid []Answer
}

// wish is something that is asked for until it is granted or refused.
type wish struct {
	Request
	units int
	as    promo.Actor
	query string
	// kind is what it makes.
	kind promo.Kind
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
	var err error
	a.Made, a.Refused, err = c.ask(ctx, c.servers[server%len(c.servers)], w)
	if err != nil {
		t.Errorf("%v: %v", w.Request, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	*w.told = append(*w.told, a)
	return a
}

// ask sends a wish to a server. What it makes of an answer that never came, or says that a store is away, is nothing.
func (c *client) ask(ctx context.Context, s *server, w wish) (made int64, refused string, err error) {
	token, err := s.keys.Issue(w.as, time.Now().Add(time.Hour))
	if err != nil {
		return 0, "", err
	}
	body, err := json.Marshal(map[string]string{"query": w.query})
	if err != nil {
		return 0, "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address.Load().(string)+"/graphql", bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := c.http.Do(request)
	if err != nil {
		return 0, "", nil
	}
	defer response.Body.Close()
	var answer answer
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return 0, "", nil // it was cut off, or the server had not started
	}
	return answer.read(w.kind)
}

// answer is what the servers say to a wish.
type answer struct {
	Data map[string]*struct {
		Made       *struct{ ID string }
		UserErrors []struct{ Code string }
	}
	Errors []struct{ Extensions struct{ Code string } }
}

func (a answer) read(kind promo.Kind) (made int64, refused string, err error) {
	for _, e := range a.Errors {
		switch code := e.Extensions.Code; code {
		case "UNAVAILABLE", "TIMEOUT", "RATE_LIMITED": // to be tried again
		default:
			return 0, code, nil
		}
	}
	for _, payload := range a.Data {
		switch {
		case payload == nil:
		case payload.Made != nil:
			key, err := relay.KeyOf(kind, payload.Made.ID)
			return key.Serial, "", err
		case len(payload.UserErrors) == 1:
			return 0, payload.UserErrors[0].Code, nil
		default:
			return 0, "", fmt.Errorf("the answer has neither what was made nor one refusal: %+v", payload)
		}
	}
	return 0, "", nil
}
