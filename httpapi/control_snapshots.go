package httpapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"enisim.alt/service/operator"
)

// saveSnapshotRequest is the request to save a snapshot, and restoreSnapshotRequest the one to
// restore it.
type (
	saveSnapshotRequest struct {
		Account string `json:"account"`
		Name    string `json:"name"`
	}
	restoreSnapshotRequest struct {
		Account string `json:"account"`
	}
)

type snapshotReply struct {
	Account   string    `json:"account"`
	Name      string    `json:"name"`
	Resources int       `json:"resources"`
	CreatedAt time.Time `json:"created_at"`
}

type snapshotsReply struct {
	Snapshots []snapshotReply `json:"snapshots"`
}

func newSnapshot(s operator.Snapshot) snapshotReply {
	return snapshotReply{s.AccountID, s.Name, s.Resources, s.CreatedAt}
}

func saveSnapshot(o *operator.Operator) control {
	return withBody(func(c echo.Context, r saveSnapshotRequest) (int, any, error) {
		saved, err := o.SaveSnapshot(c.Request().Context(), r.Account, r.Name)
		return http.StatusCreated, newSnapshot(saved), err
	})
}

func listSnapshots(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		list, err := o.Snapshots(c.Request().Context(), queryOf(c, "account"))
		return http.StatusOK, snapshotsReply{mapEach(list, newSnapshot)}, err
	}
}

func restoreSnapshot(o *operator.Operator) control {
	return withBody(func(c echo.Context, r restoreSnapshotRequest) (int, any, error) {
		restored, err := o.RestoreSnapshot(c.Request().Context(), r.Account, c.Param("name"))
		return http.StatusOK, newChangesReply(restored), err
	})
}

func deleteSnapshot(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		return http.StatusNoContent, nil, o.DeleteSnapshot(
			c.Request().Context(),
			queryOf(c, "account"),
			c.Param("name"),
		)
	}
}
