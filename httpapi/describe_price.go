package httpapi

import (
	"math"

	"enisim.alt/service"
)

type describePriceReply struct {
	Reply
	PriceInfo priceInfo
}

type priceInfo struct {
	Price price
	Rules struct{ Rule []struct{} }
}

type price struct {
	Currency                                 string
	OriginalPrice, DiscountPrice, TradePrice float64
}

func newPriceResponse(p service.Price) any {
	reply := &describePriceReply{}
	cents := math.Round(p.CNY*1e4) / 1e4
	reply.PriceInfo.Price = price{Currency: "CNY", OriginalPrice: cents, TradePrice: cents}
	reply.PriceInfo.Rules.Rule = []struct{}{}
	return reply
}
