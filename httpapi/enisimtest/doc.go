// Package enisimtest starts a simulator for a Go test: a server of its own on a free port of this
// machine, in this process, with a database of its own, gone after the test. Tests may run in
// parallel, and each has its own world.
//
//	func TestAttach(t *testing.T) {
//		server := enisimtest.Start(t, enisimtest.Scenario("testdata/world.yaml"))
//		client, err := ecs.NewClientWithAccessKey("cn-hangzhou", server.AccessKeyID, server.AccessKeySecret)
//		if err != nil {
//			t.Fatal(err)
//		}
//		client.Domain = server.Endpoint
//		...
//	}
//
// docs/testing.md has the whole of it, and what tests in other languages do.
//
// # Which Postgres
//
// ENISIM_TEST_DATABASE_URL names one, whose user must be allowed to create databases. Without it an
// installed Postgres is started, or one is fetched, and runs in enisimtest-<uid> in the folder for
// temporary files. All servers share it, those of other test processes too. It stops when the last
// server is closed; with
//
//	func TestMain(m *testing.M) { os.Exit(enisimtest.Run(m)) }
//
// it stays for all tests of a package, which is faster where they run one after another. Nothing is
// durable there: fsync is off.
//
// A test process that is killed leaves its databases, and perhaps Postgres. The next one takes the
// server over, and drops what is older than a day.
//
// # What it never does
//
// It knows nothing of actions or rows, and it is not for serving others: that is enisim serve.
package enisimtest
