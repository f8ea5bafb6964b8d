package scheduler

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// fsrs5 holds the default weights of FSRS-5.
var fsrs5 = []float64{
	.40255, 1.18385, 3.173, 15.69105, 7.1949, .5345, 1.4604, .0046, 1.54575, .1192, 1.01925, 1.9395, .11, .29605, 2.2698, .2315, 2.9898, .51655, .6621,
}

// model5 returns the code under test with the constants of FSRS-5.
func model5(t testing.TB, weights []float64, retention float64) Model {
	m := model6(t, weights, retention)
	m.leastStability, m.leastSameDay = 0.01, 0
	return m
}

func model6(t testing.TB, weights []float64, retention float64) Model {
	t.Helper()
	m, err := NewModel(weights, retention)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// near reports whether two numbers agree to rel.
func near(got, want, rel float64) bool {
	return math.Abs(got-want) <= rel*math.Max(math.Abs(got), math.Abs(want))
}

// A history is one card as a real fsrs-rs binary saw it: after each rating, what
// each of the four ratings would give next.
type history struct {
	Weights   []float64 `json:"w"`
	Retention float64   `json:"desired_retention"`
	Steps     []struct {
		Rating Rating        `json:"rating"`
		Days   int           `json:"delta_t"`
		Next   [4][3]float64 `json:"next"` // stability, difficulty, raw interval
	} `json:"steps"`
}

func golden(t testing.TB, name string) (all []history) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// replay walks a history along its own ratings and returns what does not agree
// to 1e-4 (fsrs-rs computes in float32), and how many numbers were compared.
func replay(m Model, h history) (wrong []string, compared int) {
	var s, d float64
	for i, step := range h.Steps {
		var next [4][3]float64
		for _, r := range Ratings {
			s2, d2 := m.Init(r)
			if i > 0 {
				s2, d2 = m.Step(s, d, step.Days, r)
			}
			next[r-1] = [3]float64{s2, d2, m.Interval(s2)}
			for j, name := range []string{"stability", "difficulty", "interval"} {
				compared++
				if got, want := next[r-1][j], step.Next[r-1][j]; !near(got, want, 1e-4) {
					wrong = append(wrong, fmt.Sprintf("step %d, %s after %d days: %s %.8g, want %.8g", i, r, step.Days, name, got, want))
				}
			}
		}
		s, d = next[step.Rating-1][0], next[step.Rating-1][1]
	}
	return wrong, compared
}

var goldens = []struct {
	file  string
	model func(testing.TB, []float64, float64) Model
}{
	{"fsrs6_golden_fsrs-rs-6.5.json", model6},
	{"fsrs5_golden_fsrs-rs-2.0.4.json", model5},
}

func TestGolden(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.file, func(t *testing.T) {
			compared := 0
			for i, h := range golden(t, g.file) {
				wrong, n := replay(g.model(t, h.Weights, h.Retention), h)
				for _, w := range wrong {
					t.Errorf("history %d: %s", i, w)
				}
				compared += n
			}
			if compared < 30000 {
				t.Errorf("only %d numbers compared", compared)
			}
		})
	}
}

// The comparison above notices when any one weight is off by one percent, and
// when one version's constants are used for the other.
func TestGoldenCanFail(t *testing.T) {
	for _, g := range goldens {
		all := golden(t, g.file)
		for i := range all[0].Weights {
			if !slices.ContainsFunc(all, func(h history) bool {
				w := slices.Clone(h.Weights)
				w[i] *= 1.01
				wrong, _ := replay(g.model(t, w, h.Retention), h)
				return len(wrong) > 0
			}) {
				t.Errorf("%s: nobody noticed a different w%d", g.file, i)
			}
		}
	}
	for i, g := range goldens {
		other := goldens[1-i].model
		if !slices.ContainsFunc(golden(t, g.file), func(h history) bool {
			wrong, _ := replay(other(t, h.Weights, h.Retention), h)
			return len(wrong) > 0
		}) {
			t.Errorf("%s: nobody noticed the other version", g.file)
		}
	}
}

// A twin is the model written once more, from the published formulas and
// nothing else: without go-fsrs and the recipe that makes it exact.
type twin struct {
	w              [21]float64
	least, sameDay float64
}

var twin6 = func(w [21]float64) twin { return twin{w, 0.001, 1} }

func (m twin) recall(s, t float64) float64 {
	decay := -m.w[20]
	factor := math.Pow(0.9, 1/decay) - 1
	return math.Pow(1+factor*t/s, decay)
}

