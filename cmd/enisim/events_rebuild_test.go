package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"enisim.alt/httpapi"
	"enisim.alt/httpapi/signature"
	"enisim.alt/service/operator"
	"enisim.alt/store/storetest"
)

const (
	recordedClients    = 64
	callsOfEachClient  = 40
	recordedInstances  = 12
	recordedInterfaces = 40
)

// recordedRun is a run of clients that change one world at random through two servers, one of which is
// killed and started again.
type recordedRun struct {
	survivor string
	victim   atomic.Pointer[string] // the endpoint of the other server
	client   *http.Client
	answered atomic.Int64
	last     atomic.Int64 // the number of the last event; 0: the clients have not ended

	mu        sync.Mutex
	changed   []string // the RequestIds of calls that have changed something
	refused   []string // those of calls that the survivor has refused
	instances []string // those that there are or have been
	enis      []string
}

// answer is what the clients need of an answer.
type answer struct {
	status             int
	RequestID          string `json:"RequestId"`
	NetworkInterfaceID string `json:"NetworkInterfaceId"`
	InstanceIDSets     struct {
		InstanceIDSet []string `json:"InstanceIdSet"`
	} `json:"InstanceIdSets"`
}

// call sends an action to a server. It fails if the server has been killed.
func (r *recordedRun) call(ctx context.Context, endpoint, action string, pairs ...string) (a answer, err error) {
	query := url.Values{
		"Action": {action}, "Version": {"2014-05-26"}, "AccessKeyId": {"LTAIcrash"}, "RegionId": {"cn-hangzhou"},
		"SignatureMethod": {signature.MethodV1}, "SignatureVersion": {signature.VersionV1}, "Format": {"JSON"},
		"SignatureNonce": {uuid.NewString()}, "Timestamp": {time.Now().UTC().Format(signature.TimeFormat)},
	}
	for k := 0; k < len(pairs); k += 2 {
		query.Set(pairs[k], pairs[k+1])
	}
	query.Set(signature.ParameterV1, signature.V1(http.MethodPost, query, "s"))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/?"+query.Encode(), nil)
	if err != nil {
		return a, err
	}
	response, err := r.client.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	a.status = response.StatusCode
	return a, json.NewDecoder(response.Body).Decode(&a)
}

// pick returns one of some ids.
func (r *recordedRun) pick(random *rand.Rand, ids *[]string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return (*ids)[random.IntN(len(*ids))]
}

// randomCall returns a random call.
func (r *recordedRun) randomCall(random *rand.Rand) (action string, pairs []string) {
	eni, instance := r.pick(random, &r.enis), r.pick(random, &r.instances)
	switch n := random.IntN(100); {
	case n < 40:
		return "AttachNetworkInterface", []string{"InstanceId", instance, "NetworkInterfaceId", eni}
	case n < 65:
		return "DetachNetworkInterface", []string{"InstanceId", instance, "NetworkInterfaceId", eni}
	case n < 75:
		return "CreateNetworkInterface", []string{"VSwitchId", "vsw-h", "SecurityGroupId", "sg-main"}
	case n < 80:
		return "DeleteNetworkInterface", []string{"NetworkInterfaceId", eni}
	case n < 90:
		return "AssignPrivateIpAddresses", []string{"NetworkInterfaceId", eni, "SecondaryPrivateIpAddressCount", "1"}
	case n < 96:
		return "RunInstances", []string{
			"ImageId", "aliyun_3_x64_20G_alibase_20240819.vhd", "InstanceType", "ecs.g6.large",
			"SecurityGroupId", "sg-main", "VSwitchId", "vsw-h",
			"NetworkInterface.1.InstanceType", "Secondary", "NetworkInterface.1.VSwitchId", "vsw-h",
			"NetworkInterface.1.SecurityGroupId", "sg-main",
		}
	}
	return "DeleteInstance", []string{"InstanceId", instance, "Force", "true"}
}

