package warehouse

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

const (
	// updateEvery is how often followers are told of numbers that have moved on, at the most.
	updateEvery = time.Second
	// longestFollowed bounds the period whose core data is followed: it is asked for again and again.
	longestFollowed = 31 * 24 * time.Hour
	// mostFollowed bounds the different questions that are followed, and mostAsked how many of them are asked at once.
	mostFollowed = 1_000
	mostAsked    = 4
)

var errFollowed = &promo.Error{Code: promo.RateLimited, Message: "Too many reports are followed at the moment. Try again in a second."}

// updates tells followers of core data again when new facts of the shop have been delivered, by whichever process. A question is
// asked once for all who follow it; one poller looks what has come, and there is none while nobody follows.
type updates struct {
	// moved gives the latest batch of each of the shops that has one after a batch, and ask the answer to a question.
	moved func(ctx context.Context, shops []promo.ShopID, after uint64) (map[promo.ShopID]uint64, error)
	ask   func(ctx context.Context, p CoreDataParams) (*CoreData, error)

	mu       sync.Mutex
	followed map[string]*followedData
	// stop ends the poller. Nil while there is none.
	stop   context.CancelFunc
	closed bool
	work   sync.WaitGroup
	asking chan struct{}
}

// followedData is a question that is followed.
type followedData struct {
	params CoreDataParams
	// seen is the shop's latest batch before the last answer was asked for.
	seen uint64
	last *CoreData
	// busy says that it is being asked.
	busy      bool
	followers map[chan *CoreData]struct{}
}

// FollowCoreData tells core data now, and again each time that the warehouse has moved on for the shop. Parameters that cannot be
// answered, among them a period longer than 31 days, are promo.Errors with their field. The channel holds the latest answer only;
// it is closed when the context ends or the warehouse is closed.
func (w *Warehouse) FollowCoreData(ctx context.Context, p CoreDataParams) (<-chan *CoreData, error) {
	if _, err := p.check(); err != nil {
		return nil, err
	}
	if p.Period.To.Sub(p.Period.From) > longestFollowed {
		return nil, invalid("A period of up to 31 days can be followed.", "period")
	}
	if _, err := w.freshness(ctx, nil); err != nil {
		return nil, err // also where the question is followed already
	}
	key, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("telling questions apart: %w", err)
	}
	return w.updates.follow(ctx, string(key), p)
}

const movedShops = `
select shop_id, max(batch) as latest
from facts
where shop_id in {shops:Array(UInt64)} and batch > {after:UInt64}
group by shop_id`

// moved finds out for which shops facts have come since a batch. Batches are numbered in the order of their delivery, and an index
// of the table keeps to the parts that hold new ones.
func (w *Warehouse) moved(ctx context.Context, shops []promo.ShopID, after uint64) (map[promo.ShopID]uint64, error) {
	if _, err := w.freshness(ctx, nil); err != nil {
		return nil, err
	}
	serials := make([]int64, len(shops))
	for i, s := range shops {
		serials[i] = int64(s)
	}
	rows, err := query[struct {
		Shop  uint64 `ch:"shop_id"`
		Batch uint64 `ch:"latest"`
	}](ctx, w, movedShops, clickhouse.Parameters{"shops": numbers(serials), "after": strconv.FormatUint(after, 10)})
	found := make(map[promo.ShopID]uint64, len(rows))
	for _, r := range rows {
		found[promo.ShopID(r.Shop)] = r.Batch
	}
	return found, err
}

// follow begins to tell the answers to a question, the first of them at once.
func (u *updates) follow(ctx context.Context, key string, p CoreDataParams) (<-chan *CoreData, error) {
	first, seen, err := u.first(ctx, key, p)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	q := u.followed[key]
	if u.closed || q == nil && len(u.followed) >= mostFollowed {
		return nil, errFollowed
	}
	if q == nil {
		q = &followedData{params: p, seen: seen, last: first, followers: map[chan *CoreData]struct{}{}}
		u.begin(key, q)
	}
	answers := make(chan *CoreData, 1)
	answers <- q.last
	q.followers[answers] = struct{}{}
	context.AfterFunc(ctx, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.leave(key, answers)
	})
	return answers, nil
}