func (m twin) pass(s, d, recall float64, r Rating) float64 {
	inc := math.Exp(m.w[8]) * (11 - d) * math.Pow(s, -m.w[9]) * (math.Exp(m.w[10]*(1-recall)) - 1)
	switch r {
	case Hard:
		inc *= m.w[15]
	case Easy:
		inc *= m.w[16]
	}
	return s * (1 + inc)
}

func (m twin) fail(s, d, recall float64) float64 {
	f := m.w[11] * math.Pow(d, -m.w[12]) * (math.Pow(s+1, m.w[13]) - 1) * math.Exp(m.w[14]*(1-recall))
	return math.Min(f, s/math.Exp(m.w[17]*m.w[18]))
}

func (m twin) short(s float64, r Rating) float64 {
	q := math.Exp(m.w[17]*(float64(r)-3+m.w[18])) * math.Pow(s, -m.w[19])
	if r >= Hard && q < m.sameDay {
		q = m.sameDay
	}
	return s * q
}

func (m twin) difficulty(d float64, r Rating) float64 {
	n := d + (10-d)*(-m.w[6]*(float64(r)-3))/9
	d04 := m.w[4] - math.Exp(3*m.w[5]) + 1
	return math.Min(math.Max(m.w[7]*(d04-n)+n, 1), 10)
}

func (m twin) bound(s float64) float64 { return math.Min(math.Max(s, m.least), 36500) }

func (m twin) step(s, d float64, days int, r Rating) (s2, d2 float64) {
	s, d = m.bound(s), math.Min(math.Max(d, 1), 10)
	t := math.Min(float64(days), 36500)
	switch {
	case days <= 0:
		s2 = m.short(s, r)
	case r == Again:
		s2 = m.fail(s, d, m.recall(s, t))
	default:
		s2 = m.pass(s, d, m.recall(s, t), r)
	}
	return m.bound(s2), m.difficulty(d, r)
}

func (m twin) interval(s, retention float64) float64 {
	decay := -m.w[20]
	return s / (math.Pow(0.9, 1/decay) - 1) * (math.Pow(retention, 1/decay) - 1)
}

// drawWeights draws weights anywhere in their ranges.
func drawWeights(t *rapid.T) []float64 {
	w := make([]float64, 21)
	for i, b := range weightBounds {
		w[i] = rapid.Float64Range(b[0], b[1]).Draw(t, fmt.Sprintf("w%d", i))
	}
	return w
}

// drawStability draws over the whole range, each order of magnitude alike.
func drawStability(t *rapid.T) float64 {
	return clamp(math.Pow(10, rapid.Float64Range(-3, 4.5623).Draw(t, "log stability")), minStability, maxStability)
}

// checkTwin compares the path through go-fsrs with the twin.
func checkTwin(t *rapid.T) {
	w := drawWeights(t)
	retention := rapid.Float64Range(0.7, 0.99).Draw(t, "retention")
	m, err := NewModel(w, retention)
	if err != nil {
		t.Fatal(err)
	}
	slow := twin6([21]float64(w))
	s, d := drawStability(t), rapid.Float64Range(1, 10).Draw(t, "difficulty")
	days := rapid.OneOf(rapid.IntRange(-2, 2), rapid.IntRange(0, 1000), rapid.IntRange(0, 200000)).Draw(t, "days")
	r := rapid.SampledFrom(Ratings[:]).Draw(t, "rating")
	s2, d2 := m.Step(s, d, days, r)
	wantS, wantD := slow.step(s, d, days, r)
	if !near(s2, wantS, 1e-9) || !near(d2, wantD, 1e-9) {
		t.Fatalf("step(%g, %g, %d, %s) = %g, %g; the twin has %g, %g", s, d, days, r, s2, d2, wantS, wantD)
	}
	if got, want := m.Interval(s2), slow.interval(s2, retention); !near(got, want, 1e-9) {
		t.Fatalf("interval(%g) = %g, the twin has %g", s2, got, want)
	}
	if got, want := m.Retrievability(s, float64(max(days, 0))), slow.recall(s, float64(max(days, 0))); !near(got, want, 1e-9) {
		t.Fatalf("recall(%g, %d) = %g, the twin has %g", s, days, got, want)
	}
}

func TestModelAndTwin(t *testing.T) { rapid.Check(t, checkTwin) }

func FuzzModelAndTwin(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkTwin)) }