// work sends the calls of the k-th client. Even clients use the survivor.
func (r *recordedRun) work(ctx context.Context, k int, random *rand.Rand) {
	for range callsOfEachClient {
		action, pairs := r.randomCall(random)
		endpoint := r.survivor
		if k%2 == 1 {
			endpoint = *r.victim.Load()
		}
		a, err := r.call(ctx, endpoint, action, pairs...)
		r.answered.Add(1)
		if err != nil {
			continue // the server was killed, so whether the call has changed something is not known
		}
		r.mu.Lock()
		switch isRepeatable := action == "DetachNetworkInterface" || action == "DeleteNetworkInterface"; {
		case a.status == http.StatusOK && !isRepeatable: // a repeated detach or deletion changes nothing
			r.changed = append(r.changed, a.RequestID)
		case a.status >= 400 && a.status < 500 && k%2 == 0:
			r.refused = append(r.refused, a.RequestID)
		}
		if a.status == http.StatusOK && action == "CreateNetworkInterface" {
			r.enis = append(r.enis, a.NetworkInterfaceID)
		}
		r.instances = append(r.instances, a.InstanceIDSets.InstanceIDSet...)
		r.mu.Unlock()
	}
}

// follow reads all events after a cursor, by pages of a size, through the last one. It returns the cursor of
// each event, in order.
func (r *recordedRun) follow(ctx context.Context, after string, size int) ([]string, error) {
	client := &httpapi.ControlClient{Endpoint: r.survivor, HTTP: r.client}
	var cursors []string
	for {
		page, err := client.Events(ctx, operator.EventQuery{After: after, Limit: size})
		if err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			cursors = append(cursors, e.Cursor)
		}
		after = page.Next
		number, err := strconv.ParseInt(after, 10, 64)
		if last := r.last.Load(); err != nil || last > 0 && number >= last {
			return cursors, err
		}
	}
}

// 64 clients change a world at random through two servers, one of which is killed and started again.
// Readers with different cursors and page sizes each see every committed change once, in one order. The
// refusals of the server that survives are complete. The events alone rebuild the attachments.
func TestEventsRebuildTheAttachments(t *testing.T) {
	t.Parallel()
	database, seed := storetest.URL(t), uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	world := file(t, worldOf(recordedInstances, "ecs.g6.xlarge", recordedInterfaces).String())
	if _, stderr, exit := output(t, "scenario", "apply", "--database-url", database, world); exit != 0 {
		t.Fatal(stderr)
	}
	arguments := []string{
		"--database-url", database, "--record-refusals", "all",
		"--attach-delay", "20ms", "--detach-delay", "20ms", "--delete-delay", "20ms",
	}
	victim := start(t, arguments...)
	r := &recordedRun{
		survivor: start(t, arguments...).endpoint,
		client:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: recordedClients}},
	}
	r.victim.Store(&victim.endpoint)
	for n := range recordedInstances {
		r.instances = append(r.instances, fmt.Sprint("i-", n+1))
	}
	for n := range recordedInterfaces {
		r.enis = append(r.enis, fmt.Sprint("eni-", n+1))
	}

	// First two readers begin, from the first event and from the newest one, and the clients.
	var clients, readers sync.WaitGroup
	reads := make([][]string, 3)
	starts := []string{"", "1", ""}
	read := func(k int, after string, size int) {
		starts[k] = after
		readers.Go(func() {
			var err error
			if reads[k], err = r.follow(t.Context(), after, size); err != nil {
				t.Errorf("reader %d: %v", k, err)
			}
		})
	}
	read(0, "", 1000)
	read(1, "1", 7)
	for k := range recordedClients {
		clients.Go(func() { r.work(t.Context(), k, rand.New(rand.NewPCG(seed, uint64(k)))) })
	}
	waitFor := func(calls int64) {
		for r.answered.Load() < calls {
			time.Sleep(time.Millisecond)
		}
	}
	// Then a reader begins in the middle, and a server is killed and started again.
	waitFor(recordedClients * callsOfEachClient / 4)
	page, err := (&httpapi.ControlClient{Endpoint: r.survivor, HTTP: r.client}).Events(
		t.Context(), operator.EventQuery{After: operator.CursorLatest})
	if err != nil {
		t.Fatal(err)
	}
	read(2, page.Next, 50)
	victim.end(t, syscall.SIGKILL)
	restarted := start(t, arguments...)
	r.victim.Store(&restarted.endpoint)
	clients.Wait()
	events := recordedRows(t, database)
	r.last.Store(events[len(events)-1].Number)
	readers.Wait()

	// Then the readers are compared with the table, and the events with what the clients know.
	for k, got := range reads {
		after, _ := strconv.ParseInt("0"+starts[k], 10, 64)
		var want []string
		for _, e := range events {
			if e.Number > after {
				want = append(want, strconv.FormatInt(e.Number, 10))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("reader %d: got %d events, want the %d of the table in their order", k, len(got), len(want))
		}
	}
	changes, refusals := map[string]int{}, map[string]int{}
	for _, e := range events {
		if e.Outcome == "OK" {
			changes[e.RequestID]++
		} else {
			refusals[e.RequestID]++
		}
	}
	wantOnce(t, "changes", changes, r.changed)
	wantOnce(t, "refusals", refusals, r.refused)
	if len(r.changed) < 100 || len(r.refused) < 100 {
		t.Errorf("got %d changes and %d refusals, want enough of both", len(r.changed), len(r.refused))
	}
	// Last, the attachments, when all transitions are over.
	got, want := rebuiltAttachments(events), storedAttachments(t, database)
	if !maps.Equal(got, want) || len(want) < 5 {
		t.Errorf("got the attachments\n%v from the events, want\n%v", got, want)
	}
}

