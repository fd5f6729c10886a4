package operator

import (
	"context"

	"enisim.alt/service/scenario"
)

// maxExportedText is the size of the largest scenario that a server returns, in bytes.
const maxExportedText = 8 << 20

const exportCommand = "enisim scenario export"

// ExportAccount returns a scenario of all resources of an account, from one snapshot of the
// database. Applying it gives the same world. It includes the access keys with their secrets if
// withKeys is set.
func (o *Operator) ExportAccount(ctx context.Context, id string, withKeys bool) ([]byte, error) {
	if !accountIDPattern.MatchString(id) {
		return nil, errInvalidAccountID(id)
	}
	text, err := scenario.Export(ctx, o.store, id, withKeys, o.service.Now())
	if err == nil && text == nil {
		err = errNoAccount(id)
	}
	return text, err
}

// ExportAccountOverHTTP returns ExportAccount for a server, which bounds the memory of the control
// API. An account that is too large is an Error.
func (o *Operator) ExportAccountOverHTTP(ctx context.Context, id string, withKeys bool) (text []byte, err error) {
	err = o.withWorldRoom(ctx, func(limits scenario.Limits) (err error) {
		if err := o.checkWorldSize(ctx, []string{id}, limits, exportCommand); err != nil {
			return err
		}
		text, err = o.ExportAccount(ctx, id, withKeys)
		return err
	})
	if err == nil && len(text) > maxExportedText {
		err = worldTooLarge{len(text), maxExportedText, "bytes as a scenario", exportCommand}
	}
	if err != nil {
		return nil, explainScenarioError(err)
	}
	return text, nil
}
