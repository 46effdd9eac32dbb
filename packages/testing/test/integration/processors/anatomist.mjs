/** Logs everything that it can see of a record. */
const text = (bytes) => (bytes === null ? null : bytes.toString())

export default {
  process({ key, value, rawValue, headers, timestamp }, ctx) {
    const { idempotencyKey, virtualPartition } = ctx
    ctx.log.info(
      {
        ...{
          key: text(key),
          value: text(value),
          rawValue: text(rawValue),
          timestamp,
          idempotencyKey,
          virtualPartition,
        },
        headers: [...headers].map(([name, bytes]) => [name, text(bytes)]),
        last: text(headers.get('twice') ?? null),
        every: headers.getAll('twice').map(text),
        missing: typeof headers.get('nobody'),
      },
      'seen',
    )
  },
}
