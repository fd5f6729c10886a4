package service

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"enisim.alt/store"
)

// Action is one action of the API as a value. Everything that concerns the action as a whole is
// declared in it, once. The dispatch table, the checks before the action runs, the handling of its
// ClientToken and the list of all actions come from it. So do the errors that the contract tests
// compare with the documentation.
//
// An action has one of run, write and change.
type Action[Request, Answer any] struct {
	permission string                 // as RAM policies name it, product:Action
	parameters []rule[Request]        // checked before anything is read
	admission  []rule[admissionInput] // checked next; nil: admissionRules
	refusals   []*Error               // of the rules that run or write checks

	// run answers a request that is admitted.
	run func(s *Service, ctx context.Context, caller Caller, req Request) (Answer, error)

	// write is run for an action that takes a ClientToken. It writes within tx. Answer is stored
	// with the token, as JSON.
	write func(s *Service, ctx context.Context, tx *store.Tx, caller Caller, req Request) (Answer, error)
	// change is for an action that creates or deletes an interface, or changes its addresses. It says
	// how the request runs in the lane of its account.
	change func(s *Service, caller Caller, req Request) interfaceChange[Answer]

	consumesToken bool // whether a refusal uses up the token

	// creates is set for an action that creates or assigns something in the account, a VPC or a
	// VSwitch, and locks that row. Such actions of one account take turns (store.BeginCreation).
	creates bool

	// begins are the transitions that the action begins, of resources that changes names: a parameter,
	// or "" if the request does not name them.
	begins  []string
	changes string

	// newAction sets these.
	region func(Request) string // nil if the request has no RegionId
	token  func(Request) string // nil if the request has no ClientToken, or the action has run
	target func(Request) string // the resource that changes names; nil if it names none
}

// Empty is the answer of an action that has none.
type Empty struct{}

// Do answers a request of a caller. Its rules are checked in the order of the API: first those on
// the parameters, then those on the caller, last those on the resources.
func (a *Action[Request, Answer]) Do(ctx context.Context, s *Service, caller Caller, req Request) (Answer, error) {
	caller.action = a.Name()
	if err := checkQuotas(a.parameters, req, caller.Quotas); err != nil {
		return *new(Answer), err
	}
	regionID := ""
	if a.region != nil {
		regionID = a.region(req)
	}
	if err := s.admit(ctx, caller, a.admission, a.permission, regionID); err != nil {
		return *new(Answer), err
	}
	if caller.Rules != nil && len(a.begins) > 0 {
		resourceID := ""
		if a.target != nil {
			resourceID = a.target(req)
		}
		var err error
		caller.lifecycles, err = s.decideLifecycles(ctx, caller, a.Name(), a.begins, resourceID)
		if err != nil {
			return *new(Answer), err
		}
	}
	if a.creates {
		end, err := s.store.BeginCreation(ctx)
		if err != nil {
			return *new(Answer), err
		}
		defer end()
	}
	if a.run != nil {
		return a.run(s, ctx, caller, req)
	}
	call := idempotentCall{action: a.Name(), request: req, consumesToken: a.consumesToken}
	if a.token != nil {
		call.token = a.token(req)
	}
	if a.change != nil {
		return changeInterface(ctx, s, caller, call, a.change(s, caller, req))
	}
	return runOnce(ctx, s, caller, call, func(tx *store.Tx) (Answer, error) {
		return a.write(s, ctx, tx, caller, req)
	})
}

// Name returns the name of the action in the API.
func (a *Action[Request, Answer]) Name() string {
	_, name, _ := strings.Cut(a.permission, ":")
	return name
}

// Permission returns the name of the action in RAM policies, product:Action.
func (a *Action[Request, Answer]) Permission() string { return a.permission }

// TakesClientToken reports whether a repeat with the same ClientToken gets the first answer.
func (a *Action[Request, Answer]) TakesClientToken() bool { return a.token != nil }

// Constraints returns what the plain rules demand of single parameters, in their order. Rules of
// other kinds are not among them.
func (a *Action[Request, Answer]) Constraints() []Constraint {
	var constraints []Constraint
	for _, r := range a.parameters {
		if r.constraint != nil {
			constraints = append(constraints, *r.constraint)
		}
	}
	return constraints
}

// Errors returns all errors that the rules of the action can answer, in the order of the rules.
func (a *Action[Request, Answer]) Errors() []*Error {
	return slices.Concat(errorsOf(a.parameters), errorsOf(a.admission), a.refusals)
}

// declaredAction is an Action of any types.
type declaredAction interface {
	Name() string
	Permission() string
	Errors() []*Error
}

// allActions are all actions. They are complete when the package is initialized.
var allActions []declaredAction

// newAction completes an action and adds it to all actions.
func newAction[Request, Answer any](a Action[Request, Answer]) *Action[Request, Answer] {
	admission := admissionRules[1:] // without the one on the region
	if findParameter(reflect.TypeFor[Request](), "RegionId") != nil {
		a.region = textOf[Request]("RegionId")
		admission = admissionRules
	}
	if a.admission == nil {
		a.admission = admission
	}
	if a.changes != "" {
		a.target = textOf[Request](a.changes)
	}
	if a.run == nil && findParameter(reflect.TypeFor[Request](), "ClientToken") != nil {
		a.token = textOf[Request]("ClientToken")
	}
	allActions = append(allActions, &a)
	return &a
}

// answerless makes a run of a method that returns no answer.
func answerless[Request any](
	method func(s *Service, ctx context.Context, caller Caller, req Request) error,
) func(*Service, context.Context, Caller, Request) (Empty, error) {
	return func(s *Service, ctx context.Context, caller Caller, req Request) (Empty, error) {
		return Empty{}, method(s, ctx, caller, req)
	}
}

// errorsOf returns the errors of a table of rules.
func errorsOf[T any](rules []rule[T]) []*Error {
	out := make([]*Error, 0, len(rules))
	for _, r := range rules {
		out = append(out, r.err)
	}
	return out
}
