package service

import (
	"context"

	"enisim/service/scenario"
)

// ExportAccount makes a scenario of all that an account has, as it stands at one moment: applied, it gives the same world. Its access keys are in it
// with their secrets, or not at all.
func (s *Service) ExportAccount(ctx context.Context, id string, withKeys bool) ([]byte, error) {
	if !accountForm.MatchString(id) {
		return nil, notAnAccount(id)
	}
	text, err := scenario.Export(ctx, s.store, id, withKeys, s.moment())
	if err == nil && text == nil {
		err = noAccount(id)
	}
	return text, err
}
