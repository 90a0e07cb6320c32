package synth

import (
	"math"
	"math/bits"

	"github.com/mewkiz/flac/frame"
)

const (
	lpcOrder     = 8
	lpcPrecision = 14 // bits of a quantised coefficient
	maxPartOrder = 6  // at most 2^6 Rice partitions in a frame
	maxRice      = 14 // 15 is the escape code
)

// lpcAnalyser finds the linear predictor of a block by autocorrelation and the
// Levinson–Durbin recursion (Makhoul 1975), as FLAC encoders do.
type lpcAnalyser struct {
	window   []float64
	windowed []float64
	residual []int32
	coeffs   [2][lpcOrder]int32 // two subframes are alive at a time
	parts    [2][1 << maxPartOrder]frame.RicePartition
	rice     [2]frame.RiceSubframe
	turn     int
}

func newLPCAnalyser(block int) lpcAnalyser {
	a := lpcAnalyser{
		window:   make([]float64, block),
		windowed: make([]float64, block),
		residual: make([]int32, block),
	}
	for i := range a.window {
		// Welch's parabola is cheap and good enough for prediction.
		x := (float64(i)+0.5)/float64(block)*2 - 1
		a.window[i] = 1 - x*x
	}
	return a
}

// analyse returns the header of the cheapest coding of x.
func (a *lpcAnalyser) analyse(x []int32, bps uint) frame.SubHeader {
	a.turn ^= 1
	if isConstant(x) {
		return frame.SubHeader{Pred: frame.PredConstant}
	}
	verbatim := frame.SubHeader{Pred: frame.PredVerbatim}
	if len(x) < 4*lpcOrder {
		return verbatim
	}
	coeffs, shift, ok := a.predictor(x)
	hdr := frame.SubHeader{Pred: frame.PredFixed, Order: 2, Coeffs: frame.FixedCoeffs[2]}
	if ok {
		hdr = frame.SubHeader{
			Pred: frame.PredFIR, Order: lpcOrder,
			CoeffPrec: lpcPrecision, CoeffShift: shift, Coeffs: coeffs,
		}
	}
	res := a.residuals(x, hdr.Coeffs, hdr.CoeffShift)
	cost := a.partition(res, len(x), hdr.Order)
	if cost+hdr.Order*int(bps) > len(x)*int(bps) {
		return verbatim
	}
	hdr.ResidualCodingMethod = frame.ResidualCodingMethodRice1
	hdr.RiceSubframe = &a.rice[a.turn]
	return hdr
}

func isConstant(x []int32) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}

// predictor returns quantised coefficients, or false where the block has no
// usable spectrum.
func (a *lpcAnalyser) predictor(x []int32) ([]int32, int32, bool) {
	w := a.windowed[:len(x)]
	scale := float64(len(a.window)) / float64(len(x))
	for i, v := range x {
		w[i] = float64(v) * a.window[int(float64(i)*scale)]
	}
	var r [lpcOrder + 1]float64
	for lag := range r {
		var sum float64
		tail := w[lag:]
		head := w[:len(tail)]
		for i, v := range tail {
			sum += v * head[i]
		}
		r[lag] = sum
	}
	lpc, ok := levinson(&r)
	if !ok {
		return nil, 0, false
	}
	return a.quantise(&lpc)
}

// levinson solves the normal equations for the predictor coefficients.
func levinson(r *[lpcOrder + 1]float64) (lpc [lpcOrder]float64, ok bool) {
	errPower := r[0] * (1 + 1e-9)
	if errPower <= 0 {
		return lpc, false
	}
	for i := range lpc {
		acc := r[i+1]
		for j := range i {
			acc -= lpc[j] * r[i-j]
		}
		k := acc / errPower
		prev := lpc
		lpc[i] = k
		for j := range i {
			lpc[j] = prev[j] - k*prev[i-1-j]
		}
		errPower *= 1 - k*k
		if errPower <= 0 {
			return lpc, false
		}
	}
	return lpc, true
}

// quantise scales the coefficients to integers, carrying the rounding error
// from one to the next.
func (a *lpcAnalyser) quantise(lpc *[lpcOrder]float64) ([]int32, int32, bool) {
	largest := 0.0
	for _, c := range lpc {
		largest = math.Max(largest, math.Abs(c))
	}
	if largest == 0 {
		return nil, 0, false
	}
	_, exp := math.Frexp(largest)
	shift := min(lpcPrecision-1-exp, 15)
	if shift < 0 {
		return nil, 0, false
	}
	const limit = 1 << (lpcPrecision - 1)
	out := a.coeffs[a.turn][:]
	carry := 0.0
	for i, c := range lpc {
		carry += c * float64(int(1)<<shift)
		q := min(max(math.Round(carry), -limit), limit-1)
		carry -= q
		out[i] = int32(q)
	}
	return out, int32(shift), true
}

// residuals is what the predictor leaves of x.
func (a *lpcAnalyser) residuals(x, coeffs []int32, shift int32) []int32 {
	order := len(coeffs)
	res := a.residual[:len(x)-order]
	for i := range res {
		var sum int64
		past := x[i : i+order]
		for j, c := range coeffs {
			sum += int64(c) * int64(past[order-1-j])
		}
		res[i] = x[i+order] - int32(sum>>uint(shift))
	}
	return res
}

// partition chooses the Rice partitions of the residuals, remembers them in
// a.rice, and returns their cost in bits.
func (a *lpcAnalyser) partition(res []int32, n, order int) int {
	top := 0
	for top < maxPartOrder && n%(2<<top) == 0 && n>>(top+1) > order {
		top++
	}
	var sums [1 << maxPartOrder]uint64
	size := n >> top
	for i, r := range res {
		sums[(i+order)/size] += uint64(uint32(r<<1) ^ uint32(r>>31))
	}
	best, bestOrder := math.MaxInt, 0
	for p := top; p >= 0; p-- {
		cost := 0
		for i := range 1 << p {
			_, c := riceCost(sums[i], partLen(n, order, p, i))
			cost += c
		}
		if cost < best {
			best, bestOrder = cost, p
			for i := range 1 << p {
				k, _ := riceCost(sums[i], partLen(n, order, p, i))
				a.parts[a.turn][i] = frame.RicePartition{Param: k}
			}
		}
		for i := range 1 << p >> 1 {
			sums[i] = sums[2*i] + sums[2*i+1]
		}
	}
	a.rice[a.turn] = frame.RiceSubframe{
		PartOrder:  bestOrder,
		Partitions: a.parts[a.turn][:1<<bestOrder],
	}
	return best
}

func partLen(n, order, partOrder, i int) int {
	size := n >> partOrder
	if i == 0 {
		return size - order
	}
	return size
}

// riceCost returns the Rice parameter for n values of the given sum and the
// bits that coding them takes.
func riceCost(sum uint64, n int) (param uint, cost int) {
	k := 0
	if mean := sum / uint64(max(n, 1)); mean > 0 {
		k = min(bits.Len64(mean)-1, maxRice)
	}
	cost = 4 + n*(k+1) + int(sum>>uint(k))
	if k < maxRice {
		if c := 4 + n*(k+2) + int(sum>>uint(k+1)); c < cost {
			return uint(k + 1), c
		}
	}
	return uint(k), cost
}
