package operator

import (
	"context"
	"encoding/json"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// Lifecycle is a lifecycle with its count.
type Lifecycle struct {
	disturbance.Lifecycle
	Drawn     int64     `json:"drawn"` // calls that have a number of it: only one that is random counts
	CreatedAt time.Time `json:"created_at"`
}

// AddLifecycle stores a lifecycle and returns it with its new id. This server follows it at once,
// others within a second. It decides transitions that begin from then on.
func (o *Operator) AddLifecycle(ctx context.Context, lifecycle disturbance.Lifecycle) (Lifecycle, error) {
	row, err := o.addNewRule(ctx, store.KindLifecycle, lifecycle.ID, lifecycle.Account, lifecycle)
	return ruleView(row, err, lifecycleView)
}

// Lifecycles returns the lifecycles of an account, with "*" those of every account, and with "" all.
func (o *Operator) Lifecycles(ctx context.Context, accountID string) ([]Lifecycle, error) {
	rows, err := o.listRules(ctx, store.KindLifecycle, accountID)
	return ruleViews(rows, err, lifecycleView)
}

// Lifecycle returns a lifecycle.
func (o *Operator) Lifecycle(ctx context.Context, id string) (Lifecycle, error) {
	row, err := o.findRule(ctx, store.KindLifecycle, id)
	return ruleView(row, err, lifecycleView)
}

// RemoveLifecycle deletes a lifecycle. Transitions that have begun go on as it decided.
func (o *Operator) RemoveLifecycle(ctx context.Context, id string) error {
	return o.removeRule(ctx, store.KindLifecycle, id)
}

// RemoveLifecycles deletes the lifecycles of an account, or with "*" those of every account.
func (o *Operator) RemoveLifecycles(ctx context.Context, accountID string) error {
	return o.removeRules(ctx, store.KindLifecycle, accountID)
}

// ReleaseRequest names a resource whose transition is to end now.
type ReleaseRequest struct {
	Account  string `json:"account"`
	Resource string `json:"resource"`
}

// Released is a transition that was ended: the status of the resource before and after it. An interface
// that was being deleted has none after it.
type Released struct {
	Account  string `json:"account"`
	Resource string `json:"resource"`
	From     string `json:"from"`
	To       string `json:"to,omitempty"`
}

// ReleaseTransition ends the transition of a resource now, as it would have ended.
func (o *Operator) ReleaseTransition(ctx context.Context, req ReleaseRequest) (Released, error) {
	switch {
	case !accountIDPattern.MatchString(req.Account):
		return Released{}, errInvalidAccountID(req.Account)
	case req.Resource == "":
		return Released{}, invalidRequestf("resource is required: the id of what is in transition, such as eni-...")
	}
	noResource := notFoundf("account %s has no interface, instance, VPC or VSwitch %s", req.Account, req.Resource)
	if !isStorable(req.Resource) {
		return Released{}, noResource
	}
	released, err := o.service.ReleaseTransition(ctx, req.Account, req.Resource)
	switch {
	case err != nil:
		return Released{}, err
	case released == nil:
		return Released{}, noResource
	case released.From == released.To:
		return Released{}, invalidRequestf("%s is in no transition: it is %s", req.Resource, released.From)
	}
	view := Released{req.Account, req.Resource, released.From, released.To}
	if view.To == store.ENIDeleted {
		view.To = ""
	}
	return view, nil
}

func lifecycleView(row store.Disturbance) (Lifecycle, error) {
	lifecycle := Lifecycle{Drawn: row.Matched, CreatedAt: row.CreatedAt}
	err := json.Unmarshal(row.Rule, &lifecycle.Lifecycle)
	lifecycle.ID, lifecycle.Account = row.ID, service.RuleAccount(row)
	return lifecycle, err
}
