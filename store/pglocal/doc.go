// Package pglocal runs the private Postgres of enisim: the server that is used when no other one is
// configured.
//
// It finds an installed Postgres (or downloads one), keeps a cluster in a data folder, starts the
// postmaster, and returns a URL. It knows nothing of schemas, tables or the data in them.
//
// # What it promises
//
//   - A confirmed commit is on disk, even after a kill -9 of the Go process, of the postmaster, or
//     of both. The next Start attaches to the postmaster if it still runs, or starts one that
//     recovers.
//   - Any number of processes, of any lifetime, share one data folder. The last process to release
//     it stops Postgres. If that one is killed, a watcher stops Postgres some seconds later, unless
//     another process attaches before.
//   - A cluster appears in the data folder complete or not at all: initdb works in a folder beside
//     it, which is then renamed.
//   - It never changes a file that it did not create: all its files are in <data folder>/postgres
//     (see layout).
//
// # Who may connect
//
// Postgres listens on a Unix socket only, never on TCP. It trusts every client of the socket
// without a password. That is safe because only the owner of the cluster and root can enter the
// socket's folder. Start refuses a folder that others can enter.
//
// # Which user runs it
//
// Postgres refuses to run as root, but in containers root is the usual user. If root starts it, the
// cluster belongs to the user postgres, or to the user nobody if there is no user postgres. Its
// processes run as that user. An existing cluster keeps its owner. If another user starts it, the
// cluster belongs to that user.
//
// # Three locks
//
// All are flocks, which end with the process that holds them. Postgres inherits none of them.
//
//   - start.lock is held exclusively, for a short time, to change the state: initdb, start, stop.
//   - users.lock is held shared by every Server from Start to Stop. The Server that gets it
//     exclusively is the last one to release the data folder.
//   - watch.lock is held exclusively by the watcher as long as it runs.
package pglocal
