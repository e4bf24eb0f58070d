/**
 * Silero VAD v5 at 16 kHz, in plain TypeScript: short-time spectrum → four convolutions → LSTM → one probability.
 * Why not a runtime: sherpa-onnx answers only yes or no (no probability for `turn_detection.threshold`), and the network is
 * small (0.7 million multiplications, 0.3 ms a frame): ONNX Runtime would bring 80 MB for nothing.
 */
import { readFloatTensors, type Tensor } from './onnx-tensors.ts'

export const SILERO_SAMPLE_RATE = 16_000
export const SILERO_FRAME_SAMPLES = 512
/** End of the previous frame that the network sees again. */
const CONTEXT_SAMPLES = 64
const SPECTRUM_WINDOW = 256
const SPECTRUM_HOP = 128
const SPECTRUM_BINS = 129
const SPECTRUM_STEPS = 4
const REFLECTED_SAMPLES = 64
const HIDDEN = 128

interface Convolution { kernel: Float32Array, bias: Float32Array, inputs: number, outputs: number, stride: number }
export interface SileroWeights {
  spectrum: Float32Array
  encoder: Convolution[]
  inputGates: Float32Array
  stateGates: Float32Array
  gateBias: Float32Array
  output: Float32Array
  outputBias: number
}

/** @throws Error with one sentence when the file is not Silero v5. */
export function readSileroWeights(file: Uint8Array): SileroWeights {
  const tensors = readFloatTensors(file)
  // The file holds two networks with equal names, 8 kHz and 16 kHz: ours begins at the wider spectrum.
  const start = tensors.findIndex(tensor => tensor.name === 'stft.forward_basis_buffer' && tensor.dims[0] === 2 * SPECTRUM_BINS)
  const weight = (name: string, ...dims: number[]) => {
    const tensor = start < 0 ? undefined : tensors.slice(start).find(tensor => tensor.name === name)
    if (!tensor || tensor.dims.join() !== dims.join() || tensor.values.length !== dims.reduce((a, b) => a * b, 1)) throw new Error(`no Silero v5 model: ${name} is missing`)
    return tensor
  }
  const convolution = (index: number, outputs: number, inputs: number, stride: number): Convolution => ({
    kernel: tapMajor(weight(`encoder.${index}.reparam_conv.weight`, outputs, inputs, 3)),
    bias: weight(`encoder.${index}.reparam_conv.bias`, outputs).values,
    inputs, outputs, stride,
  })
  const inputBias = weight('decoder.rnn.bias_ih', 4 * HIDDEN).values
  const stateBias = weight('decoder.rnn.bias_hh', 4 * HIDDEN).values
  return {
    spectrum: weight('stft.forward_basis_buffer', 2 * SPECTRUM_BINS, 1, SPECTRUM_WINDOW).values,
    encoder: [convolution(0, 128, SPECTRUM_BINS, 1), convolution(1, 64, 128, 2), convolution(2, 64, 64, 2), convolution(3, 128, 64, 1)],
    inputGates: weight('decoder.rnn.weight_ih', 4 * HIDDEN, HIDDEN).values,
    stateGates: weight('decoder.rnn.weight_hh', 4 * HIDDEN, HIDDEN).values,
    gateBias: inputBias.map((bias, index) => bias + stateBias[index]!),
    output: weight('decoder.decoder.2.weight', 1, HIDDEN, 1).values,
    outputBias: weight('decoder.decoder.2.bias', 1).values[0]!,
  }
}

/** [out, in, tap] → [out, tap, in]: a product with one stretch of memory per tap. */
function tapMajor({ dims, values }: Tensor): Float32Array {
  const [outputs, inputs, taps] = dims as [number, number, number]
  const kernel = new Float32Array(values.length)
  for (let out = 0; out < outputs; out++) {
    for (let tap = 0; tap < taps; tap++) {
      for (let channel = 0; channel < inputs; channel++) kernel[(out * taps + tap) * inputs + channel] = values[(out * inputs + channel) * taps + tap]!
    }
  }
  return kernel
}

export interface SileroStream {
  /** Speech probability of the next 512 samples at 16 kHz, 0 to 1. */
  process(frame: Float32Array): number
  reset(): void
}

