/** The stage of a test file that imports it: opened before the first test, cleared after each, closed after the last. */
import { afterAll, afterEach, beforeAll } from 'vitest'
import { Stage } from './stage.js'

export let stage: Stage
beforeAll(async () => {
  stage = await Stage.open()
})
afterEach(() => stage.clear())
afterAll(() => stage.close())
