package operator

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/service"
	"enisim.alt/service/scenario"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/testdata/scenarios"
)

// tenantFile has an entry of every kind that an account can own. Its id is not that of an account,
// because the created account has its own. The text is fixed, because refusals name positions in
// it.
const tenantFile = `
enisim: 1
accounts:
  - id: whatever
    name: from the file
    access_keys:
      - {id: LTAIowner, secret: file-secret}
      - {id: LTAIretired, secret: file-secret, status: Inactive}
    ram_users:
      - name: ci
        allow: ["ecs:Describe*"]
        access_keys: [{id: STSci, secret: file-secret, security_token: file-token, expires_at: 2100-01-01T00:00:00Z}]
      - {name: idle, allow: ["*"]}
    quotas: {network_interfaces_per_region: 7}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-h, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-main}, {id: sg-other}]
        instances: [{id: i-1, type: ecs.own.small, vswitch: vsw-h, security_groups: [sg-main]}]
        network_interfaces:
          - {id: "eni-{n}", count: 20, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: eni-0, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-1, status: Attaching, settles_in: 1h}
instance_types: [{id: ecs.own.small, vcpus: 1, memory_gib: 1, eni_quantity: 4}]
`

// contents are the rows that tenantFile gives an account, without keys and users.
var contents = map[string]int{
	"vpcs": 1, "route_tables": 1, "vswitches": 1, "security_groups": 2, "security_group_capacity": 2, "instances": 1,
	"network_interfaces": 22, "attachments": 1, "private_ip_addresses": 22, "vswitch_counts": 1,
	"network_interface_security_groups": 22, "instance_types": 1,
}

// identityRows are the rows of the account itself, its keys and its users.
var identityRows = map[string]int{"accounts": 1, "access_keys": 4, "ram_users": 2}

func mustCreateAccount(t testing.TB, s *Operator, req CreateAccountRequest) NewAccount {
	t.Helper()
	created, err := s.CreateAccount(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return created
}

// withFile returns a request for an account with the content of a file.
func withFile(text string) CreateAccountRequest {
	return CreateAccountRequest{Scenario: scenarioFile(text)}
}

func scenarioFile(text string) *ScenarioFile {
	return &ScenarioFile{Name: "tenant.yaml", Text: []byte(text)}
}

// wantRows compares the number of rows that an account has in each table.
func wantRows(t *testing.T, pool *pgxpool.Pool, when, account string, want ...map[string]int) {
	t.Helper()
	all := map[string]int{}
	for _, m := range want {
		maps.Copy(all, m)
	}
	if got := storetest.Owners(t, pool)[account]; !maps.Equal(got, all) {
		t.Errorf("%s, the rows of account %s: got %v, want %v", when, account, got, all)
	}
}

// wantOperator fails the test unless err is an operator error with a text in its message.
func wantOperator(t *testing.T, what string, err error, missing bool, says string) {
	t.Helper()
	var operator *Error
	if !errors.As(err, &operator) || operator.Missing != missing || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: got %v, want an operator error, missing: %t, with %q", what, err, missing, says)
	}
}

