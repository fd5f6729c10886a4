package check

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/service"
	"enisim.alt/store"
)

// porcupineVerdict checks a whole history with porcupine, without the cuts and the sweep of Check.
func porcupineVerdict(t interface{ Fatal(...any) }, h *history.History, rules Rules) porcupine.CheckResult {
	w, err := newWorld(h, rules)
	if err != nil {
		t.Fatal(err)
	}
	p := &piece{index: map[int]int{}}
	for i := range w.limit {
		p.index[i] = i
		p.instances = append(p.instances, instanceState{instance: i, limit: w.limit[i], held: w.held[i]})
	}
	for eni, start := range w.start {
		e := episode{eni: eni, start: start}
		for _, o := range w.ops {
			if o.eni == eni {
				e.ops = append(e.ops, o)
			}
		}
		p.episodes = append(p.episodes, e)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	result, _ := w.newReferenceChecker(p).check(ctx)
	return result
}

// corrupt gives a random operation another answer.
func corrupt(r *rand.Rand, h *history.History) {
	o := &h.Operations[r.IntN(len(h.Operations))]
	o.Outcome, o.Code, o.Status, o.On, o.Error = history.OK, "", "", "", ""
	if o.Action == history.Describe {
		o.Status = store.ENIAvailable
		if r.IntN(2) == 0 {
			o.Status, o.On = store.ENIInUse, h.Instances[r.IntN(len(h.Instances))].ID
		}
		return
	}
	codes := []string{"", service.InvalidEniState.Code, service.EniPerInstanceLimitExceeded.Code, "Throttling"}
	if o.Action == history.Detach {
		codes = []string{"", service.InvalidEniState.Code, service.EniNotBelongEcs.Code, "Throttling"}
	}
	if o.Code = codes[r.IntN(len(codes))]; o.Code != "" {
		o.Outcome = history.Fail
	}
}

// Check has the same verdict as porcupine on random histories, valid or corrupted, with and without
// lost answers.
func TestAgreesWithPorcupine(t *testing.T) {
	t.Parallel()
	verdicts := map[Verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		rules := Rules{AcceptRepeats: rapid.Bool().Draw(t, "repeats")}
		h := generate(seed, shape{
			instances:  rapid.IntRange(1, 3).Draw(t, "instances"),
			interfaces: rapid.IntRange(1, 5).Draw(t, "interfaces"),
			limit:      rapid.IntRange(2, 4).Draw(t, "limit"), clients: rapid.IntRange(1, 6).Draw(t, "clients"),
			operations: rapid.IntRange(6, 24).Draw(t, "operations"), describes: .2,
			// In some histories the server and the checker have different rules.
			repeats: rapid.Float64Range(0, 1).Draw(t, "server's repeats") < .9 == rules.AcceptRepeats,
			unknown: rapid.SampledFrom([]float64{0, 0, .1, .3}).Draw(t, "unknown"),
		})
		r := rand.New(rand.NewPCG(seed, 2))
		for range rapid.IntRange(0, 2).Draw(t, "corruptions") {
			corrupt(r, h)
		}
		want := porcupineVerdict(t, h, rules)
		if want == porcupine.Unknown {
			t.Skip("porcupine alone reaches its timeout")
		}
		got, err := Check(context.Background(), h, rules)
		if err != nil {
			t.Fatal(err)
		}
		verdicts[got.Verdict]++
		if (got.Verdict == Linearizable) != (want == porcupine.Ok) || got.Verdict == Undecided {
			t.Fatalf("got verdict %d, want %s as porcupine, for %s", got.Verdict, want, historyText(h))
		}
	})
	t.Logf("%d linearizable, %d not", verdicts[Linearizable], verdicts[Violation])
}

// historyText returns the operations of a history as text, for failures.
func historyText(h *history.History) (text string) {
	for k := range h.Operations {
		o := &h.Operations[k]
		text += "\n" + seconds(o.Invoked) + "–" + seconds(o.Ended) + " " + callText(o) + ": " + answerText(o)
	}
	return text
}
