package service

import "slices"

// fairQueue holds the requests of a lane by account, and returns one of each account in turn.
// Requests of one account keep their order. The zero value is an empty queue. It is not safe for
// concurrent use.
type fairQueue[Work any] struct {
	byAccount map[string][]*laneRequest[Work] // no list is empty
	turns     []string                        // the accounts with waiting requests, in the order of their turns
	size      int
}

// countOf returns how many requests of an account wait.
func (q *fairQueue[Work]) countOf(accountID string) int { return len(q.byAccount[accountID]) }

// accountCount returns how many accounts wait.
func (q *fairQueue[Work]) accountCount() int { return len(q.turns) }

func (q *fairQueue[Work]) push(r *laneRequest[Work]) {
	if q.byAccount == nil {
		q.byAccount = map[string][]*laneRequest[Work]{}
	}
	id := r.accountID
	if len(q.byAccount[id]) == 0 {
		q.turns = append(q.turns, id)
	}
	q.byAccount[id] = append(q.byAccount[id], r)
	q.size++
}

// front returns the request whose turn is next, or nil.
func (q *fairQueue[Work]) front() *laneRequest[Work] {
	if q.size == 0 {
		return nil
	}
	return q.byAccount[q.turns[0]][0]
}

// pop removes the request whose turn is next, and puts its account behind the others. It returns
// nil if the queue is empty.
func (q *fairQueue[Work]) pop() *laneRequest[Work] {
	r := q.front()
	if r == nil {
		return nil
	}
	id := q.turns[0]
	q.turns = q.turns[1:]
	q.removeAt(id, 0)
	if q.countOf(id) > 0 {
		q.turns = append(q.turns, id)
	}
	return r
}

// remove removes a request, wherever it is in the queue, and reports whether it was there.
func (q *fairQueue[Work]) remove(r *laneRequest[Work]) bool {
	id := r.accountID
	k := slices.Index(q.byAccount[id], r)
	if k < 0 {
		return false
	}
	q.removeAt(id, k)
	if q.countOf(id) == 0 {
		q.turns = slices.DeleteFunc(q.turns, func(other string) bool { return other == id })
	}
	return true
}

// removeAt removes the k-th request of an account.
func (q *fairQueue[Work]) removeAt(id string, k int) {
	list := q.byAccount[id]
	if k == 0 {
		list[0] = nil // for the garbage collector
		list = list[1:]
	} else {
		list = slices.Delete(list, k, k+1)
	}
	if len(list) == 0 {
		delete(q.byAccount, id)
	} else {
		q.byAccount[id] = list
	}
	q.size--
}
