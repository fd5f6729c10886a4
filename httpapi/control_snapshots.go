package httpapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"enisim/service"
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

func newSnapshot(s service.Snapshot) snapshotReply {
	return snapshotReply{s.AccountID, s.Name, s.Resources, s.CreatedAt}
}

func saveSnapshot(s *service.Service) control {
	return func(c echo.Context) (int, any, error) {
		var r saveSnapshotRequest
		if err := readJSON(c, &r); err != nil {
			return 0, nil, err
		}
		saved, err := s.SaveSnapshot(c.Request().Context(), r.Account, r.Name)
		return http.StatusCreated, newSnapshot(saved), err
	}
}

func listSnapshots(s *service.Service) control {
	return func(c echo.Context) (int, any, error) {
		list, err := s.Snapshots(c.Request().Context(), c.QueryParam("account"))
		return http.StatusOK, snapshotsReply{mapEach(list, newSnapshot)}, err
	}
}

func restoreSnapshot(s *service.Service) control {
	return func(c echo.Context) (int, any, error) {
		var r restoreSnapshotRequest
		if err := readJSON(c, &r); err != nil {
			return 0, nil, err
		}
		restored, err := s.RestoreSnapshot(c.Request().Context(), r.Account, c.Param("name"))
		return http.StatusOK, newChangesReply(restored), err
	}
}

func deleteSnapshot(s *service.Service) control {
	return func(c echo.Context) (int, any, error) {
		return http.StatusNoContent, nil, s.DeleteSnapshot(
			c.Request().Context(),
			c.QueryParam("account"),
			c.Param("name"),
		)
	}
}
