// @ts-check
/** Fails where the value begins with "fail". */
export default {
  /** @param {{ rawValue: Buffer | null }} message */
  async process({ rawValue }) {
    if (rawValue?.toString('latin1', 0, 4) === 'fail') throw new Error('the value says fail')
  },
}