/** One listener's state (4 kB) over shared weights. */
export function createSileroStream(weights: SileroWeights): SileroStream {
  const samples = new Float32Array(CONTEXT_SAMPLES + SILERO_FRAME_SAMPLES + REFLECTED_SAMPLES)
  const hidden = new Float32Array(HIDDEN)
  const cell = new Float32Array(HIDDEN)
  return {
    process(frame) {
      const end = CONTEXT_SAMPLES + SILERO_FRAME_SAMPLES
      samples.copyWithin(0, SILERO_FRAME_SAMPLES, end)
      samples.set(frame, CONTEXT_SAMPLES)
      for (let i = 0; i < REFLECTED_SAMPLES; i++) samples[end + i] = samples[end - 2 - i]!
      let features = magnitudes(weights.spectrum, samples)
      let steps = SPECTRUM_STEPS
      for (const layer of weights.encoder) {
        features = convolve(layer, features, steps)
        steps = Math.ceil(steps / layer.stride)
      }
      remember(weights, features, hidden, cell)
      let sum = weights.outputBias
      for (let i = 0; i < HIDDEN; i++) sum += weights.output[i]! * Math.max(0, hidden[i]!)
      return sigmoid(sum)
    },
    reset() {
      samples.fill(0)
      hidden.fill(0)
      cell.fill(0)
    },
  }
}

function magnitudes(basis: Float32Array, samples: Float32Array): Float32Array {
  const result = new Float32Array(SPECTRUM_STEPS * SPECTRUM_BINS)
  for (let step = 0; step < SPECTRUM_STEPS; step++) {
    for (let bin = 0; bin < SPECTRUM_BINS; bin++) {
      const real = dot(basis, bin * SPECTRUM_WINDOW, samples, step * SPECTRUM_HOP, SPECTRUM_WINDOW)
      const imaginary = dot(basis, (bin + SPECTRUM_BINS) * SPECTRUM_WINDOW, samples, step * SPECTRUM_HOP, SPECTRUM_WINDOW)
      result[step * SPECTRUM_BINS + bin] = Math.sqrt(real * real + imaginary * imaginary)
    }
  }
  return result
}

/** Kernel of three, one step of padding at both ends, then the rectifier. Features lie step by step. */
function convolve({ kernel, bias, inputs, outputs, stride }: Convolution, features: Float32Array, steps: number): Float32Array {
  const outSteps = Math.ceil(steps / stride)
  const result = new Float32Array(outSteps * outputs)
  for (let step = 0; step < outSteps; step++) {
    for (let out = 0; out < outputs; out++) {
      let sum = bias[out]!
      for (let tap = 0; tap < 3; tap++) {
        const source = step * stride + tap - 1
        if (source >= 0 && source < steps) sum += dot(kernel, (out * 3 + tap) * inputs, features, source * inputs, inputs)
      }
      result[step * outputs + out] = Math.max(0, sum)
    }
  }
  return result
}

/** One LSTM step; gates in the order input, forget, candidate, output. */
function remember(weights: SileroWeights, input: Float32Array, hidden: Float32Array, cell: Float32Array): void {
  const gates = new Float32Array(4 * HIDDEN)
  for (let i = 0; i < gates.length; i++) {
    gates[i] = weights.gateBias[i]! + dot(weights.inputGates, i * HIDDEN, input, 0, HIDDEN) + dot(weights.stateGates, i * HIDDEN, hidden, 0, HIDDEN)
  }
  for (let i = 0; i < HIDDEN; i++) {
    cell[i] = sigmoid(gates[HIDDEN + i]!) * cell[i]! + sigmoid(gates[i]!) * Math.tanh(gates[2 * HIDDEN + i]!)
    hidden[i] = sigmoid(gates[3 * HIDDEN + i]!) * Math.tanh(cell[i]!)
  }
}

/** Four sums side by side: no sum has to wait for the one before it. */
function dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, length: number): number {
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    s0 += a[aAt + i]! * b[bAt + i]!
    s1 += a[aAt + i + 1]! * b[bAt + i + 1]!
    s2 += a[aAt + i + 2]! * b[bAt + i + 2]!
    s3 += a[aAt + i + 3]! * b[bAt + i + 3]!
  }
  for (let i = whole; i < length; i++) s0 += a[aAt + i]! * b[bAt + i]!
  return s0 + s1 + s2 + s3
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
