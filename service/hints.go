package service

// hints say what would have to change for a refused request to succeed, by the code of the refusal.
var hints = map[string]string{
	EniPerInstanceLimitExceeded.Code: "Detach an interface from the instance, or use an instance type with more interfaces " +
		"(EniQuantity). An interface that is Detaching counts until it is Available.",
	InvalidEniState.Code: "Wait until the interface is Available, or detach it from its instance first.",
}

// hintFor returns the hint for a code, or "" if there is none.
func hintFor(code string) string { return hints[code] }
