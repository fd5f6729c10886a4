package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"enisim.alt/service/operator"
)

// ControlReply returns the body with which the control API answers a result of the operator. It is
// for commands that print it as JSON.
func ControlReply(result any) any {
	switch v := result.(type) {
	case []operator.Account:
		return accountsReply{mapEach(v, newAccount)}
	case operator.Account:
		return newAccount(v)
	case operator.NewAccount:
		return newAccountReply{newAccount(v.Account), mapEach(v.Keys, newCreatedAccountKey)}
	case []operator.AccessKey:
		return keysReply{mapEach(v, newKey)}
	case operator.AccessKey:
		return newKey(v)
	case operator.NewAccessKey:
		return newCreatedKey(v)
	case []operator.Snapshot:
		return snapshotsReply{mapEach(v, newSnapshot)}
	case operator.Snapshot:
		return newSnapshot(v)
	case operator.Applied:
		return newChangesReply(v)
	case []operator.Difference:
		return differencesReply{mapEach(v, newDifferenceReply)}
	case []operator.Fault:
		return faultsReply{v}
	case []operator.Lifecycle:
		return lifecyclesReply{v}
	case []operator.Stock:
		return stockReply{v}
	case []operator.Violation:
		return newVerifyReply(v)
	}
	return result
}

// ControlClient uses the control API of a running server. Its methods are those of operator.Operator,
// with the same results.
type ControlClient struct {
	Endpoint string // http://host:port
	Token    string // "": none
	HTTP     *http.Client
}

// maxControlReply is the maximum size of a reply that a client reads, in bytes.
const maxControlReply = 1 << 30

// ControlFailure is a refusal by the server, or the lack of an answer.
type ControlFailure struct{ text string }

func (e *ControlFailure) Error() string { return e.text }

func controlFailuref(format string, args ...any) *ControlFailure {
	return &ControlFailure{fmt.Sprintf(format, args...)}
}

// do sends a request and decodes the reply.
func (c *ControlClient) do(ctx context.Context, method, path string, body, reply any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.Endpoint+controlPrefix+path, content)
	if err != nil {
		return controlFailuref("%s is no endpoint: give it as http://host:port", c.Endpoint)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		if cause := new(url.Error); errors.As(err, &cause) {
			err = cause.Err
		}
		if cause := new(net.OpError); errors.As(err, &cause) {
			err = cause.Err
		}
		return fmt.Errorf("no answer from the control API of %s: %w", c.Endpoint, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxControlReply))
	if err != nil {
		return fmt.Errorf("the answer of %s broke off, so the outcome is unknown: %w", c.Endpoint, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return c.refusal(response, text)
	}
	if reply == nil {
		return nil
	}
	if err := json.Unmarshal(text, reply); err != nil {
		return controlFailuref("the answer of %s is not that of a control API: is an enisim server there?", c.Endpoint)
	}
	return nil
}

// refusal returns the error of a failed request.
func (c *ControlClient) refusal(response *http.Response, body []byte) error {
	var reply controlErrorReply
	if err := json.Unmarshal(body, &reply); err != nil || reply.Error == "" {
		return controlFailuref(
			"%s answers %s and no control API: the server needs a --control-token when others can reach it",
			c.Endpoint, response.Status)
	}
	if response.StatusCode == http.StatusUnauthorized {
		return controlFailuref("%s refuses the control token: give the server's as ENISIM_CONTROL_TOKEN", c.Endpoint)
	}
	if response.StatusCode >= http.StatusInternalServerError {
		return controlFailuref("%s (the server's log has more, under RequestId %s)", reply.Error, reply.RequestID)
	}
	return &ControlFailure{reply.Error}
}

func decodeAccount(r accountReply) operator.Account {
	account := operator.Account{
		ID:        r.ID,
		Name:      r.Name,
		CreatedAt: r.CreatedAt,
		ExpiresAt: r.ExpiresAt,
		Repeats:   r.Repeats,
	}
	if r.Quotas.NetworkInterfacesPerRegion != nil {
		account.NetworkInterfacesPerRegion = *r.Quotas.NetworkInterfacesPerRegion
	}
	account.Quotas = r.Quotas.Others()
	return account
}

