package operator

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

const (
	lifeAccount  = "1000000000000001"
	otherAccount = "1000000000000002"
	lifeKey      = "LTAIlife"
	otherKey     = "LTAIother"
	region       = "cn-hangzhou"
)

// lifeTest is an operator whose clock a test moves, with callers of two accounts that have the same
// resources: instances i-n that run and i-stopped-n that do not, interfaces eni-n, and eni-held-n on
// i-n.
type lifeTest struct {
	*Operator
	pool *pgxpool.Pool
	now  *time.Time
}

// serverDelay is how long each transition lasts without a lifecycle.
const serverDelay = time.Minute

func newLifeTest(t *testing.T) lifeTest {
	t.Helper()
	return newLifeTestOf(t, 20)
}

// newLifeTestOf is newLifeTest with a number of interfaces eni-n.
func newLifeTestOf(t *testing.T, interfaces int) lifeTest {
	t.Helper()
	pool := storetest.Pool(t)
	l := lifeTest{pool: pool, now: new(time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC))}
	l.Operator = l.another()
	w := new(worldtest.World)
	for account, key := range map[string]string{lifeAccount: lifeKey, otherAccount: otherKey} {
		w.Account(account).AccessKey(key).
			VPC("vpc-1", "10.0.0.0/8").
			VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
			SecurityGroup("sg-home").
			SecurityGroup("sg-small", worldtest.Set("instance_limit", 1)).
			Instance("i-{n}", worldtest.Count(4), worldtest.Type("ecs.four.slots")).
			Instance("i-stopped-{n}", worldtest.Count(4), worldtest.Type("ecs.four.slots"),
				worldtest.Status("Stopped")).
			NetworkInterface("eni-{n}", worldtest.Count(interfaces)).
			NetworkInterface("eni-held-{n}", worldtest.Count(4), worldtest.AttachedTo("i-{n}")).
			NetworkInterface("eni-on-stopped-{n}", worldtest.Count(4), worldtest.AttachedTo("i-stopped-{n}")).
			NetworkInterface("eni-small-{n}", worldtest.Count(4), worldtest.Groups("sg-small"))
	}
	w.InstanceType("ecs.four.slots", 4)
	worldtest.Apply(t, l.store, *l.now, w.String())
	return l
}

// another returns the operator of another server on the same database, or of this one after a restart.
func (l lifeTest) another() *Operator {
	return newOperator(store.New(l.pool, slog.New(slog.DiscardHandler)), service.Options{
		AttachDelay: serverDelay, DetachDelay: serverDelay, DeleteDelay: serverDelay,
		CreateDelay: serverDelay, StartDelay: serverDelay, StopDelay: serverDelay,
		Now: func() time.Time { return *l.now },
	})
}

// add stores a lifecycle of the account and returns its id.
func (l lifeTest) add(t *testing.T, text string) string {
	t.Helper()
	rule := disturbance.Lifecycle{Account: lifeAccount}
	if err := disturbance.Decode([]byte(text), &rule); err != nil {
		t.Fatal(err)
	}
	added, err := l.AddLifecycle(t.Context(), rule)
	if err != nil {
		t.Fatal(err)
	}
	return added.ID
}

