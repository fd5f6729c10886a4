// Package storetest gives each test a database of its own, on a real Postgres.
//
//	pool := storetest.Pool(t) // or storetest.URL(t)
//
// The database is a clone of a template that store.Migrate has created, so it has the schema and
// the catalogue. It is dropped after the test. If the test fails, it is kept for a day, and the log
// says how to connect to it.
//
// # Which Postgres
//
// ENISIM_TEST_DATABASE_URL selects one (its user must be allowed to create databases). If it is not
// set, pglocal starts an installed Postgres. If none is installed, a container is started.
// ENISIM_TEST_POSTGRES=container forces the container, whose image is ENISIM_TEST_POSTGRES_IMAGE.
// The test processes of a run share the server, and so do runs that overlap.
//
// Nothing is durable there: fsync is off. If the server does not start again after a crash of the
// machine, remove its folder, enisim-test-<uid> in pglocal.ScratchDir. On Linux that folder lies in
// memory if possible, so it is gone after a restart of the machine.
//
// # How it is stopped
//
// Test processes start and end at any time, some of them by panic, timeout or kill -9. None knows
// whether it is the last. So each process has a keeper: the same binary, started again. The keeper
// uses the server on behalf of its process, and notices by the end of a pipe that the process has
// ended. When the last keeper exits, Postgres stops (see pglocal). A container is removed after the
// run by Ryuk of testcontainers-go. Users that disable Ryuk have to remove the container
// themselves.
//
// # What is cleaned up
//
// Every process holds a shared advisory lock on its schema while it runs. The templates and test
// databases of another schema are dropped as soon as no process holds that schema's lock. Old test
// databases of this schema are dropped after a day.
package storetest