// wantOnce checks that each request has exactly one event.
func wantOnce(t *testing.T, what string, events map[string]int, requests []string) {
	t.Helper()
	for _, id := range requests {
		if events[id] != 1 {
			t.Errorf("%s: request %s has %d events, want one", what, id, events[id])
		}
	}
}

// recordedRow is an event as it is stored.
type recordedRow struct {
	Number             int64
	RequestID, Outcome string
	At                 time.Time
	Changes            []recordedChange
}

type recordedChange struct {
	Resource, Field, From, To, Then string
	DueAt                           *time.Time `json:"due_at"`
}

// recordedRows returns all events of a database, in their order.
func recordedRows(t *testing.T, database string) []recordedRow {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(),
		`SELECT number, request_id, outcome, at, changes FROM events ORDER BY number`)
	if err != nil {
		t.Fatal(err)
	}
	events, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e recordedRow, err error) {
		var changes string
		if err := row.Scan(&e.Number, &e.RequestID, &e.Outcome, &e.At, &changes); err != nil {
			return e, err
		}
		return e, json.Unmarshal([]byte(changes), &e.Changes)
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// rebuiltInterface is the state of an interface, as events tell it.
type rebuiltInterface struct {
	kind, status, then, instance, index string
	dueAt                               *time.Time
}

// settle moves the interface on to a time.
func (n *rebuiltInterface) settle(now time.Time) {
	if n.dueAt == nil || n.dueAt.After(now) {
		return
	}
	n.status, n.then, n.dueAt = n.then, "", nil
	if n.status == "Available" {
		n.instance, n.index = "", ""
	}
}

// rebuiltAttachments returns the instance and the slot of each attached interface, from events alone, when
// all transitions are over. Primary interfaces are not among them.
func rebuiltAttachments(events []recordedRow) map[string]string {
	enis := map[string]*rebuiltInterface{}
	for _, e := range events {
		for _, c := range e.Changes {
			n := enis[c.Resource]
			if n == nil {
				n = &rebuiltInterface{}
				enis[c.Resource] = n
			}
			n.settle(e.At)
			switch c.Field {
			case "Type":
				n.kind = c.To
			case "Status":
				n.status, n.then, n.dueAt = c.To, c.Then, c.DueAt
			case "InstanceId":
				n.instance = c.To
			case "DeviceIndex":
				n.index = c.To
			}
		}
	}
	attachments := map[string]string{}
	for id, n := range enis {
		n.settle(time.Now().Add(time.Hour))
		if n.instance != "" && n.kind != "Primary" && n.status != "Deleted" {
			attachments[id] = n.instance + " " + n.index
		}
	}
	return attachments
}

// storedAttachments is rebuiltAttachments from the table.
func storedAttachments(t *testing.T, database string) map[string]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), `
		SELECT network_interface_id, instance_id || ' ' || device_index
		FROM attachments
		WHERE next_status IS DISTINCT FROM 'Available'`)
	if err != nil {
		t.Fatal(err)
	}
	attachments := map[string]string{}
	var id, slot string
	if _, err := pgx.ForEachRow(rows, []any{&id, &slot}, func() error {
		attachments[id] = slot
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return attachments
}