// addOtherRows adds rows that no scenario has, so that deleting and resetting meet every table.
func addOtherRows(t *testing.T, pool *pgxpool.Pool, account string) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO client_tokens (account_id, action, token, request_hash, created_at)
		 VALUES ($1, 'CreateVpc', 't', '', '2026-11-22')`,
		`INSERT INTO ip_prefixes VALUES ($1, 'vsw-h', '10.0.9.16/28', 'eni-1')`,
		`INSERT INTO security_group_rules (account_id, id, security_group_id, source_group_id, direction,
		     ip_protocol, port_range, policy, priority, nic_type, created_at)
		 VALUES ($1, 'sgr-1', 'sg-main', 'sg-other', 'ingress', 'TCP', '22/22', 'Accept', 1, 'intranet', '2026-11-22'),
		        ($1, 'sgr-2', 'sg-other', 'sg-main', 'ingress', 'TCP', '22/22', 'Accept', 1, 'intranet', '2026-11-22')`,
	} {
		if _, err := pool.Exec(t.Context(), sql, account); err != nil {
			t.Fatal(err)
		}
	}
}

// An account without a scenario has a key, and the id, name, quota and lifetime of the request, or
// defaults.
func TestCreateAnEmptyAccount(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, now := clockedOperator(t, pool)
	generated := mustCreateAccount(t, s, CreateAccountRequest{})
	if !regexp.MustCompile(`^1[0-9]{15}$`).MatchString(generated.ID) || generated.NetworkInterfacesPerRegion != 100 ||
		generated.ExpiresAt != nil || len(generated.Keys) != 1 {
		t.Fatalf("got %+v, want an id of 16 digits, the documented quota, one key, and no end", generated)
	}
	wantRows(t, pool, "with a generated id", generated.ID, map[string]int{"accounts": 1, "access_keys": 1})
	identity, err := s.service.Identify(t.Context(), generated.Keys[0].ID)
	if err != nil || identity.AccountID != generated.ID || identity.RAMUser != "" ||
		identity.Secret != generated.Keys[0].Secret {
		t.Errorf("its key: got %+v, %v; want that of the account, with the secret of the answer", identity, err)
	}

	ends := now.Add(time.Hour)
	given := mustCreateAccount(t, s, CreateAccountRequest{
		ID: keysAccount, Name: "run 17", NetworkInterfacesPerRegion: new(0), ExpiresIn: time.Hour,
	})
	want := Account{ID: keysAccount, Name: "run 17", NetworkInterfacesPerRegion: 0, CreatedAt: *now, ExpiresAt: &ends}
	list, err := s.Accounts(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("list: got %+v, %v; want two accounts", list, err)
	}
	// A generated id is greater than keysAccount, with a probability of one in 10^15 for the
	// contrary.
	for what, got := range map[string]Account{"created": given.Account, "listed": list[0]} {
		if got.ID != want.ID || got.Name != want.Name || got.NetworkInterfacesPerRegion != 0 ||
			!got.CreatedAt.Equal(*now) || got.ExpiresAt == nil || !got.ExpiresAt.Equal(ends) {
			t.Errorf("%s: got %+v, want %+v", what, got, want)
		}
	}
}

// Several accounts can have the content of one scenario, whose account id does not matter. Each
// account gets keys of its own.
func TestCreateAccountsWithOneScenario(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, _ := clockedOperator(t, pool)
	seen := map[string]bool{
		"LTAIowner": true, "LTAIretired": true, "STSci": true, "file-secret": true, "file-token": true,
	}
	for _, name := range []string{"", "run 18"} {
		req := withFile(tenantFile)
		req.Name = name
		created := mustCreateAccount(t, s, req)
		if want := name; created.NetworkInterfacesPerRegion != 7 || (want != "" && created.Name != want) ||
			(want == "" && created.Name != "from the file") {
			t.Errorf("got %+v, want the quota of the file, and its name unless the request has one", created.Account)
		}
		wantRows(t, pool, "with a scenario", created.ID, contents, identityRows)
		if len(created.Keys) != 4 {
			t.Fatalf("got %d keys, want that of the account and three of the scenario: %+v",
				len(created.Keys), created.Keys)
		}
		for i, want := range []struct {
			inScenario, user, prefix string
			allow                    []string
			err                      error
		}{
			{"", "", "LTAI", nil, nil},
			{"LTAIowner", "", "LTAI", nil, nil},
			{"LTAIretired", "", "LTAI", nil, service.InvalidAccessKeyIDInactive},
			{"STSci", "ci", "STS.", []string{"ecs:Describe*"}, nil},
		} {
			key := created.Keys[i]
			for _, random := range []string{key.ID, key.Secret, key.SecurityToken} {
				if random != "" && seen[random] {
					t.Errorf("key %d: got %q of the file or of another account, want a new one", i, random)
				}
				seen[random] = true
			}
			identity, err := s.service.Identify(t.Context(), key.ID)
			if key.InScenario != want.inScenario || key.RAMUser != want.user ||
				!strings.HasPrefix(key.ID, want.prefix) || !errors.Is(err, want.err) {
				t.Errorf("key %d: got %+v, %v; want one of user %q in place of %q, %v",
					i, key, err, want.user, want.inScenario, want.err)
			}
			if err == nil && (identity.AccountID != created.ID || identity.Secret != key.Secret ||
				identity.CheckSecurityToken(key.SecurityToken) != nil ||
				strings.Join(identity.Allow, " ") != strings.Join(want.allow, " ")) {
				t.Errorf("key %d: got the identity %+v, want account %s, and the key of the answer",
					i, identity, created.ID)
			}
		}
	}
}

// A wrong request is refused with a message about the correct one, and writes nothing.
func TestRefusedAccountRequestsWriteNothing(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, _ := clockedOperator(t, pool)
	mustCreateAccount(t, s, CreateAccountRequest{ID: keysAccount})
	before := storetest.Owners(t, pool)
	create := func(req CreateAccountRequest) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s.CreateAccount(ctx, req)
			return err
		}
	}
	reset := func(id string, file *ScenarioFile) func(context.Context) error {
		return func(ctx context.Context) error { return s.ResetAccount(ctx, id, file) }
	}
	two := strings.Replace(tenantFile, "instance_types:", "  - {id: another}\ninstance_types:", 1)
	region := strings.Replace(tenantFile, "      - id: cn-hangzhou\n",
		"      - id: mars-1\n        zones: [mars-1a]\n      - id: cn-hangzhou\n", 1)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO regions (id) VALUES ('mars-2');
		INSERT INTO zones (id, region_id) VALUES ('mars-1a', 'mars-2')`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		do      func(context.Context) error
		missing bool
		says    string
	}{
		{"no digits", create(CreateAccountRequest{ID: "me"}), false, "16 digits"},
		{
			"an account that exists", create(CreateAccountRequest{ID: keysAccount}), false,
			"enisim account reset " + keysAccount,
		},
		{"the same with a scenario", create(CreateAccountRequest{ID: keysAccount, Scenario: scenarioFile(tenantFile)}),
			false, "enisim account delete " + keysAccount},
		{"a name with a zero byte", create(CreateAccountRequest{Name: "a\x00"}), false, "the name"},
		{"a name that is not UTF-8", create(CreateAccountRequest{Name: "a\xff"}), false, "the name"},
		{"a long name", create(CreateAccountRequest{Name: strings.Repeat("a", 129)}), false, "128"},
		{"a negative quota", create(CreateAccountRequest{NetworkInterfacesPerRegion: new(-1)}), false, "from 0"},
		{"a huge quota", create(CreateAccountRequest{NetworkInterfacesPerRegion: new(1 << 31)}), false, "2147483647"},
		{"a lifetime in the past", create(CreateAccountRequest{ExpiresIn: -time.Hour}), false, "such as 1h"},
		{
			"a lifetime that is too short", create(CreateAccountRequest{ExpiresIn: time.Nanosecond}),
			false, "1s at least",
		},
		{"a scenario of two accounts", create(withFile(two)), false, "tenant.yaml:26:5: the file has 2 accounts"},
		{
			"a scenario without an account", create(withFile("enisim: 1\n")), false,
			"tenant.yaml:1:1: the file has no account",
		},
		{
			"a broken scenario", create(withFile(strings.Replace(tenantFile, "vsw-h, zone", "vsw-h, zzone", 1))), false,
			"tenant.yaml:20:37: unknown key",
		},
		{"a scenario with a zone elsewhere", create(withFile(region)), false, "mars-1a"},
		{"reset no account", reset("me", nil), false, "16 digits"},
		{"reset an unknown account", reset("1000000000000009", nil), true, "enisim account list"},
		{
			"reset an unknown account to a scenario", reset("1000000000000009", scenarioFile(tenantFile)), true,
			"enisim account list",
		},
		{"reset to a scenario of two accounts", reset(keysAccount, scenarioFile(two)), false, "2 accounts"},
		{
			"delete no account", func(ctx context.Context) error { return s.DeleteAccount(ctx, "\x00") },
			false, "16 digits",
		},
		{
			"delete an unknown account",
			func(ctx context.Context) error { return s.DeleteAccount(ctx, "1000000000000009") }, true,
			"enisim account list",
		},
	} {
		wantOperator(t, c.name, c.do(t.Context()), c.missing, c.says)
	}
	if after := storetest.Owners(t, pool); !maps.EqualFunc(before, after, maps.Equal[map[string]int, map[string]int]) {
		t.Errorf("afterwards: got %v, want %v", after, before)
	}
}

