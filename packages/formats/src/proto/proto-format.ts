import {
  type DescMessage,
  fromBinary,
  fromJsonString,
  isMessage,
  type MessageShape,
  type Registry,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf'
import { asBuffer } from '../as-buffer.js'
import type { Format } from '../format.js'
import { FormatError } from '../format-error.js'
import { checkOptions, FormatOptionError, type OptionKinds } from '../format-option-error.js'
import { messageOf } from '../message-of.js'
import { decodeUtf8 } from '../utf8.js'

export interface ProtoOptions {
  /**
   * `binary` (the default); `base64` of it, for what takes text only; `json`, Protobuf's JSON mapping, of which unknown
   * fields and enum values are left out on reading, as a newer writer may have them.
   */
  readonly encoding?: 'binary' | 'base64' | 'json'
  /** Message types that a `google.protobuf.Any` or an extension in JSON may have. Default: none. */
  readonly registry?: Registry
}

const OPTIONS: OptionKinds<ProtoOptions> = { encoding: 'other', registry: 'other' }

const EQUALS_SIGN = '='.charCodeAt(0)

/**
 * A Protobuf message.
 *
 * @param schema As protoc-gen-es generates it (`OrderSchema`), or any message descriptor of @bufbuild/protobuf.
 * @throws FormatOptionError when the schema or the encoding is none.
 */
export function proto<Desc extends DescMessage>(schema: Desc, options: ProtoOptions = {}): Format<MessageShape<Desc>> {
  requireMessage('proto', schema)
  checkOptions('proto', options, OPTIONS)
  const { encoding = 'binary', registry } = options
  switch (encoding) {
    case 'binary':
      return {
        name: 'proto',
        decode: (bytes) => readProto('proto', schema, bytes),
        encode: (value) => writeProto('proto', schema, value),
      }
    case 'base64':
      return {
        name: 'proto in base64',
        decode: (bytes) => readProto('proto in base64', schema, fromBase64(bytes)),
        encode: (value) => Buffer.from(writeProto('proto in base64', schema, value).toString('base64'), 'latin1'),
      }
    case 'json':
      return protoJson(schema, registry)
    default:
      throw new FormatOptionError(`proto: encoding expects binary, base64 or json, not ${String(encoding)}`)
  }
}

/** What was imported under another name than the generated one is undefined, and no record would decode. */
export function requireMessage(what: string, schema: DescMessage): void {
  if ((schema as Partial<DescMessage> | undefined)?.kind === 'message') return
  throw new FormatOptionError(
    `${what} expects the schema of a message, such as OrderSchema of the generated order_pb.js`,
  )
}

function protoJson<Desc extends DescMessage>(schema: Desc, registry: Registry | undefined): Format<MessageShape<Desc>> {
  const name = 'proto as json'
  const readOptions = { ignoreUnknownFields: true, registry }
  const writeOptions = { registry }
  return {
    name,
    decode: (bytes) => {
      const text = decodeUtf8(bytes, name)
      try {
        return fromJsonString(schema, text, readOptions)
      } catch (cause) {
        throw new FormatError('ZK_DECODE_FAILED', name, messageOf(cause), cause)
      }
    },
    encode: (value) => {
      mustBe(name, schema, value)
      try {
        return Buffer.from(toJsonString(schema, value, writeOptions), 'utf8')
      } catch (cause) {
        throw new FormatError('ZK_ENCODE_FAILED', name, messageOf(cause), cause)
      }
    },
  }
}

export function readProto<Desc extends DescMessage>(
  format: string,
  schema: Desc,
  bytes: Uint8Array,
): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes)
  } catch (cause) {
    throw new FormatError('ZK_DECODE_FAILED', format, messageOf(cause), cause)
  }
}

export function writeProto<Desc extends DescMessage>(format: string, schema: Desc, value: MessageShape<Desc>): Buffer {
  mustBe(format, schema, value)
  try {
    return asBuffer(toBinary(schema, value))
  } catch (cause) {
    throw new FormatError('ZK_ENCODE_FAILED', format, messageOf(cause), cause)
  }
}

/** A plain object has no type: fields that are misspelt or left out would be lost without a word. */
function mustBe(format: string, schema: DescMessage, value: unknown): void {
  if (isMessage(value, schema)) return
  const found = isMessage(value) ? `a ${value.$typeName}` : 'no message'
  throw new FormatError(
    'ZK_ENCODE_FAILED',
    format,
    `it is ${found}; make one of type ${schema.typeName} with create() of @bufbuild/protobuf`,
  )
}

/**
 * Node skips what is no base64, and so would read another message: then there are fewer bytes than the text is long for.
 * To look at them is a fraction of what a regular expression over the text costs.
 */
function fromBase64(bytes: Uint8Array): Buffer {
  const text = asBuffer(bytes).toString('latin1').trimEnd()
  const read = Buffer.from(text, 'base64')
  if (read.length !== bytesOf(text) || text.includes('-') || text.includes('_')) {
    throw new FormatError('ZK_DECODE_FAILED', 'proto in base64', 'it is no base64')
  }
  return read
}

/** @returns how many bytes base64 of this length stands for; -1 where there is none. */
function bytesOf(text: string): number {
  let end = text.length
  // Padding is at most two characters, and only at the end.
  for (let i = 0; i < 2 && text.charCodeAt(end - 1) === EQUALS_SIGN; i++) end--
  return end % 4 === 1 ? -1 : Math.floor((end * 3) / 4)
}
