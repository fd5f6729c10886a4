// Package pglocal runs the private Postgres of enisim: the server that is used when nobody names another one.
//
// It finds an installed Postgres (or fetches one), keeps a cluster in a data folder, starts the postmaster, and hands out
// a URL. It knows nothing of schemas, tables or of what enisim stores there.
//
// # What it promises
//
//   - A commit that was answered is on disk, after a kill -9 of the Go process, of the postmaster, or of both. The next
//     Start attaches to the postmaster that is still running, or starts one that recovers.
//   - Any number of processes, of any life-time, share one data folder. The last one that stops takes Postgres with it. Where
//     the last one is killed, a watcher stops Postgres some seconds later, unless another one attaches meanwhile.
//   - A cluster appears in the data folder whole or not at all: initdb works in a folder beside it, which is renamed.
//   - It never touches a file that it did not make: everything lives in <data folder>/postgres (see layout).
//
// # Who may connect
//
// Postgres listens on a Unix socket only, never on TCP. Whoever reaches the socket is trusted without a password, which
// is acceptable for one reason: the socket lies in a folder that only the owner of the cluster (and root) can enter, and
// Start refuses a folder where this does not hold.
//
// # Which user runs it
//
// Postgres refuses to run as root, and root is the ordinary case in containers. Started by root, the cluster belongs to,
// and its processes run as, the user postgres, or nobody where there is no such user. A cluster that exists already keeps
// its owner. Started by anybody else, it is simply theirs.
//
// # Three locks
//
// All are flocks, which die with the process that holds them, and none is inherited by Postgres.
//
//   - start.lock, exclusive and short, is held by whoever changes the state: initdb, start, stop.
//   - users.lock, shared, is held by every Server from Start to Stop. Who gets it exclusively is the last one out.
//   - watch.lock, exclusive, is held by the watcher while it lives.
package pglocal