func decodeKey(r keyReply) operator.AccessKey {
	return operator.AccessKey{
		ID:        r.ID,
		AccountID: r.Account,
		RAMUser:   r.RAMUser,
		Status:    r.Status,
		Temporary: r.Temporary,
		ExpiresAt: r.ExpiresAt,
		CreatedAt: r.CreatedAt,
	}
}

func decodeNewKey(r newKeyReply) operator.NewAccessKey {
	return operator.NewAccessKey{AccessKey: decodeKey(r.keyReply), Secret: r.Secret, SecurityToken: r.SecurityToken}
}

func decodeNewAccountKey(r newAccountKeyReply) operator.NewAccountKey {
	return operator.NewAccountKey{NewAccessKey: decodeNewKey(r.newKeyReply), InScenario: r.InScenario}
}

func decodeSnapshot(r snapshotReply) operator.Snapshot {
	return operator.Snapshot{AccountID: r.Account, Name: r.Name, Resources: r.Resources, CreatedAt: r.CreatedAt}
}

func decodeChanges(r changesReply) (applied operator.Applied) {
	for _, t := range r.Tables {
		change := operator.TableChange{Table: t.Table, Inserted: t.New, Updated: t.Changed, Deleted: t.Gone}
		applied.Tables = append(applied.Tables, change)
	}
	return applied
}

func textOf(file *operator.ScenarioFile) *string {
	if file == nil {
		return nil
	}
	return new(string(file.Text))
}

// Accounts lists the accounts.
func (c *ControlClient) Accounts(ctx context.Context) ([]operator.Account, error) {
	var reply accountsReply
	err := c.do(ctx, http.MethodGet, "/accounts", nil, &reply)
	return mapEach(reply.Accounts, decodeAccount), err
}

// CreateAccount makes an account.
func (c *ControlClient) CreateAccount(
	ctx context.Context, req operator.CreateAccountRequest,
) (operator.NewAccount, error) {
	body := createAccountRequest{
		ID:       req.ID,
		Name:     req.Name,
		Quotas:   req.AllQuotas(),
		Repeats:  req.Repeats,
		Scenario: textOf(req.Scenario),
	}
	if req.ExpiresIn != 0 {
		body.ExpiresIn = req.ExpiresIn.String()
	}
	var reply newAccountReply
	err := c.do(ctx, http.MethodPost, "/accounts", body, &reply)
	return operator.NewAccount{
		Account: decodeAccount(reply.accountReply),
		Keys:    mapEach(reply.Keys, decodeNewAccountKey),
	}, err
}

// ChangeAccount changes an account.
func (c *ControlClient) ChangeAccount(
	ctx context.Context, id string, req operator.ChangeAccountRequest,
) (operator.Account, error) {
	var reply accountReply
	err := c.do(ctx, http.MethodPatch, "/accounts/"+url.PathEscape(id), changeAccountRequest(req), &reply)
	return decodeAccount(reply), err
}

// ResetAccount empties an account, or makes it equal to a scenario.
func (c *ControlClient) ResetAccount(ctx context.Context, id string, file *operator.ScenarioFile) error {
	return c.do(ctx, http.MethodPost, "/accounts/"+url.PathEscape(id)+"/reset", resetAccountRequest{textOf(file)}, nil)
}

// DeleteAccount removes an account.
func (c *ControlClient) DeleteAccount(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/accounts/"+url.PathEscape(id), nil, nil)
}

// ExportAccount returns a scenario of what an account has.
func (c *ControlClient) ExportAccount(ctx context.Context, id string, withKeys bool) ([]byte, error) {
	path := "/accounts/" + url.PathEscape(id) + "/scenario"
	if withKeys {
		path += "?keys=true"
	}
	var reply scenarioReply
	err := c.do(ctx, http.MethodGet, path, nil, &reply)
	return []byte(reply.Scenario), err
}

// AccessKeys lists the keys of an account, or of all accounts when it is "".
func (c *ControlClient) AccessKeys(ctx context.Context, accountID string) ([]operator.AccessKey, error) {
	path := "/keys"
	if accountID != "" {
		path += "?" + url.Values{"account": {accountID}}.Encode()
	}
	var reply keysReply
	err := c.do(ctx, http.MethodGet, path, nil, &reply)
	return mapEach(reply.Keys, decodeKey), err
}

