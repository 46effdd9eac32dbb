import { defineProcessor } from '@zk/runtime/processor'

interface Place {
  readonly offset: number
}

export default defineProcessor({
  process: async ({ offset }, { log }) => {
    log.info({ place: breakHere({ offset }) }, 'went on')
  },
})

function breakHere(place: Place): string {
  return `at ${place.offset}`
}