// The twin's formulas are those of other implementations (ts-fsrs, py-fsrs).
func TestTwinVectors(t *testing.T) {
	six := twin6(fsrs6)
	five := twin{w: [21]float64{20: .5}, least: .01}
	copy(five.w[:], fsrs5)
	recall := [4]float64{.9, .8, .7, .6}
	for _, tt := range []struct {
		name string
		got  func(i int) float64
		want [4]float64
	}{
		{"6 difficulty", func(i int) float64 { return six.difficulty(5, Ratings[i]) }, [4]float64{8.34176237, 6.66599536, 4.99022837, 3.31446137}},
		{"6 fail", func(i int) float64 {
			f := six
			f.w[17], f.w[18] = 0, 0 // without the ceiling
			return f.fail(5, float64(i+1), recall[i])
		}, [4]float64{1.05253961, 1.18943295, 1.36808387, 1.58498896}},
		{"6 same day", func(i int) float64 { return six.short(5, Ratings[i]) }, [4]float64{1.596818, 5, 5, 8.12960956}},
		{"6 pass", func(i int) float64 { return six.pass(5, float64(i+1), recall[i], Ratings[i]) }, [4]float64{25.60252118, 28.22657096, 58.65599107, 127.2266925}},
		{"6 recall", func(i int) float64 { return six.recall(1, float64(i)) }, [4]float64{1, .9, .84588465, .8093881}},
		{"5 difficulty", func(i int) float64 { return five.difficulty(5, Ratings[i]) }, [4]float64{6.60703511, 5.7994339, 4.99183271, 4.18423151}},
		{"5 fail", func(i int) float64 { return five.fail(5, float64(i+1), recall[i]) }, [4]float64{1.70284991, 1.97988166, 2.37599408, 2.88853913}},
		{"5 same day", func(i int) float64 { return five.short(5, Ratings[i]) }, [4]float64{2.50514262, 4.19920687, 7.03885607, 11.79877447}},
		{"5 pass", func(i int) float64 { return five.pass(5, float64(i+1), recall[i], Ratings[i]) }, [4]float64{25.77614184, 14.12189062, 60.40439635, 208.97595604}},
		{"5 recall", func(i int) float64 { return five.recall(float64(i+1), float64(i+1)) }, [4]float64{.9, .9, .9, .9}},
	} {
		for i, want := range tt.want {
			if got := tt.got(i); !near(got, want, 1e-6) {
				t.Errorf("FSRS-%s, number %d: %.9g, want %.9g", tt.name, i, got, want)
			}
		}
	}
}

func TestModelVectors(t *testing.T) {
	six := model6(t, DefaultWeights(), 0.9)
	wantS, wantD := [4]float64{.212, 1.2931, 2.3065, 8.2956}, [4]float64{6.4133, 5.11217071, 2.11810397, 1}
	for i, r := range Ratings {
		if s, d := six.Init(r); !near(s, wantS[i], 1e-8) || !near(d, wantD[i], 1e-8) {
			t.Errorf("first %s: %g, %g; want %g, %g", r, s, d, wantS[i], wantD[i])
		}
	}
	noShort := DefaultWeights()
	noShort[17], noShort[18], noShort[19] = 0, 0, 0
	p := []float64{
		.6845422, 1.6790825, 4.7349424, 10.042885, 7.4410233, .64219797, 1.071918, .0025195254, 1.432437, .1544, .8692766,
		2.0696752, .0953, .2975, 2.4691248, .19542035, 3.201072, .18046261, .121442534,
	}
	type rated struct {
		r    Rating
		days int
	}
	for _, tt := range []struct {
		name string
		m    Model
		log  []rated
		s, d float64
	}{
		{"AGGGGG", six, []rated{{1, 0}, {3, 0}, {3, 1}, {3, 3}, {3, 8}, {3, 21}}, 53.62691, 6.3574867},
		{"AGGGGG without short term", model6(t, noShort, .9), []rated{{1, 0}, {3, 0}, {3, 1}, {3, 3}, {3, 8}, {3, 21}}, 53.335106, 6.3574867},
		{"AA", six, []rated{{1, 0}, {1, 1}}, .10088589, 8.806304},
		{"HH", six, []rated{{2, 0}, {2, 1}}, 3.2494123, 6.7404594},
		{"GG", six, []rated{{3, 0}, {3, 1}}, 7.3153, 2.1112142},
		{"EE", six, []rated{{4, 0}, {4, 1}}, 18.014914, 1},
		{"AA2", six, []rated{{1, 0}, {1, 2}}, .112798266, 8.806304},
		{"HH2", six, []rated{{2, 0}, {2, 2}}, 4.4694576, 6.7404594},
		{"fsrs-rs 2.0.4", model5(t, p, .9), []rated{{1, 0}, {3, 1}, {3, 3}, {3, 8}, {3, 21}}, 31.722975, 7.382128},
		{"fsrs-rs 2.0.4, easy", model5(t, p, .9), []rated{{1, 0}, {3, 1}, {3, 3}, {3, 8}, {4, 21}}, 71.75015, 7.0728626},
	} {
		s, d := tt.m.Init(tt.log[0].r)
		for _, x := range tt.log[1:] {
			s, d = tt.m.Step(s, d, x.days, x.r)
		}
		if !near(s, tt.s, 1e-5) || !near(d, tt.d, 1e-5) { // they compute in float32
			t.Errorf("%s: %.8g, %.8g; want %.8g, %.8g", tt.name, s, d, tt.s, tt.d)
		}
	}
	for i, want := range []float64{3116769, 34793, 2508, 387, 90, 27, 9, 3, 1} { // retention .1 to .9
		if got := math.Round(model6(t, DefaultWeights(), float64(i+1)/10).Interval(1)); math.Abs(got-want) > 1 {
			t.Errorf("interval of a day at retention .%d: %g, want %g", i+1, got, want)
		}
	}
}

