/**
 * The weights inside an ONNX file, without a runtime. Not for running graphs: only reads float tensors, in file order.
 * Format: protobuf, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (field numbers below).
 */
export interface Tensor { name: string, dims: number[], values: Float32Array }

interface Field { number: number, varint: number, bytes?: Uint8Array }

const FLOAT = 1
const MODEL_GRAPH = 7
const GRAPH_NODE = 1
const GRAPH_INITIALIZER = 5
const NODE_ATTRIBUTE = 5
const ATTRIBUTE_TENSOR = 5
const ATTRIBUTE_GRAPH = 6
const TENSOR_DIMS = 1
const TENSOR_TYPE = 2
const TENSOR_NAME = 8
const TENSOR_RAW = 9

/** @throws RangeError when the file ends early or is no protobuf. */
export function readFloatTensors(file: Uint8Array): Tensor[] {
  const tensors: Tensor[] = []
  for (const field of fieldsOf(file)) if (field.number === MODEL_GRAPH && field.bytes) collectGraph(field.bytes, tensors)
  return tensors
}

function collectGraph(bytes: Uint8Array, into: Tensor[]): void {
  for (const { number, bytes: inner } of fieldsOf(bytes)) {
    if (!inner) continue
    if (number === GRAPH_INITIALIZER) collectTensor(inner, into)
    if (number !== GRAPH_NODE) continue
    for (const attribute of fieldsOf(inner)) if (attribute.number === NODE_ATTRIBUTE && attribute.bytes) collectAttribute(attribute.bytes, into)
  }
}

function collectAttribute(bytes: Uint8Array, into: Tensor[]): void {
  for (const { number, bytes: inner } of fieldsOf(bytes)) {
    if (!inner) continue
    if (number === ATTRIBUTE_TENSOR) collectTensor(inner, into)
    if (number === ATTRIBUTE_GRAPH) collectGraph(inner, into)
  }
}

function collectTensor(bytes: Uint8Array, into: Tensor[]): void {
  const fields = fieldsOf(bytes)
  const raw = fields.find(field => field.number === TENSOR_RAW)?.bytes
  if (!raw || fields.find(field => field.number === TENSOR_TYPE)?.varint !== FLOAT) return
  const name = fields.find(field => field.number === TENSOR_NAME)?.bytes
  into.push({
    name: name ? new TextDecoder().decode(name) : '',
    dims: fields.filter(field => field.number === TENSOR_DIMS && !field.bytes).map(field => field.varint),
    // Copied, because raw data is not aligned to four bytes inside the file (and Node's Buffer.slice would not copy).
    values: new Float32Array(Uint8Array.from(raw).buffer),
  })
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RangeError('the file ends inside a number')
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  const take = (length: number) => {
    if (at + length > bytes.length) throw new RangeError('the file ends inside a field')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = varint()
    const number = Math.floor(tag / 8)
    switch (tag % 8) {
      case 0: fields.push({ number, varint: varint() }); break
      case 1: take(8); break
      case 2: fields.push({ number, varint: 0, bytes: take(varint()) }); break
      case 5: take(4); break
      default: throw new RangeError('the file is no ONNX model')
    }
  }
  return fields
}
