package httpapi

import (
	"strconv"

	"enisim.alt/service"
)

// keyPairResultsReply has numbers as texts, because SDKs read them so.
type keyPairResultsReply struct {
	Reply
	KeyPairName string
	TotalCount  string
	FailCount   string
	Results     struct{ Result []keyPairResult }
}

// keyPairResult is what has become of one instance. Code is 200 if it was changed.
type keyPairResult struct{ InstanceId, Code, Message, Success string }

// newKeyPairResultsResponse renders the answers of AttachKeyPair and DetachKeyPair.
func newKeyPairResultsResponse(r service.InstanceResults) any {
	reply := &keyPairResultsReply{
		KeyPairName: r.Name, TotalCount: strconv.Itoa(len(r.Results)), FailCount: strconv.Itoa(r.Failed()),
	}
	reply.Results.Result = mapEach(r.Results, func(result service.InstanceResult) keyPairResult {
		if result.Refusal != nil {
			return keyPairResult{result.InstanceID, result.Refusal.Code, result.Refusal.Message, "false"}
		}
		return keyPairResult{result.InstanceID, "200", "successful", "true"}
	})
	return reply
}