// Deleting an account deletes all its rows, and none of another account. Its keys are unknown at
// once.
func TestDeletingAnAccountDeletesAllItsRows(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, _ := clockedOperator(t, pool)
	one, other := mustCreateAccount(t, s, withFile(tenantFile)), mustCreateAccount(t, s, withFile(tenantFile))
	addOtherRows(t, pool, one.ID)
	before := storetest.Owners(t, pool)[other.ID]
	if _, err := s.service.Identify(t.Context(), one.Keys[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteAccount(t.Context(), one.ID); err != nil {
		t.Fatal(err)
	}
	if owners := storetest.Owners(t, pool); len(owners) != 1 || !maps.Equal(owners[other.ID], before) {
		t.Errorf("got %v, want only the other account with %v", owners, before)
	}
	if _, err := s.service.Identify(t.Context(), one.Keys[0].ID); !errors.Is(err, service.InvalidAccessKeyIDNotFound) {
		t.Errorf("its cached key: got %v, want it unknown at once", err)
	}
	wantOperator(t, "a second time", s.DeleteAccount(t.Context(), one.ID), true, "no account")
}

// A reset replaces the content of an account. Its name, quota, lifetime and keys stay.
func TestAResetReplacesTheContentOfAnAccount(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, now := clockedOperator(t, pool)
	req := withFile(tenantFile)
	req.Name, req.NetworkInterfacesPerRegion, req.ExpiresIn = "run 19", new(9), time.Hour
	created := mustCreateAccount(t, s, req)
	other := mustCreateAccount(t, s, withFile(tenantFile))
	before := storetest.Owners(t, pool)[other.ID]
	wantIdentity := func(when string) {
		t.Helper()
		list, err := s.Accounts(t.Context())
		for _, a := range list {
			if a.ID == created.ID && (a.Name != "run 19" || a.NetworkInterfacesPerRegion != 9 || a.ExpiresAt == nil ||
				!a.ExpiresAt.Equal(now.Add(time.Hour))) {
				t.Errorf("%s: got %+v, want name, quota and end unchanged", when, a)
			}
		}
		if err != nil || len(list) != 2 {
			t.Errorf("%s: got %d accounts, %v; want 2", when, len(list), err)
		}
		for _, key := range created.Keys {
			identity, err := s.service.Identify(t.Context(), key.ID)
			if key.Status == "Inactive" != errors.Is(err, service.InvalidAccessKeyIDInactive) ||
				key.Status == "Active" && identity.Secret != key.Secret {
				t.Errorf("%s, key %+v: got %+v, %v; want it unchanged", when, key, identity, err)
			}
		}
	}
	addOtherRows(t, pool, created.ID)
	if err := s.ResetAccount(t.Context(), created.ID, nil); err != nil {
		t.Fatal(err)
	}
	wantRows(t, pool, "emptied", created.ID, identityRows)
	wantIdentity("emptied")

	if err := s.ResetAccount(t.Context(), created.ID, scenarioFile(tenantFile)); err != nil {
		t.Fatal(err)
	}
	wantRows(t, pool, "as the scenario again", created.ID, contents, identityRows)
	wantIdentity("as the scenario again")

	another := worldtest.New("other", worldtest.Set("ram_users",
		[]map[string]any{{"name": "new"}})).AccessKey("LTAInew")
	// After a reset to another scenario, the content and the users are those of the scenario. A
	// user with a key stays.
	addOtherRows(t, pool, created.ID)
	if err := s.ResetAccount(t.Context(), created.ID, scenarioFile(another.String())); err != nil {
		t.Fatal(err)
	}
	// The users are ci, which has a key, and new, but not idle.
	wantRows(t, pool, "as another scenario", created.ID, identityRows)
	wantIdentity("as another scenario")
	if _, err := s.CreateAccessKey(t.Context(), CreateAccessKeyRequest{
		AccountID: created.ID, RAMUser: "new",
	}); err != nil {
		t.Errorf("a key of the user of the scenario: got %v, want no error", err)
	}
	wantRows(t, pool, "after all resets", other.ID, before)
}

// A key that is disabled or deleted during a reset of its account stays so.
func TestAResetRestoresNoKey(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, _ := clockedOperator(t, pool)
	created := mustCreateAccount(t, s, withFile(tenantFile))
	revoking, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = revoking.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := revoking.Exec(t.Context(), `UPDATE access_keys SET status = 'Inactive' WHERE id = $1`,
		created.Keys[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := revoking.Exec(t.Context(), `DELETE FROM access_keys WHERE id = $1`, created.Keys[1].ID); err != nil {
		t.Fatal(err)
	}
	reset := make(chan error, 1)
	go func() { reset <- s.ResetAccount(t.Context(), created.ID, scenarioFile(tenantFile)) }()
	storetest.AwaitLockWaits(t, pool, 1)
	if err := revoking.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-reset; err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{service.InvalidAccessKeyIDInactive, service.InvalidAccessKeyIDNotFound} {
		if _, err := s.service.Identify(t.Context(), created.Keys[i].ID); !errors.Is(err, want) {
			t.Errorf("key %d: got %v, want %v", i, err, want)
		}
	}
}

// A request that claims a client token again locks the token first, and then the rows of its
// action. An operation that empties the account waits for the token, and must not hold locks on
// those rows meanwhile.
func TestOperationsOnAccountsWaitForClientTokensFirst(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, _ := clockedOperator(t, pool)
	sc, err := scenario.ParseFor(keysAccount, "tenant.yaml", []byte(tenantFile), scenario.FileLimits)
	if err != nil {
		t.Fatal(err)
	}
	mustCreateAccount(t, s, CreateAccountRequest{ID: keysAccount, Scenario: scenarioFile(tenantFile)})
	if _, err := pool.Exec(t.Context(), `DELETE FROM access_keys`); err != nil { // the scenario has its own keys
		t.Fatal(err)
	}
	for _, op := range []struct {
		name string
		do   func() error
	}{
		{"apply", func() error { _, err := scenario.Apply(t.Context(), s.store, sc, s.service.Now()); return err }},
		{
			"reset to a scenario",
			func() error { return s.ResetAccount(t.Context(), keysAccount, scenarioFile(tenantFile)) },
		},
		{"reset", func() error { return s.ResetAccount(t.Context(), keysAccount, nil) }},
		{"delete", func() error { return s.DeleteAccount(t.Context(), keysAccount) }},
	} {
		if _, err := pool.Exec(t.Context(), `
			INSERT INTO client_tokens (account_id, action, token, request_hash, created_at)
			VALUES ($1, 'CreateVpc', 't', '', '2000-01-01')`, keysAccount); err != nil {
			t.Fatal(err)
		}
		var done = make(chan error, 1)
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE client_tokens SET created_at = '2026-11-22'`); err != nil {
				return err
			}
			go func() { done <- op.do() }()
			storetest.AwaitLockWaits(t, pool, 1)
			_, err := tx.Exec(t.Context(), `SELECT FROM accounts FOR KEY SHARE NOWAIT`)
			if err == nil {
				_, err = tx.Exec(t.Context(), `SELECT FROM vswitches FOR NO KEY UPDATE NOWAIT`)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: locks of the holder of a token: got %v, want them free", op.name, err)
		}
		if err := <-done; err != nil {
			t.Errorf("%s: got %v, want no error", op.name, err)
		}
	}
}

// If an account is deleted after a request was admitted and before it writes, the request gets the
// answer of a deleted key.
func TestAWriteIntoADeletedAccount(t *testing.T) {
	t.Parallel()
	s, _ := clockedOperator(t, storetest.Pool(t))
	err := s.store.InTx(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ClaimToken(t.Context(), store.ClientToken{AccountID: keysAccount, Action: "CreateVpc", Token: "t"},
			[]byte{}, s.service.Now(), s.service.Now())
		return err
	})
	if shown, documented := service.APIError(err); !documented ||
		!errors.Is(shown, service.InvalidAccessKeyIDNotFound) {
		t.Errorf("got %v, want %v", err, service.InvalidAccessKeyIDNotFound)
	}
}

// An expired account is missing for every operation, and the next operation on accounts deletes its
// rows.
func TestOperationsDeleteExpiredAccounts(t *testing.T) {
	t.Parallel()
	for _, op := range []struct {
		name   string
		do     func(s *Operator, id string) error
		exists bool // there is an account of that id afterwards
	}{
		{"list", func(s *Operator, _ string) error {
			list, err := s.Accounts(t.Context())
			if len(list) != 0 {
				return errors.New("got it in the list, want no account")
			}
			return err
		}, false},
		{"create another", func(s *Operator, _ string) error {
			created, err := s.CreateAccount(t.Context(), CreateAccountRequest{})
			return errors.Join(err, s.DeleteAccount(t.Context(), created.ID))
		}, false},
		{"delete", func(s *Operator, id string) error {
			if err := s.DeleteAccount(t.Context(), id); !strings.Contains(err.Error(), "no account") {
				return errors.Join(errors.New("want that there is no such account"), err)
			}
			return nil
		}, false},
		{"reset", func(s *Operator, id string) error {
			err := s.ResetAccount(t.Context(), id, scenarioFile(tenantFile))
			if !strings.Contains(err.Error(), "no account") {
				return errors.Join(errors.New("want that there is no such account"), err)
			}
			return nil
		}, false},
		{"create it again", func(s *Operator, id string) error {
			_, err := s.CreateAccount(t.Context(), CreateAccountRequest{ID: id})
			return err
		}, true},
		{"apply a scenario to it", func(s *Operator, id string) error {
			sc, err := scenario.Parse("s.yaml", []byte(worldtest.New(id).AccessKey("LTAInew").String()))
			if err == nil {
				_, err = scenario.Apply(t.Context(), s.store, sc, s.service.Now())
			}
			return err
		}, true},
	} {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			pool := storetest.Pool(t)
			s, now := clockedOperator(t, pool)
			req := withFile(tenantFile)
			req.ExpiresIn = time.Hour
			created := mustCreateAccount(t, s, req)
			addOtherRows(t, pool, created.ID)
			*now = now.Add(time.Hour)
			if accounts, err := s.store.ListAccounts(t.Context(), *now); err != nil || len(accounts) > 0 {
				t.Errorf("at its end: got accounts: %v, %v; want none", accounts, err)
			}
			if err := op.do(s, created.ID); err != nil {
				t.Error(err)
			}
			if !op.exists {
				wantRows(t, pool, "afterwards", created.ID)
				return
			}
			wantRows(t, pool, "afterwards", created.ID, map[string]int{"accounts": 1, "access_keys": 1})
			*now = now.Add(24 * time.Hour)
			if list, err := s.Accounts(t.Context()); err != nil || len(list) != 1 || list[0].ExpiresAt != nil ||
				!list[0].CreatedAt.Equal(now.Add(-24*time.Hour)) {
				t.Errorf("a day later: got %+v, %v; want a new account without an end", list, err)
			}
		})
	}
}

// Applying a scenario to an account with a lifetime does not change the lifetime.
func TestApplyKeepsTheLifetimeOfAnAccount(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, now := clockedOperator(t, pool)
	mustCreateAccount(t, s, CreateAccountRequest{ID: keysAccount, ExpiresIn: time.Hour})
	sc, err := scenario.Parse("s.yaml", scenarios.Quickstart)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Apply(t.Context(), s.store, sc, s.service.Now()); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Accounts(t.Context()); err != nil || len(list) != 1 || list[0].Name != "quickstart" ||
		list[0].ExpiresAt == nil || !list[0].ExpiresAt.Equal(now.Add(time.Hour)) {
		t.Errorf("got %+v, %v; want the name of the scenario, and the end unchanged", list, err)
	}
}

// A sweep removes a limited number of accounts and interfaces, and does not wait for locks.
func TestASweepIsLimited(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, now := clockedOperator(t, pool)
	var ids []string
	for i := range 3 {
		req := withFile(tenantFile)
		req.ExpiresIn = time.Hour + time.Duration(i)*time.Second
		ids = append(ids, mustCreateAccount(t, s, req).ID)
	}
	*now = now.Add(2 * time.Hour)
	left := func() (accounts, interfaces int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), `
			SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM network_interfaces)`).
			Scan(&accounts, &interfaces); err != nil {
			t.Fatal(err)
		}
		return accounts, interfaces
	}
	busy, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := busy.Exec(t.Context(), `SELECT FROM accounts WHERE id = $1 FOR KEY SHARE`, ids[2]); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct{ accounts, interfaces, leftAccounts, leftInterfaces int }{
		{10, 10, 3, 56},  // of three accounts with 22 interfaces each
		{10, 10, 3, 46},  // ten at a time
		{10, 10, 2, 36},  // the first account is deleted, and eight interfaces of the second
		{1, 100, 1, 22},  // one account at a time
		{10, 100, 1, 22}, // the last one is locked
	} {
		s.store.SweepAccounts(t.Context(), *now, step.accounts, step.interfaces)
		if accounts, interfaces := left(); accounts != step.leftAccounts || interfaces != step.leftInterfaces {
			t.Errorf("sweep %d: got %d accounts and %d interfaces left, want %d and %d",
				i+1, accounts, interfaces, step.leftAccounts, step.leftInterfaces)
		}
	}
	if err := busy.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}

	// It does not wait for a request either that was admitted before the end of the account, and
	// has locked its rows.
	if busy, err = pool.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := busy.Exec(t.Context(), `SELECT FROM instances FOR NO KEY UPDATE`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s.store.SweepAccounts(ctx, *now, 10, 100)
	if accounts, interfaces := left(); ctx.Err() != nil || accounts != 1 || interfaces != 22 {
		t.Errorf("with a locked instance: got %d accounts and %d interfaces, %v; want 1 and 22, without a wait",
			accounts, interfaces, ctx.Err())
	}
	if err := busy.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.store.SweepAccounts(t.Context(), *now, 10, 100)
	if owners := storetest.Owners(t, pool); len(owners) != 0 {
		t.Errorf("at the end: got %v, want no rows", owners)
	}
}
