package service

// Errors of the reads of instances and of the catalogue (reference, actions.md, sections 2.5 and 2.6). Where no text is known, it is ours.
var (
	InvalidAcceptLanguageNotFound = declare(404, "InvalidAcceptLanguage.NotFound", "The AcceptLanguage provided does not exist in our records.")
	InvalidZoneIDNotInRecords     = declare(404, "InvalidZoneId.NotFound", "The ZoneId provided does not exist in our records.")
)
