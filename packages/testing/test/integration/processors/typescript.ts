import { defineProcessor } from '@zk/runtime/processor'

interface Refusal {
  readonly key: string
}

const refused: readonly Refusal[] = [{ key: 'bad' }]

export default defineProcessor({
  setup: ({ log }) => {
    log.info('set up')
  },
  process({ key, value }, { log }) {
    const name = key?.toString()
    if (name === 'loud') console.log('printed by the handler')
    if (refused.some((refusal) => refusal.key === name)) {
      throw new Error('refused by TypeScript')
    }
    log.info({ length: value?.length }, 'handled')
  },
})
