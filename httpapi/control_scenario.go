package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"enisim.alt/service/operator"
)

// scenarioRequest has a scenario as text. Name is the name of its file in messages.
type scenarioRequest struct {
	Name     string `json:"name"`
	Scenario string `json:"scenario"`
}

// changesReply counts the rows that were written, in all and by table.
type changesReply struct {
	New     int64          `json:"new"`
	Changed int64          `json:"changed"`
	Gone    int64          `json:"gone"`
	Tables  []tableChanges `json:"tables"`
}

type tableChanges struct {
	Table   string `json:"table"`
	New     int64  `json:"new"`
	Changed int64  `json:"changed"`
	Gone    int64  `json:"gone"`
}

func newChangesReply(applied operator.Applied) changesReply {
	sum := applied.Total()
	reply := changesReply{New: sum.Inserted, Changed: sum.Updated, Gone: sum.Deleted, Tables: []tableChanges{}}
	for _, t := range applied.Tables {
		reply.Tables = append(reply.Tables, tableChanges{t.Table, t.Inserted, t.Updated, t.Deleted})
	}
	return reply
}

// differencesReply has what applying a scenario would change.
type differencesReply struct {
	Differences []differenceReply `json:"differences"`
}

type differenceReply struct {
	Mark    string   `json:"mark"` // +, ~ or -
	What    string   `json:"what"`
	ID      string   `json:"id"`
	Account string   `json:"account,omitempty"`
	Changes []string `json:"changes,omitempty"`
}

func newDifferenceReply(d operator.Difference) differenceReply { return differenceReply(d) }

// readScenario reads the body of a request that has a scenario.
func readScenario(c echo.Context) (operator.ScenarioFile, error) {
	var r scenarioRequest
	if err := readLargeJSON(c, &r, maxScenarioBytes); err != nil {
		return operator.ScenarioFile{}, err
	}
	allowForLargeWorld(c)
	if r.Name == "" {
		r.Name = "scenario"
	}
	return operator.ScenarioFile{Name: r.Name, Text: []byte(r.Scenario), OverHTTP: true}, nil
}

// withScenario returns a control that reads the scenario in the body of its request.
func withScenario(do func(c echo.Context, file operator.ScenarioFile) (int, any, error)) control {
	return func(c echo.Context) (int, any, error) {
		file, err := readScenario(c)
		if err != nil {
			return 0, nil, err
		}
		return do(c, file)
	}
}

func applyScenario(o *operator.Operator) control {
	return withScenario(func(c echo.Context, file operator.ScenarioFile) (int, any, error) {
		applied, err := o.ApplyScenario(c.Request().Context(), file)
		return http.StatusOK, newChangesReply(applied), err
	})
}

func diffScenario(o *operator.Operator) control {
	return withScenario(func(c echo.Context, file operator.ScenarioFile) (int, any, error) {
		differences, err := o.DiffScenario(c.Request().Context(), file)
		return http.StatusOK, ControlReply(differences), err
	})
}
