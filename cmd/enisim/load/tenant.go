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

// Tenant is an account that exists only for a run. It shares no resources with others and leaves
// none behind.
type Tenant struct {
	control control
	ID      string
	Key     struct{ ID, Secret string }
}

// control calls the control API of the server at an endpoint.
type control struct {
	target Target
	token  string // "": the control API needs none
	http   http.Client
}

// NewTenant creates an account with the content of a scenario, through the server's control API.
// token is "" if the control API needs none. The account expires after expiresIn.
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

// Target returns the original target with the account's key.
func (t *Tenant) Target() Target {
	target := t.control.target
	target.AccessKeyID, target.AccessKeySecret, target.SecurityToken = t.Key.ID, t.Key.Secret, ""
	return target
}

// Delete deletes the account and all its resources.
func (t *Tenant) Delete(ctx context.Context) error {
	return t.control.do(ctx, http.MethodDelete, "accounts/"+t.ID, nil, nil)
}

// do sends a request to the control API and decodes the answer, unless answer is nil.
func (c *control) do(ctx context.Context, method, path string, body []byte, answer any) error {
	// First build the request.
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
	// Then send it, and translate each kind of failure into a message that says how to go on.
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
		return fmt.Errorf("the control API of %s refuses with status %d: give the token of its server as "+
			"--control-token; "+
			"an endpoint that is no enisim has none, so leave --scenario out and use the world that is there",
			c.target.Endpoint, response.StatusCode)
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