// caller returns the caller with an access key.
func (l lifeTest) caller(t testing.TB, key string) service.Caller {
	t.Helper()
	identity, err := l.service.Identify(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return identity.Caller
}

// call runs an action for the account.
func call[Request, Answer any](
	t testing.TB, l lifeTest, action *service.Action[Request, Answer], req Request,
) (Answer, error) {
	t.Helper()
	return action.Do(t.Context(), l.service, l.caller(t, lifeKey), req)
}

// must is call for a request that is accepted.
func must[Request, Answer any](t testing.TB, l lifeTest, action *service.Action[Request, Answer], req Request) Answer {
	t.Helper()
	answer, err := call(t, l, action, req)
	if err != nil {
		t.Fatalf("%s: %v", action.Name(), err)
	}
	return answer
}

func (l lifeTest) attach(t testing.TB, eni, instance string) error {
	t.Helper()
	_, err := call(t, l, service.AttachNetworkInterface, service.AttachNetworkInterfaceRequest{
		RegionID: region, InstanceID: instance, NetworkInterfaceID: eni,
	})
	return err
}

func (l lifeTest) detach(t testing.TB, eni, instance string) error {
	t.Helper()
	_, err := call(t, l, service.DetachNetworkInterface, service.DetachNetworkInterfaceRequest{
		RegionID: region, InstanceID: instance, NetworkInterfaceID: eni,
	})
	return err
}

func (l lifeTest) release(t *testing.T, id string) Released {
	t.Helper()
	released, err := l.ReleaseTransition(t.Context(), ReleaseRequest{lifeAccount, id})
	if err != nil {
		t.Fatalf("release %s: %v", id, err)
	}
	return released
}

// statusOf returns the status of a resource of an account, as lists show it, or "gone".
func (l lifeTest) statusOf(t testing.TB, account, id string) (status string) {
	t.Helper()
	err := l.pool.QueryRow(t.Context(), `
		SELECT coalesce(
		    (SELECT status FROM settled_network_interfaces($3) WHERE account_id = $1 AND id = $2),
		    (SELECT status FROM settled_instances($3) WHERE account_id = $1 AND id = $2),
		    (SELECT CASE WHEN available_at > $3 THEN 'Pending' ELSE 'Available' END
		     FROM vpcs WHERE account_id = $1 AND id = $2),
		    (SELECT CASE WHEN available_at > $3 THEN 'Pending' ELSE 'Available' END
		     FROM vswitches WHERE account_id = $1 AND id = $2),
		    'gone')`, account, id, *l.now).Scan(&status)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func (l lifeTest) wantStatus(t testing.TB, when, id, want string) {
	t.Helper()
	if got := l.statusOf(t, lifeAccount, id); got != want {
		t.Errorf("%s: got %s %s, want %s", when, id, got, want)
	}
}

// verify fails the test if an invariant is violated.
func (l lifeTest) verify(t testing.TB) {
	t.Helper()
	violations, err := l.Verify(t.Context())
	if err != nil || len(violations) > 0 {
		t.Errorf("verify: got %v, %v, want no violation", violations, err)
	}
}

// lifeBeginning is an action that begins a transition.
type lifeBeginning struct {
	transition, action string
	from, to           string // the status in transition, and after it
	begin              func(t *testing.T, l lifeTest, n int) (id string)
}

// newInstance is what all new instances of a test have.
var newInstance = service.NewInstance{
	RegionID: region, ImageID: service.InstanceImageID, InstanceType: "ecs.four.slots", VSwitchID: "vsw-h",
	SecurityGroupID: "sg-home",
}

func runInstance(t *testing.T, l lifeTest, attached ...string) string {
	t.Helper()
	req := service.RunInstancesRequest{NewInstance: newInstance}
	for _, id := range attached {
		req.NetworkInterfaces = append(req.NetworkInterfaces, service.LaunchInterface{NetworkInterfaceID: id})
	}
	return must(t, l, service.RunInstances, req).InstanceIDs[0]
}

func power(instance string) service.PowerRequest { return service.PowerRequest{InstanceID: instance} }

// lifeBeginnings has each action that begins a transition. Its n-th call, from 1, is for resources of
// its own.
var lifeBeginnings = []lifeBeginning{
	{"Attaching", "AttachNetworkInterface", "Attaching", "InUse", func(t *testing.T, l lifeTest, n int) string {
		id := fmt.Sprintf("eni-%d", n)
		if err := l.attach(t, id, fmt.Sprintf("i-%d", n)); err != nil {
			t.Fatal(err)
		}
		return id
	}},
	{"Attaching", "RunInstances", "Attaching", "InUse", func(t *testing.T, l lifeTest, n int) string {
		id := fmt.Sprintf("eni-%d", n)
		runInstance(t, l, id)
		return id
	}},
	{"Detaching", "DetachNetworkInterface", "Detaching", "Available", func(t *testing.T, l lifeTest, n int) string {
		id := fmt.Sprintf("eni-held-%d", n)
		if err := l.detach(t, id, fmt.Sprintf("i-%d", n)); err != nil {
			t.Fatal(err)
		}
		return id
	}},
	{"Deleting", "DeleteNetworkInterface", "Deleting", "gone", func(t *testing.T, l lifeTest, n int) string {
		id := fmt.Sprintf("eni-%d", n)
		must(t, l, service.DeleteNetworkInterface, service.DeleteNetworkInterfaceRequest{
			RegionID: region, NetworkInterfaceID: id,
		})
		return id
	}},
	{"Deleting", "DeleteInstance", "Deleting", "gone", func(t *testing.T, l lifeTest, n int) string {
		must(t, l, service.DeleteInstance, service.DeleteInstanceRequest{
			PowerRequest: power(fmt.Sprintf("i-stopped-%d", n)),
		})
		return fmt.Sprintf("eni-on-stopped-%d", n)
	}},
	{"Pending", "CreateVpc", "Pending", "Available", func(t *testing.T, l lifeTest, n int) string {
		return must(t, l, service.CreateVPC, service.CreateVPCRequest{RegionID: region}).VPCID
	}},
	{"Pending", "CreateVSwitch", "Pending", "Available", func(t *testing.T, l lifeTest, n int) string {
		return must(t, l, service.CreateVSwitch, service.CreateVSwitchRequest{
			RegionID: region, ZoneID: "cn-hangzhou-h", VPCID: "vpc-1", CIDRBlock: fmt.Sprintf("10.%d.0.0/16", n),
		})
	}},
	{"Pending", "CreateInstance", "Pending", "Stopped", func(t *testing.T, l lifeTest, n int) string {
		return must(t, l, service.CreateInstance, service.CreateInstanceRequest{NewInstance: newInstance}).InstanceID
	}},
	{"Pending", "RunInstances", "Pending", "Starting", func(t *testing.T, l lifeTest, n int) string {
		return runInstance(t, l)
	}},
	{"Starting", "StartInstance", "Starting", "Running", func(t *testing.T, l lifeTest, n int) string {
		id := fmt.Sprintf("i-stopped-%d", n)
		must(t, l, service.StartInstance, service.StartInstanceRequest{PowerRequest: power(id)})
		return id
	}},
	{"Starting", "RebootInstance", "Starting", "Running", func(t *testing.T, l lifeTest, n int) string {
		id := fmt.Sprintf("i-%d", n)
		must(t, l, service.RebootInstance, service.RebootInstanceRequest{PowerRequest: power(id)})
		return id
	}},
	{"Starting", "RunInstances", "Starting", "Running", func(t *testing.T, l lifeTest, n int) string {
		id := runInstance(t, l)
		l.wantStatus(t, "before it starts", id, "Pending")
		*l.now = l.now.Add(serverDelay) // it is Pending so long
		return id
	}},
	{"Stopping", "StopInstance", "Stopping", "Stopped", func(t *testing.T, l lifeTest, n int) string {
		id := fmt.Sprintf("i-%d", n)
		must(t, l, service.StopInstance, service.StopInstanceRequest{PowerRequest: power(id)})
		return id
	}},
}

// Each transition of each action lasts as its lifecycle says: a fixed time to the microsecond, a random
// one within its bounds, or until it is released. Without a lifecycle it lasts as the server says.
func TestEachTransitionFollowsItsLifecycle(t *testing.T) {
	t.Parallel()
	for _, b := range lifeBeginnings {
		t.Run(b.transition+" by "+b.action, func(t *testing.T) {
			t.Parallel()
			l := newLifeTest(t)
			expect := func(what, id string, after time.Duration, want string) {
				t.Helper()
				at := *l.now
				*l.now = at.Add(after)
				l.wantStatus(t, fmt.Sprintf("%s, after %v", what, after), id, want)
				*l.now = at
			}
			rule := func(lasts string) string {
				return fmt.Sprintf(`{"transition": %q, "action": %q, "lasts": %s}`, b.transition, b.action, lasts)
			}
			// First without a lifecycle, and then with one of another action.
			id := b.begin(t, l, 1)
			expect("without a lifecycle", id, serverDelay-time.Microsecond, b.from)
			expect("without a lifecycle", id, serverDelay, b.to)

			fixed := l.add(t, rule(`{"fixed": "5s"}`))
			expect("begun before the lifecycle", id, 5*time.Second, b.from)
			id = b.begin(t, l, 2)
			expect("fixed", id, 5*time.Second-time.Microsecond, b.from)
			expect("fixed", id, 5*time.Second, b.to)
			if shown, err := l.Lifecycle(t.Context(), fixed); err != nil || shown.Drawn != 0 {
				t.Errorf("fixed: got %d numbers drawn, %v, want none", shown.Drawn, err)
			}
			if err := l.RemoveLifecycle(t.Context(), fixed); err != nil {
				t.Fatal(err)
			}
			expect("fixed, after its lifecycle was removed", id, 5*time.Second-time.Microsecond, b.from)

			random := l.add(t, rule(`{"uniform": ["2s", "4s"], "seed": 7}`))
			id = b.begin(t, l, 3)
			expect("random", id, 2*time.Second-time.Microsecond, b.from)
			expect("random", id, 4*time.Second, b.to)
			if shown, err := l.Lifecycle(t.Context(), random); err != nil || shown.Drawn != 1 {
				t.Errorf("random: got %d numbers drawn, %v, want one", shown.Drawn, err)
			}
			if err := l.RemoveLifecycles(t.Context(), lifeAccount); err != nil {
				t.Fatal(err)
			}

			l.add(t, rule(`{"never": true}`))
			id = b.begin(t, l, 4)
			expect("never", id, 10*365*24*time.Hour, b.from)
			l.verify(t)

			// After a restart it is the same, until it is released, without its lifecycle as well.
			l.Operator = l.another()
			expect("never, after a restart", id, 10*365*24*time.Hour, b.from)
			if err := l.RemoveLifecycles(t.Context(), lifeAccount); err != nil {
				t.Fatal(err)
			}
			expect("never, after its lifecycle was removed", id, time.Hour, b.from)
			want := Released{lifeAccount, id, b.from, strings.TrimPrefix(b.to, "gone")}
			if got := l.release(t, id); got != want {
				t.Errorf("release: got %+v, want %+v", got, want)
			}
			l.wantStatus(t, "released", id, b.to)
			l.verify(t)
		})
	}
}

// A transition that ends is released as well, and what follows lasts as long as it would have.
func TestReleaseOfATransitionThatEnds(t *testing.T) {
	t.Parallel()
	l := newLifeTest(t)
	l.add(t, `{"transition": "Pending", "lasts": {"fixed": "1h"}}`)
	l.add(t, `{"transition": "Attaching", "lasts": {"fixed": "1h"}, "fails": {"probability": 1}}`)
	id := runInstance(t, l)
	l.release(t, id)
	*l.now = l.now.Add(serverDelay - time.Microsecond)
	l.wantStatus(t, "released from Pending", id, "Starting")
	*l.now = l.now.Add(time.Microsecond)
	l.wantStatus(t, "after the start", id, "Running")
	// An attach that fails does so when it is released, and the group has its capacity again.
	if err := l.attach(t, "eni-small-1", "i-1"); err != nil {
		t.Fatal(err)
	}
	want := Released{lifeAccount, "eni-small-1", "Attaching", "Available"}
	if got := l.release(t, "eni-small-1"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	l.verify(t)
	if err := l.attach(t, "eni-small-2", "i-2"); err != nil {
		t.Errorf("attach of another instance: got %v, want success", err)
	}
	// What is not in transition cannot be released.
	for resource, says := range map[string]string{
		"eni-held-1": "is in no transition: it is InUse", "eni-1": "is in no transition: it is Available",
		"i-1": "is in no transition: it is Running", "vpc-1": "is in no transition: it is Available",
		"": "resource is required",
	} {
		_, err := l.ReleaseTransition(t.Context(), ReleaseRequest{lifeAccount, resource})
		wantOperator(t, "release "+resource, err, false, says)
	}
	_, err := l.ReleaseTransition(t.Context(), ReleaseRequest{lifeAccount, "eni-nowhere"})
	wantOperator(t, "release of nothing", err, true, "has no interface, instance, VPC or VSwitch eni-nowhere")
	l.verify(t)
}

// An interface that is stuck keeps its slot and the capacity of its groups until it is released. A
// repeated detach begins anew, so it succeeds once the lifecycle is removed.
func TestStuckInterfacesCount(t *testing.T) {
	t.Parallel()
	l := newLifeTest(t)
	for _, eni := range []string{"eni-small-1", "eni-small-2"} {
		if err := l.attach(t, eni, "i-1"); err != nil {
			t.Fatal(err)
		}
	}
	*l.now = l.now.Add(serverDelay)
	l.add(t, `{"transition": "Detaching", "lasts": {"never": true}}`)
	for _, eni := range []string{"eni-small-1", "eni-small-2"} {
		if err := l.detach(t, eni, "i-1"); err != nil {
			t.Fatal(err)
		}
	}
	*l.now = l.now.Add(1000 * time.Hour)
	// eni-held-1 and both of them fill the instance, and the group.
	full := func(when string) {
		t.Helper()
		if err := l.attach(t, "eni-1", "i-1"); !errors.Is(err, service.EniPerInstanceLimitExceeded) {
			t.Errorf("%s: got %v, want the limit of the instance", when, err)
		}
		if err := l.attach(t, "eni-small-3", "i-2"); !errors.Is(err, service.SecurityGroupInstanceLimit) {
			t.Errorf("%s: got %v, want the limit of the group", when, err)
		}
		l.verify(t)
	}
	full("both stuck")
	if err := l.detach(t, "eni-small-1", "i-1"); err != nil { // stuck again
		t.Fatal(err)
	}
	*l.now = l.now.Add(1000 * time.Hour)
	full("both stuck again")
	l.release(t, "eni-small-1")
	if err := l.attach(t, "eni-small-3", "i-2"); !errors.Is(err, service.SecurityGroupInstanceLimit) {
		t.Errorf("one released: got %v, want the limit of the group", err)
	}
	if err := l.RemoveLifecycles(t.Context(), lifeAccount); err != nil {
		t.Fatal(err)
	}
	l.wantStatus(t, "without its lifecycle", "eni-small-2", "Detaching")
	if err := l.detach(t, "eni-small-2", "i-1"); err != nil {
		t.Fatal(err)
	}
	if err := l.attach(t, "eni-small-3", "i-2"); !errors.Is(err, service.SecurityGroupInstanceLimit) {
		t.Errorf("one detaches: got %v, want the limit of the group", err)
	}
	*l.now = l.now.Add(serverDelay)
	l.wantStatus(t, "detached", "eni-small-2", "Available")
	if err := l.attach(t, "eni-small-3", "i-2"); err != nil {
		t.Errorf("both detached: got %v, want success", err)
	}
	l.verify(t)
}

// Attaches that fail have their slots until they are due, and each slot is free once then: of 64
// concurrent attaches to an instance with three free slots, three succeed each time.
func TestFailedAttachesFreeTheirSlotsOnce(t *testing.T) {
	t.Parallel()
	const callers, slots = 64, 3
	l := newLifeTestOf(t, callers)
	rule := l.add(t, `{"transition": "Attaching", "lasts": {"fixed": "10s"}, "fails": {"probability": 1}}`)
	race := func(when string) (accepted []string) {
		t.Helper()
		var (
			group sync.WaitGroup
			mu    sync.Mutex
		)
		refused := 0
		for n := range callers {
			group.Go(func() {
				id := fmt.Sprintf("eni-%d", n+1)
				err := l.attach(t, id, "i-stopped-4")
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					accepted = append(accepted, id)
				case errors.Is(err, service.EniPerInstanceLimitExceeded):
					refused++
				default:
					t.Errorf("%s: got %v, want success or the limit", when, err)
				}
			})
		}
		group.Wait()
		if len(accepted) != slots || refused != callers-slots {
			t.Errorf("%s: %d accepted and %d refused, want %d and %d",
				when, len(accepted), refused, slots, callers-slots)
		}
		l.verify(t)
		return accepted
	}
	// One of the slots has an interface that stays.
	if err := l.detach(t, "eni-on-stopped-4", "i-stopped-4"); err != nil {
		t.Fatal(err)
	}
	*l.now = l.now.Add(serverDelay)
	first := race("while all are free")
	*l.now = l.now.Add(10*time.Second - time.Microsecond)
	if err := l.attach(t, "eni-small-1", "i-stopped-4"); !errors.Is(err, service.EniPerInstanceLimitExceeded) {
		t.Errorf("a microsecond before they fall back: got %v, want the limit", err)
	}
	l.wantStatus(t, "a microsecond before it falls back", first[0], "Attaching")
	*l.now = l.now.Add(time.Microsecond)
	l.wantStatus(t, "at its time", first[0], "Available")
	race("after they have fallen back")
	*l.now = l.now.Add(10 * time.Second)
	if err := l.RemoveLifecycle(t.Context(), rule); err != nil {
		t.Fatal(err)
	}
	last := race("without the lifecycle")
	*l.now = l.now.Add(serverDelay)
	for _, id := range last {
		l.wantStatus(t, "in the end", id, "InUse")
	}
	l.verify(t)
}

// An instance counts in the groups of an attach that fails until that falls back, unless another
// interface keeps it in them.
func TestFailedAttachesReleaseTheCapacityOfGroups(t *testing.T) {
	t.Parallel()
	l := newLifeTest(t)
	l.add(t, `{"transition": "Attaching", "resource": "eni-small-1", "lasts": {"fixed": "10s"},
		"fails": {"probability": 1}}`)
	attach := func(when, eni, instance string, want error) {
		t.Helper()
		if err := l.attach(t, eni, instance); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", when, err, want)
		}
		l.verify(t)
	}
	attach("the only capacity", "eni-small-1", "i-1", nil)
	attach("while it attaches", "eni-small-2", "i-2", service.SecurityGroupInstanceLimit)
	*l.now = l.now.Add(10*time.Second - time.Microsecond)
	attach("a microsecond before it falls back", "eni-small-2", "i-2", service.SecurityGroupInstanceLimit)
	*l.now = l.now.Add(time.Microsecond)
	attach("when it has fallen back", "eni-small-2", "i-2", nil)
	*l.now = l.now.Add(serverDelay)
	attach("beside one that stays", "eni-small-1", "i-2", nil)
	*l.now = l.now.Add(time.Hour)
	attach("while the other stays", "eni-small-3", "i-3", service.SecurityGroupInstanceLimit)
	l.wantStatus(t, "fallen back", "eni-small-1", "Available")
	// One that detaches, and one that will fall back later: the later of both counts.
	if err := l.detach(t, "eni-small-2", "i-2"); err != nil {
		t.Fatal(err)
	}
	*l.now = l.now.Add(serverDelay - 5*time.Second)
	attach("while the other detaches", "eni-small-1", "i-2", nil)
	*l.now = l.now.Add(10*time.Second - time.Microsecond)
	attach("before the last has left", "eni-small-3", "i-3", service.SecurityGroupInstanceLimit)
	*l.now = l.now.Add(time.Microsecond)
	attach("when the last has left", "eni-small-3", "i-3", nil)
}

// A start that fails ends in Stopped: of a stopped instance, of a running one that reboots, and of a new
// one. It may be started again.
func TestFailedStarts(t *testing.T) {
	t.Parallel()
	l := newLifeTest(t)
	rule := l.add(t, `{"transition": "Starting", "lasts": {"fixed": "5s"}, "fails": {"probability": 1}}`)
	must(t, l, service.StartInstance, service.StartInstanceRequest{PowerRequest: power("i-stopped-1")})
	must(t, l, service.RebootInstance, service.RebootInstanceRequest{PowerRequest: power("i-1")})
	launched := runInstance(t, l)
	l.wantStatus(t, "at once", "i-stopped-1", "Starting")
	l.wantStatus(t, "at once", "i-1", "Starting")
	*l.now = l.now.Add(5 * time.Second)
	l.wantStatus(t, "after the start", "i-stopped-1", "Stopped")
	l.wantStatus(t, "after the reboot", "i-1", "Stopped")
	*l.now = l.now.Add(serverDelay - time.Microsecond)
	l.wantStatus(t, "before the end", launched, "Starting")
	*l.now = l.now.Add(time.Microsecond)
	l.wantStatus(t, "after the launch", launched, "Stopped")
	l.verify(t)
	// A duration of zero fails at once.
	l.add(t, `{"transition": "Starting", "lasts": {"fixed": "0s"}}`) // the first one still decides
	if err := l.RemoveLifecycle(t.Context(), rule); err != nil {
		t.Fatal(err)
	}
	must(t, l, service.StartInstance, service.StartInstanceRequest{PowerRequest: power(launched)})
	l.wantStatus(t, "started again, at once", launched, "Running")
	l.verify(t)
}

// schedule runs the same calls in a database of its own, and returns how their transitions go.
func schedule(t *testing.T) (courses []string) {
	t.Helper()
	l := newLifeTest(t)
	l.add(t, `{"transition": "Attaching", "lasts": {"lognormal": {"median": "2s", "p99": "30s"}, "seed": 7},
		"fails": {"probability": 0.4, "seed": 8}}`)
	l.add(t, `{"transition": "Starting", "lasts": {"triangular": ["1s", "2s", "9s"], "seed": 9},
		"fails": {"probability": 0.4, "seed": 9}}`)
	l.add(t, `{"transition": "Deleting", "lasts": {"uniform": ["1s", "9s"], "seed": 9}}`)
	for n := range 9 {
		if err := l.attach(t, fmt.Sprintf("eni-%d", n+1), fmt.Sprintf("i-%d", n%4+1)); err != nil &&
			!errors.Is(err, service.EniPerInstanceLimitExceeded) {
			t.Fatal(err)
		}
	}
	launched := must(t, l, service.RunInstances, service.RunInstancesRequest{
		NewInstance: newInstance, Amount: new(8),
	}).InstanceIDs
	must(t, l, service.DeleteNetworkInterface, service.DeleteNetworkInterfaceRequest{
		RegionID: region, NetworkInterfaceID: "eni-20",
	})
	for n, id := range launched {
		var course string
		if err := l.pool.QueryRow(t.Context(), `
			SELECT concat_ws(' ', running_at - settles_at, start_fails) FROM instances WHERE id = $1`, id).
			Scan(&course); err != nil {
			t.Fatal(err)
		}
		courses = append(courses, fmt.Sprint("instance ", n, " ", course))
	}
	rows, err := l.pool.Query(t.Context(), `
		SELECT concat_ws(' ', id, status, next_status, settles_at - $1) FROM whole_network_interfaces
		WHERE next_status IS NOT NULL ORDER BY id`, *l.now)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var course string
		if err := rows.Scan(&course); err != nil {
			t.Fatal(err)
		}
		courses = append(courses, course)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	l.verify(t)
	return courses
}

// The same seeds and the same calls give the same courses in two databases. The instances of one launch
// differ.
func TestSameSeedSameCourses(t *testing.T) {
	t.Parallel()
	one, two := schedule(t), schedule(t)
	if !slices.Equal(one, two) {
		t.Errorf("got the courses\n%s\nand\n%s, want the same", strings.Join(one, "\n"), strings.Join(two, "\n"))
	}
	all := strings.Join(one, "\n")
	for _, part := range []string{"InUse", "Attaching Available", " t\n", " f\n"} {
		if !strings.Contains(all, part) {
			t.Errorf("got the courses\n%s, want %q among them", all, part)
		}
	}
	distinct := map[string]bool{}
	for n := range 8 {
		_, course, _ := strings.Cut(strings.TrimPrefix(one[n], "instance "), " ")
		distinct[course] = true
	}
	if len(distinct) != 8 {
		t.Errorf("got %d different courses of 8 instances, want 8:\n%s", len(distinct), all)
	}
}

// A random lifecycle numbers the calls that may begin its transition, refused ones too, over all servers.
func TestRefusedCallsUseNumbersUp(t *testing.T) {
	t.Parallel()
	l := newLifeTest(t)
	id := l.add(t, `{"transition": "Attaching", "resource": "eni-1*", "fails": {"probability": 0.5}}`)
	other := l
	other.Operator = l.another()
	if err := l.attach(t, "eni-1", "i-1"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ eni, instance string }{{"eni-11", "i-nowhere"}, {"eni-2", "i-2"}, {"eni-12", "i-3"}} {
		_ = other.attach(t, c.eni, c.instance) // whether it is refused or not
	}
	if shown, err := l.Lifecycle(t.Context(), id); err != nil || shown.Drawn != 3 {
		t.Errorf("got %d numbers drawn, %v, want those of eni-1, eni-11 and eni-12", shown.Drawn, err)
	}
}

// A lifecycle of one account decides nothing for another one, and one of every account comes after it.
func TestLifecyclesAreOfTheirAccount(t *testing.T) {
	t.Parallel()
	l := newLifeTest(t)
	if _, err := l.AddLifecycle(t.Context(), disturbance.Lifecycle{
		Account: disturbance.AllAccounts, Transition: disturbance.Stopping,
		Lasts: disturbance.Lasts{Fixed: new(disturbance.Duration(2 * time.Second))},
	}); err != nil {
		t.Fatal(err)
	}
	l.add(t, `{"transition": "Stopping", "resource": "i-1", "lasts": {"never": true}}`)
	l.add(t, `{"transition": "Attaching", "lasts": {"never": true}}`)
	for _, key := range []string{lifeKey, otherKey} {
		for _, id := range []string{"i-1", "i-2"} {
			if _, err := service.StopInstance.Do(t.Context(), l.service, l.caller(t, key),
				service.StopInstanceRequest{PowerRequest: power(id)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := service.AttachNetworkInterface.Do(t.Context(), l.service, l.caller(t, key),
			service.AttachNetworkInterfaceRequest{
				RegionID: region, InstanceID: "i-3", NetworkInterfaceID: "eni-1",
			}); err != nil {
			t.Fatal(err)
		}
	}
	*l.now = l.now.Add(serverDelay)
	for _, c := range []struct{ account, id, want string }{
		{lifeAccount, "i-1", "Stopping"}, {lifeAccount, "i-2", "Stopped"}, {lifeAccount, "eni-1", "Attaching"},
		{otherAccount, "i-1", "Stopped"}, {otherAccount, "i-2", "Stopped"}, {otherAccount, "eni-1", "InUse"},
	} {
		if got := l.statusOf(t, c.account, c.id); got != c.want {
			t.Errorf("account %s: got %s %s, want %s", c.account, c.id, got, c.want)
		}
	}
	// A release is of one account too.
	l.release(t, "i-1")
	l.release(t, "eni-1")
	l.verify(t)
}

// An export has what never ends and what will fail, and applying it changes nothing: neither on the
// same account nor on a new database.
func TestExportHasStuckAndFailingTransitions(t *testing.T) {
	t.Parallel()
	l := newLifeTest(t)
	for _, rule := range []string{
		`{"transition": "Attaching", "resource": "eni-1", "lasts": {"never": true}}`,
		`{"transition": "Attaching", "lasts": {"fixed": "1h"}, "fails": {"probability": 1}}`,
		`{"transition": "Detaching", "lasts": {"never": true}}`,
		`{"transition": "Deleting", "lasts": {"never": true}}`,
		`{"transition": "Pending", "action": "RunInstances", "lasts": {"fixed": "1h"}}`,
		`{"transition": "Pending", "lasts": {"never": true}}`,
		`{"transition": "Starting", "action": "RunInstances", "lasts": {"never": true}}`,
		`{"transition": "Starting", "lasts": {"fixed": "1h"}, "fails": {"probability": 1}}`,
		`{"transition": "Stopping", "lasts": {"never": true}}`,
	} {
		l.add(t, rule)
	}
	for _, eni := range []string{"eni-1", "eni-2"} {
		if err := l.attach(t, eni, "i-1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.detach(t, "eni-held-2", "i-2"); err != nil {
		t.Fatal(err)
	}
	must(t, l, service.DeleteNetworkInterface, service.DeleteNetworkInterfaceRequest{
		RegionID: region, NetworkInterfaceID: "eni-9",
	})
	vpc := must(t, l, service.CreateVPC, service.CreateVPCRequest{RegionID: region}).VPCID
	neverRuns := runInstance(t, l)
	must(t, l, service.StartInstance, service.StartInstanceRequest{PowerRequest: power("i-stopped-1")})
	must(t, l, service.StopInstance, service.StopInstanceRequest{PowerRequest: power("i-3")})
	if err := l.RemoveLifecycles(t.Context(), lifeAccount); err != nil {
		t.Fatal(err)
	}
	l.add(t, `{"transition": "Starting", "lasts": {"fixed": "2h"}, "fails": {"probability": 1}}`)
	willFail := runInstance(t, l)

	export := func(o lifeTest) string {
		t.Helper()
		text, err := o.ExportAccount(t.Context(), lifeAccount, true)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := export(l)
	for _, part := range []string{
		"settles_in: never", "runs_in: never", "start_fails: true", "settles_to: Available", "settles_to: Stopped",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the export lacks %s:\n%s", part, text)
		}
	}
	file := ScenarioFile{Name: "export.yaml", Text: []byte(text)}
	if left, err := l.DiffScenario(t.Context(), file); err != nil || len(left) > 0 {
		t.Errorf("the export differs from the account: %v, %v", left, err)
	}
	elsewhere := lifeTest{pool: storetest.Pool(t), now: l.now}
	elsewhere.Operator = elsewhere.another()
	for _, o := range []lifeTest{l, elsewhere} {
		if _, err := o.ApplyScenario(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		if got := export(o); got != text {
			t.Errorf("got another export after applying it:\n%s\nwant\n%s", got, text)
		}
		*o.now = o.now.Add(24 * time.Hour)
		for id, want := range map[string]string{
			"eni-1": "Attaching", "eni-2": "Available", "eni-held-2": "Detaching", "eni-9": "Deleting", vpc: "Pending",
			neverRuns: "Starting", "i-stopped-1": "Stopped", "i-3": "Stopping", willFail: "Stopped",
		} {
			o.wantStatus(t, "a day later", id, want)
		}
		*o.now = o.now.Add(-24 * time.Hour)
		o.verify(t)
	}
	// A file that ends what never ends is a difference, and the other way round.
	ends := strings.ReplaceAll(text, ": never", ": 3h0m0s")
	if left, err := l.DiffScenario(t.Context(), ScenarioFile{Name: "ends.yaml", Text: []byte(ends)}); err != nil ||
		len(left) != 2 {
		t.Errorf("got the differences %v, %v, want the VPC and the instance", left, err)
	}
	if _, err := l.ApplyScenario(t.Context(), ScenarioFile{Name: "ends.yaml", Text: []byte(ends)}); err != nil {
		t.Fatal(err)
	}
	if got := export(l); got != ends {
		t.Errorf("got\n%s\nafter applying\n%s", got, ends)
	}
}

// While lifecycles change and transitions are released, concurrent attaches, detaches, starts and stops
// break no invariant, and all of them are answered.
func TestLifecyclesChangeUnderLoad(t *testing.T) {
	t.Parallel()
	const clients, callsEach = 32, 25
	l := newLifeTestOf(t, clients)
	rules := []string{
		`{"transition": "Attaching", "lasts": {"uniform": ["0s", "2s"], "seed": 1}, "fails": {"probability": 0.5}}`,
		`{"transition": "Attaching", "lasts": {"never": true}}`,
		`{"transition": "Attaching", "lasts": {"fixed": "0s"}}`,
		`{"transition": "Detaching", "lasts": {"never": true}}`,
		`{"transition": "Detaching", "lasts": {"triangular": ["0s", "0s", "3s"], "seed": 2}}`,
		`{"transition": "Starting", "lasts": {"uniform": ["0s", "1s"]}, "fails": {"probability": 0.5}}`,
		`{"transition": "Stopping", "lasts": {"fixed": "0s"}}`,
	}
	var (
		clock sync.RWMutex
		group sync.WaitGroup
	)
	base := *l.now
	l.Operator = newOperator(l.store, service.Options{Now: func() time.Time {
		clock.RLock()
		defer clock.RUnlock()
		return base
	}})
	for client := range clients {
		group.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(client)))
			eni, instance := fmt.Sprintf("eni-%d", client+1), ""
			for range callsEach {
				power := service.PowerRequest{InstanceID: fmt.Sprintf("i-%d", 1+random.IntN(4))}
				var err error
				switch random.IntN(8) {
				case 0:
					rule := disturbance.Lifecycle{Account: lifeAccount}
					if err = disturbance.Decode([]byte(rules[random.IntN(len(rules))]), &rule); err == nil {
						_, err = l.AddLifecycle(t.Context(), rule)
					}
				case 1:
					err = l.RemoveLifecycles(t.Context(), lifeAccount)
				case 2:
					_, err = l.ReleaseTransition(t.Context(), ReleaseRequest{lifeAccount, eni})
					if err != nil && strings.Contains(err.Error(), "is in no transition") {
						err = nil
					}
				case 3:
					_, err = call(t, l, service.StopInstance, service.StopInstanceRequest{PowerRequest: power})
				case 4:
					_, err = call(t, l, service.StartInstance, service.StartInstanceRequest{PowerRequest: power})
				case 5:
					err = l.detach(t, eni, instance)
				default:
					instance = power.InstanceID
					err = l.attach(t, eni, instance)
				}
				if refusal := new(service.Error); err != nil && (!errors.As(err, &refusal) || refusal.Status >= 500) {
					t.Errorf("got %v, want success or a refusal", err)
				}
				clock.Lock()
				base = base.Add(time.Duration(random.IntN(50)) * time.Millisecond)
				clock.Unlock()
			}
		})
	}
	group.Wait()
	l.verify(t)
	// In the end everything can be released, and then nothing is in transition.
	rows, err := l.pool.Query(t.Context(), `
		SELECT network_interface_id FROM attachments WHERE status <> 'InUse' AND settles_at IS NULL
		UNION ALL SELECT id FROM instances WHERE status NOT IN ('Running', 'Stopped') AND settles_at IS NULL`)
	if err != nil {
		t.Fatal(err)
	}
	stuck, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range stuck {
		l.release(t, id)
	}
	l.verify(t)
}