// CreateAccessKey makes a key.
func (c *ControlClient) CreateAccessKey(
	ctx context.Context, req operator.CreateAccessKeyRequest,
) (operator.NewAccessKey, error) {
	body := createKeyRequest{Account: req.AccountID, RAMUser: req.RAMUser, Temporary: req.Temporary}
	if req.ExpiresIn != 0 {
		body.ExpiresIn = req.ExpiresIn.String()
	}
	var reply newKeyReply
	err := c.do(ctx, http.MethodPost, "/keys", body, &reply)
	return decodeNewKey(reply), err
}

// DisableAccessKey makes a key Inactive.
func (c *ControlClient) DisableAccessKey(ctx context.Context, id string) (operator.AccessKey, error) {
	var reply keyReply
	err := c.do(ctx, http.MethodPost, "/keys/"+url.PathEscape(id)+"/disable", nil, &reply)
	return decodeKey(reply), err
}

// DeleteAccessKey removes a key.
func (c *ControlClient) DeleteAccessKey(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/keys/"+url.PathEscape(id), nil, nil)
}

// SaveSnapshot keeps what an account has now.
func (c *ControlClient) SaveSnapshot(ctx context.Context, accountID, name string) (operator.Snapshot, error) {
	var reply snapshotReply
	err := c.do(ctx, http.MethodPost, "/snapshots", saveSnapshotRequest{Account: accountID, Name: name}, &reply)
	return decodeSnapshot(reply), err
}

// RestoreSnapshot brings an account back to a snapshot.
func (c *ControlClient) RestoreSnapshot(ctx context.Context, accountID, name string) (operator.Restored, error) {
	var reply changesReply
	body := restoreSnapshotRequest{Account: accountID}
	err := c.do(ctx, http.MethodPost, "/snapshots/"+url.PathEscape(name)+"/restore", body, &reply)
	return decodeChanges(reply), err
}

// Snapshots lists the snapshots of an account.
func (c *ControlClient) Snapshots(ctx context.Context, accountID string) ([]operator.Snapshot, error) {
	var reply snapshotsReply
	err := c.do(ctx, http.MethodGet, "/snapshots?"+url.Values{"account": {accountID}}.Encode(), nil, &reply)
	return mapEach(reply.Snapshots, decodeSnapshot), err
}

// DeleteSnapshot removes a snapshot.
func (c *ControlClient) DeleteSnapshot(ctx context.Context, accountID, name string) error {
	path := "/snapshots/" + url.PathEscape(name) + "?" + url.Values{"account": {accountID}}.Encode()
	return c.do(ctx, http.MethodDelete, path, nil, nil)
}

// ApplyScenario makes the accounts of a scenario equal to it.
func (c *ControlClient) ApplyScenario(ctx context.Context, file operator.ScenarioFile) (operator.Applied, error) {
	var reply changesReply
	err := c.do(ctx, http.MethodPost, "/scenario/apply", scenarioRequest{file.Name, string(file.Text)}, &reply)
	return decodeChanges(reply), err
}

// DiffScenario returns what ApplyScenario would change.
func (c *ControlClient) DiffScenario(ctx context.Context, file operator.ScenarioFile) ([]operator.Difference, error) {
	var reply differencesReply
	err := c.do(ctx, http.MethodPost, "/scenario/diff", scenarioRequest{file.Name, string(file.Text)}, &reply)
	return mapEach(reply.Differences, func(d differenceReply) operator.Difference {
		return operator.Difference(d)
	}), err
}

// Verify returns where the tables break an invariant.
func (c *ControlClient) Verify(ctx context.Context) ([]operator.Violation, error) {
	var reply verifyReply
	err := c.do(ctx, http.MethodGet, "/verify", nil, &reply)
	return mapEach(reply.Violations, func(v violationReply) operator.Violation {
		return operator.Violation{Invariant: v.Invariant, AccountID: v.Account, What: v.What}
	}), err
}

// ControlEndpoint completes an endpoint without a scheme: 127.0.0.1:8080 becomes
// http://127.0.0.1:8080.
func ControlEndpoint(text string) string {
	endpoint := strings.TrimSuffix(text, "/")
	if !strings.Contains(endpoint, "://") {
		endpoint = "http://" + endpoint
	}
	return endpoint
}
