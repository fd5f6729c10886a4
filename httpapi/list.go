package httpapi

import (
	"maps"
	"slices"

	"enisim.alt/service"
)

// Formats of times on the wire: those of interfaces and networks have seconds, those of instances
// have none.
const (
	timeWithSeconds = "2006-01-02T15:04:05Z"
	timeWithMinutes = "2006-01-02T15:04Z"
)

// pageReply has the fields of a page in the reply of a list, next to Reply.
type pageReply struct {
	NextToken  string
	PageNumber int
	PageSize   int
	TotalCount int
}

func pageOf[T any](list service.List[T]) pageReply {
	return pageReply{list.NextToken, list.PageNumber, list.PageSize, list.TotalCount}
}

// numberedPageReply is pageReply where pages go by number only.
type numberedPageReply struct {
	PageNumber int
	PageSize   int
	TotalCount int
}

func numberedPageOf[T any](list service.List[T]) numberedPageReply {
	return numberedPageReply{list.PageNumber, list.PageSize, list.TotalCount}
}

// mapEach returns a list for the wire. Without items it is empty, never null.
func mapEach[T, Wire any](items []T, spell func(T) Wire) []Wire {
	out := make([]Wire, 0, len(items))
	for _, item := range items {
		out = append(out, spell(item))
	}
	return out
}

func identity(s string) string { return s }

// ecsTags are tags in replies of ECS; VPC uses Key and Value.
type ecsTags struct{ Tag []ecsTag }

type ecsTag struct{ TagKey, TagValue string }

func newECSTags(tags map[string]string) ecsTags {
	return ecsTags{mapEach(slices.Sorted(maps.Keys(tags)), func(key string) ecsTag { return ecsTag{key, tags[key]} })}
}
