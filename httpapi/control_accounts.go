package httpapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"enisim.alt/service/operator"
)

// maxScenarioBytes is the maximum size of a request with a scenario.
const maxScenarioBytes = 4 << 20

// createAccountRequest is the request for an account. Names are as in scenarios; scenario is the
// text of one.
type createAccountRequest struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Quotas    operator.Quotas `json:"quotas"`
	ExpiresIn string          `json:"expires_in"` // such as 1h; "" is never
	Repeats   string          `json:"repeats"`    // accept or refuse; "" is as the server says
	Scenario  *string         `json:"scenario"`
}

// changeAccountRequest is the request to change an account. An absent field stays.
type changeAccountRequest struct {
	Repeats *string          `json:"repeats,omitempty"`
	Quotas  *operator.Quotas `json:"quotas,omitempty"`
}

type resetAccountRequest struct {
	Scenario *string `json:"scenario"`
}

type accountReply struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Quotas    operator.Quotas `json:"quotas"`
	Repeats   string          `json:"repeats,omitempty"`
	ExpiresAt *time.Time      `json:"expires_at,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
}

type accountsReply struct {
	Accounts []accountReply `json:"accounts"`
}

// newAccountReply includes the secrets of all keys of the account.
type newAccountReply struct {
	accountReply
	Keys []newAccountKeyReply `json:"keys"`
}

type newAccountKeyReply struct {
	newKeyReply
	InScenario string `json:"in_scenario,omitempty"`
}

func newAccount(a operator.Account) accountReply {
	return accountReply{
		ID:        a.ID,
		Name:      a.Name,
		Quotas:    a.AllQuotas(),
		Repeats:   a.Repeats,
		ExpiresAt: a.ExpiresAt,
		CreatedAt: a.CreatedAt,
	}
}

func newCreatedAccountKey(k operator.NewAccountKey) newAccountKeyReply {
	return newAccountKeyReply{newCreatedKey(k.NewAccessKey), k.InScenario}
}

func createAccount(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		var r createAccountRequest
		if err := readLargeJSON(c, &r, maxScenarioBytes); err != nil {
			return 0, nil, err
		}
		if r.Scenario != nil {
			allowForLargeWorld(c)
		}
		expiresIn, err := readExpiresIn(r.ExpiresIn)
		if err != nil {
			return 0, nil, err
		}
		created, err := o.CreateAccount(c.Request().Context(), operator.CreateAccountRequest{
			ID:                         r.ID,
			Name:                       r.Name,
			NetworkInterfacesPerRegion: r.Quotas.NetworkInterfacesPerRegion,
			Quotas:                     r.Quotas.Others(),
			ExpiresIn:                  expiresIn,
			Repeats:                    r.Repeats,
			Scenario:                   scenarioFile(r.Scenario),
		})
		return http.StatusCreated, ControlReply(created), err
	}
}

// maxWorldDuration is the timeout of an answer that depends on an operation on a world of any size.
const maxWorldDuration = 15 * time.Minute

// allowForLargeWorld extends the write timeout of the answer to maxWorldDuration.
func allowForLargeWorld(c echo.Context) {
	// It fails only if the connection has no deadline, as in a test without a server.
	_ = http.NewResponseController(c.Response().Writer).SetWriteDeadline(time.Now().Add(maxWorldDuration))
}

// scenarioFile returns the scenario of a request, or nil for none.
func scenarioFile(text *string) *operator.ScenarioFile {
	if text == nil {
		return nil
	}
	return &operator.ScenarioFile{Name: "scenario", Text: []byte(*text), OverHTTP: true}
}

func listAccounts(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		accounts, err := o.Accounts(c.Request().Context())
		return http.StatusOK, accountsReply{mapEach(accounts, newAccount)}, err
	}
}

func changeAccount(o *operator.Operator) control {
	return withBody(func(c echo.Context, r changeAccountRequest) (int, any, error) {
		account, err := o.ChangeAccount(c.Request().Context(), c.Param("id"), operator.ChangeAccountRequest(r))
		return http.StatusOK, newAccount(account), err
	})
}

// resetAccount empties the account if the request has no body.
func resetAccount(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		var r resetAccountRequest
		if c.Request().ContentLength != 0 {
			if err := readLargeJSON(c, &r, maxScenarioBytes); err != nil {
				return 0, nil, err
			}
		}
		if r.Scenario != nil {
			allowForLargeWorld(c)
		}
		return http.StatusNoContent, nil, o.ResetAccount(c.Request().Context(), c.Param("id"), scenarioFile(r.Scenario))
	}
}

// scenarioReply has a scenario as text, in the form in which requests take it.
type scenarioReply struct {
	Scenario string `json:"scenario"`
}

// exportAccount leaves out the access keys and their secrets, unless the request asks for them.
func exportAccount(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		allowForLargeWorld(c)
		text, err := o.ExportAccountOverHTTP(c.Request().Context(), c.Param("id"), queryOf(c, "keys") == "true")
		if err != nil {
			return 0, nil, err
		}
		// The text and its JSON stay in memory until a slow client has read them.
		return http.StatusOK, scenarioReply{string(text)}, controlMemory(c).grow(2 * len(text))
	}
}

func deleteAccount(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		return http.StatusNoContent, nil, o.DeleteAccount(c.Request().Context(), c.Param("id"))
	}
}