func TestModelStaysFinite(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	odd := []float64{nan, inf, -inf, -1, 0, math.SmallestNonzeroFloat64, minStability, 1, 10, maxStability, math.MaxFloat64}
	low, high := make([]float64, 21), make([]float64, 21)
	for i, b := range weightBounds {
		low[i], high[i] = b[0], b[1]
	}
	for _, w := range [][]float64{DefaultWeights(), fsrs5, low, high} {
		for _, retention := range []float64{0.7, 0.9, 0.99} {
			m := model6(t, w, retention)
			for _, s := range odd {
				for _, d := range odd {
					for _, days := range []int{math.MinInt, -1, 0, 1, 365, 36500, 200000, math.MaxInt} {
						for _, r := range Ratings {
							s2, d2 := m.Step(s, d, days, r)
							if !(s2 >= minStability && s2 <= maxStability && d2 >= 1 && d2 <= 10) {
								t.Fatalf("step(%g, %g, %d, %s) = %g, %g", s, d, days, r, s2, d2)
							}
						}
					}
				}
				for _, elapsed := range odd {
					if p := m.Retrievability(s, elapsed); !(p >= 0 && p <= 1) {
						t.Fatalf("recall(%g, %g) = %g", s, elapsed, p)
					}
				}
				if ivl := m.Interval(s); !(ivl > 0 && ivl < inf) {
					t.Fatalf("interval(%g) = %g", s, ivl)
				}
			}
		}
	}
}

func TestNewModelRefuses(t *testing.T) {
	bad := DefaultWeights()
	bad[4] = math.NaN()
	for _, tt := range []struct {
		weights   []float64
		retention float64
		want      string
	}{
		{nil, .9, "weights: want 21, or 19 of FSRS-5; got 0"},
		{make([]float64, 17), .9, "weights: want 21, or 19 of FSRS-5; got 17"},
		{bad, .9, "weights: w4 is NaN, not a finite number"},
		{DefaultWeights(), math.NaN(), "desired retention NaN: want more than 0 and less than 1"},
		{DefaultWeights(), 1, "desired retention 1: want more than 0 and less than 1"},
	} {
		if _, err := NewModel(tt.weights, tt.retention); err == nil || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestWeightsAreWidenedAndBounded(t *testing.T) {
	w, err := widen(fsrs5)
	if err != nil || w[19] != 0 || w[20] != 0.5 || w[18] != fsrs5[18] {
		t.Errorf("widened to %v (%v)", w, err)
	}
	wild := slices.Repeat([]float64{1e9}, 21)
	w, err = widen(wild)
	for i, b := range weightBounds {
		if w[i] != b[1] || err != nil {
			t.Errorf("w%d is %g (%v), want %g", i, w[i], err, b[1])
		}
	}
	if wild[0] != 1e9 {
		t.Error("the caller's weights were changed")
	}
	fresh := DefaultWeights()
	fresh[0] = 99
	if DefaultWeights()[0] == 99 {
		t.Error("DefaultWeights shares its slice")
	}
}

func BenchmarkStep(b *testing.B) {
	m := model6(b, DefaultWeights(), 0.9)
	b.ReportAllocs()
	for b.Loop() {
		m.Step(20, 5, 18, Good)
	}
}

func BenchmarkStepSameDay(b *testing.B) {
	m := model6(b, DefaultWeights(), 0.9)
	b.ReportAllocs()
	for b.Loop() {
		m.Step(20, 5, 0, Good)
	}
}
