package service

import (
	"context"

	"enisim/service/scenario"
)

// ExportAccount returns a scenario of all that an account has at one moment. Applying it gives the
// same world. It includes the access keys with their secrets if withKeys is set.
func (s *Service) ExportAccount(ctx context.Context, id string, withKeys bool) ([]byte, error) {
	return s.exportWithin(ctx, id, withKeys, scenario.FileLimits)
}

// ExportAccountOverHTTP returns ExportAccount for a server, which bounds the memory of the control
// API.
func (s *Service) ExportAccountOverHTTP(ctx context.Context, id string, withKeys bool) (text []byte, err error) {
	err = s.withWorldRoom(ctx, func(limits scenario.Limits) (err error) {
		text, err = s.exportWithin(ctx, id, withKeys, limits)
		return err
	})
	return text, explainScenarioError(err)
}

func (s *Service) exportWithin(ctx context.Context, id string, withKeys bool, limits scenario.Limits) ([]byte, error) {
	if !accountIDPattern.MatchString(id) {
		return nil, errInvalidAccountID(id)
	}
	if err := s.checkWorldSize(ctx, []string{id}, limits, "enisim scenario export"); err != nil {
		return nil, err
	}
	text, err := scenario.Export(ctx, s.store, id, withKeys, s.now())
	if err == nil && text == nil {
		err = errNoAccount(id)
	}
	return text, err
}
