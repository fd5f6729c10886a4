package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Tenant is an account of its own for a run, so that it meets nobody else's resources and leaves none behind.
type Tenant struct {
	control control
	ID      string
	Key     struct{ ID, Secret string }
}

// control is the control API of the server at an endpoint.
type control struct {
	target Target
	token  string // "": open
	http   http.Client
}

// NewTenant makes an account with a scenario in it by the server's control API, for which token is "" where it is open. The account goes by itself after
// expiresIn.
func NewTenant(ctx context.Context, t Target, token string, scenario []byte, expiresIn time.Duration) (*Tenant, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: t.Insecure}
	c := control{target: t, token: token, http: http.Client{Transport: transport}}
	body, err := json.Marshal(map[string]string{"scenario": string(scenario), "expires_in": expiresIn.String()})
	if err != nil {
		return nil, err
	}
	var made struct {
		ID   string
		Keys []struct{ ID, Secret string }
	}
	if err := c.do(ctx, http.MethodPost, "accounts", body, &made); err != nil {
		return nil, err
	}
	tenant := &Tenant{control: c, ID: made.ID}
	tenant.Key.ID, tenant.Key.Secret = made.Keys[0].ID, made.Keys[0].Secret
	return tenant, nil
}

// Target is the target of before, with the account's key.
func (t *Tenant) Target() Target {
	target := t.control.target
	target.AccessKeyID, target.AccessKeySecret, target.SecurityToken = t.Key.ID, t.Key.Secret, ""
	return target
}

// Delete removes the account with all that it has.
func (t *Tenant) Delete(ctx context.Context) error {
	return t.control.do(ctx, http.MethodDelete, "accounts/"+t.ID, nil, nil)
}

func (c *control) do(ctx context.Context, method, path string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.target.Endpoint+"/_enisim/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("no reply from the control API: %w (is the server running? start it with: enisim serve)", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return fmt.Errorf("the control API's reply broke off: %w", err)
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusNotFound:
		return fmt.Errorf("the control API of %s refuses with status %d: give the token of its server as --control-token; "+
			"an endpoint that is no enisim has none, so leave --scenario out and use the world that is there", c.target.Endpoint, response.StatusCode)
	case response.StatusCode >= http.StatusBadRequest:
		var problem struct{ Error string }
		if json.Unmarshal(text, &problem) != nil || problem.Error == "" {
			problem.Error = string(text)
		}
		return fmt.Errorf("the control API refuses with status %d: %s", response.StatusCode, problem.Error)
	case answer == nil:
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("the control API's reply cannot be read: %w", err)
	}
	return nil
}