// first is the answer that there is, or one asked for now, with the shop's latest batch before it.
func (u *updates) first(ctx context.Context, key string, p CoreDataParams) (data *CoreData, seen uint64, err error) {
	u.mu.Lock()
	q := u.followed[key]
	if q != nil {
		data, seen = q.last, q.seen
	}
	u.mu.Unlock()
	if data != nil {
		return data, seen, nil
	}
	batches, err := u.moved(ctx, []promo.ShopID{p.Shop.ID}, 0)
	if err == nil {
		data, err = u.ask(ctx, p)
	}
	return data, batches[p.Shop.ID], err
}

// begin adds a question, and makes sure that there is a poller. The updates are locked.
func (u *updates) begin(key string, q *followedData) {
	if u.followed == nil {
		u.followed, u.asking = map[string]*followedData{}, make(chan struct{}, mostAsked)
	}
	u.followed[key] = q
	if u.stop == nil {
		polling, stop := context.WithCancel(context.Background())
		u.stop = stop
		u.work.Go(func() { u.poll(polling) })
	}
}

// leave ends what a follower is told, unless that has ended; the last one ends the question, and with it perhaps the poller. The
// updates are locked.
func (u *updates) leave(key string, answers chan *CoreData) {
	q := u.followed[key]
	if q == nil {
		return
	}
	if _, there := q.followers[answers]; !there {
		return
	}
	delete(q.followers, answers)
	close(answers)
	if len(q.followers) == 0 {
		delete(u.followed, key)
	}
	if len(u.followed) == 0 {
		u.stop()
		u.stop = nil
	}
}

// close ends all that is told, and waits for the work.
func (u *updates) close() {
	u.mu.Lock()
	u.closed = true
	for key, q := range u.followed {
		for answers := range q.followers {
			u.leave(key, answers)
		}
	}
	u.mu.Unlock()
	u.work.Wait()
}

func (u *updates) poll(ctx context.Context) {
	failed := false
	for {
		wait(ctx, updateEvery)
		if ctx.Err() != nil {
			return
		}
		questions, shops, after := u.questions()
		batches, err := u.moved(ctx, shops, after)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failed { // once for an outage
			slog.Warn("followed reports could not be brought up to date; they are later", "error", err)
		}
		if failed = err != nil; !failed {
			u.renew(ctx, questions, batches)
		}
	}
}

// questions are all that are followed, their shops, and the batch that all of them have seen.
func (u *updates) questions() (questions map[string]*followedData, shops []promo.ShopID, after uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	after = ^uint64(0)
	for _, q := range u.followed {
		shops, after = append(shops, q.params.Shop.ID), min(after, q.seen)
	}
	return maps.Clone(u.followed), shops, after
}

// renew asks the questions about shops that have moved on, several at a time, but for those that are being asked. Of the others
// all facts are seen up to the latest batch of any. Questions that began since the shops were asked about wait for the next poll.
func (u *updates) renew(ctx context.Context, questions map[string]*followedData, batches map[promo.ShopID]uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	latest := uint64(0)
	for _, batch := range batches {
		latest = max(latest, batch)
	}
	for key, q := range questions {
		batch, moved := batches[q.params.Shop.ID]
		if !moved {
			q.seen = max(q.seen, latest)
		}
		if q.busy || batch <= q.seen {
			continue
		}
		q.busy = true
		u.work.Go(func() {
			select {
			case u.asking <- struct{}{}:
			case <-ctx.Done():
				u.leaveToNext(q)
				return
			}
			data, err := u.ask(ctx, q.params)
			<-u.asking
			u.tell(key, q, batch, data, err)
		})
	}
}

// leaveToNext gives a question up that was to be asked: another poller may follow.
func (u *updates) leaveToNext(q *followedData) {
	u.mu.Lock()
	defer u.mu.Unlock()
	q.busy = false
}

// tell hands an answer to those who follow the question. One that was not read is replaced.
func (u *updates) tell(key string, q *followedData, batch uint64, data *CoreData, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	q.busy = false
	if err != nil || u.followed[key] != q {
		return // asked again at the next poll, if anybody still follows
	}
	q.seen, q.last = batch, data
	for answers := range q.followers {
		select {
		case <-answers:
		default:
		}
		answers <- data
	}
}

// Followers counts those who follow core data.
func (w *Warehouse) Followers() (n int) {
	w.updates.mu.Lock()
	defer w.updates.mu.Unlock()
	for _, q := range w.updates.followed {
		n += len(q.followers)
	}
	return n
}
