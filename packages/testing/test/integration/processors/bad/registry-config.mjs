export default {
  format: {
    name: 'mine',
    decode: (bytes) => bytes,
    encode: (value) => value,
    open: (host) => void host.registry({ url: 'no url' }),
  },
  process() {},
}
