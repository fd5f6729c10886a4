package httpapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"enisim.alt/service/operator"
)

// createKeyRequest is the request for an access key. Names are as in scenarios.
type createKeyRequest struct {
	Account   string `json:"account"`
	RAMUser   string `json:"ram_user"`
	ExpiresIn string `json:"expires_in"` // such as 1h; "" is never
	Temporary bool   `json:"temporary"`
}

type keyReply struct {
	ID        string     `json:"id"`
	Account   string     `json:"account"`
	RAMUser   string     `json:"ram_user,omitempty"`
	Status    string     `json:"status"`
	Temporary bool       `json:"temporary"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
}

// newKeyReply is the only reply with a secret. newAccountReply contains it.
type newKeyReply struct {
	keyReply
	Secret        string `json:"secret"`
	SecurityToken string `json:"security_token,omitempty"`
}

type keysReply struct {
	Keys []keyReply `json:"keys"`
}

func newKey(k operator.AccessKey) keyReply {
	return keyReply{
		ID:        k.ID,
		Account:   k.AccountID,
		RAMUser:   k.RAMUser,
		Status:    k.Status,
		Temporary: k.Temporary,
		ExpiresAt: k.ExpiresAt,
		CreatedAt: k.CreatedAt,
	}
}

func newCreatedKey(k operator.NewAccessKey) newKeyReply {
	return newKeyReply{newKey(k.AccessKey), k.Secret, k.SecurityToken}
}

// readExpiresIn parses a lifetime. "" is 0, which means for ever.
func readExpiresIn(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, newControlError(http.StatusBadRequest, "expires_in is a duration such as 30m or 1h, got %q", text)
	}
	return d, nil
}

func createKey(o *operator.Operator) control {
	return withBody(func(c echo.Context, r createKeyRequest) (int, any, error) {
		expiresIn, err := readExpiresIn(r.ExpiresIn)
		if err != nil {
			return 0, nil, err
		}
		key, err := o.CreateAccessKey(c.Request().Context(), operator.CreateAccessKeyRequest{
			AccountID: r.Account,
			RAMUser:   r.RAMUser,
			ExpiresIn: expiresIn,
			Temporary: r.Temporary,
		})
		return http.StatusCreated, newCreatedKey(key), err
	})
}

func listKeys(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		keys, err := o.AccessKeys(c.Request().Context(), queryOf(c, "account"))
		return http.StatusOK, keysReply{mapEach(keys, newKey)}, err
	}
}

func disableKey(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		key, err := o.DisableAccessKey(c.Request().Context(), c.Param("id"))
		return http.StatusOK, newKey(key), err
	}
}

func deleteKey(o *operator.Operator) control {
	return func(c echo.Context) (int, any, error) {
		return http.StatusNoContent, nil, o.DeleteAccessKey(c.Request().Context(), c.Param("id"))
	}
}
