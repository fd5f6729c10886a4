package httpapi

import "enisim.alt/service"

type describeAccountAttributesReply struct {
	Reply
	AccountAttributeItems struct{ AccountAttributeItem []accountAttribute }
}

type accountAttribute struct {
	AttributeName   string
	AttributeValues struct{ ValueItem []accountAttributeValue }
}

type accountAttributeValue struct {
	Value        string
	DiskCategory string `json:",omitempty" xml:",omitempty"`
}

func newAccountAttributesResponse(attributes []service.AccountAttribute) any {
	reply := &describeAccountAttributesReply{}
	reply.AccountAttributeItems.AccountAttributeItem = mapEach(attributes,
		func(a service.AccountAttribute) accountAttribute {
			out := accountAttribute{AttributeName: a.Name}
			out.AttributeValues.ValueItem = mapEach(a.Values,
				func(v service.AccountAttributeValue) accountAttributeValue { return accountAttributeValue(v) })
			return out
		})
	return reply
}
