// Package storetest gives each test a database of its own, on a real Postgres.
//
//	pool := storetest.Pool(t) // or storetest.URL(t)
//
// The database is a clone of a template that store.Migrate made, so it has the schema and the catalogue. It is dropped
// after the test; after a failed one it is kept for a day, and the log says how to look into it.
//
// # Which Postgres
//
// ENISIM_TEST_DATABASE_URL names one (its user must be allowed to create databases). Without it, an installed Postgres is
// started through pglocal, or else a container. ENISIM_TEST_POSTGRES=container forces the container, whose image is
// ENISIM_TEST_POSTGRES_IMAGE. The test processes of a run share the server, and so do runs that overlap.
//
// Nothing is durable there: fsync is off. Should the machine crash, and the server not start again, remove its folder,
// enisim-test-<uid> in the folder for temporary files.
//
// # Who ends it
//
// Test processes come and go, some of them by panic, timeout or kill -9, and none knows whether it is the last. So each
// has a keeper: the same binary, started again, that uses the server for it and notices its end by the end of a pipe.
// When the last keeper leaves, Postgres stops (see pglocal). A container goes with the run, by Ryuk of testcontainers-go;
// where Ryuk is disabled, whoever disabled it removes the container.
//
// # What is cleaned up
//
// Every process holds a shared advisory lock on its template's name while it runs. The templates and test databases of
// other schemas are dropped as soon as nobody holds theirs, those of this schema that tests left behind after a day.
package storetest
